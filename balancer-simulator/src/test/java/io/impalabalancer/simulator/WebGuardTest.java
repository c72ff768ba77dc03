package io.impalabalancer.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What protects the web pages, and that counts and orders stay open. */
class WebGuardTest {
  private static final String PASSWORD = "changeit";

  private final HttpClient http = HttpClient.newHttpClient();

  private static SimulatedCoordinator start(WebProtection protection) throws Exception {
    return SimulatedCoordinator.start(
        "impala-1", SimulatorOptions.builder().webProtection(protection).build());
  }

  private HttpResponse<String> get(SimulatedCoordinator coordinator, String path, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(coordinator.webUrl() + path))
            .timeout(Duration.ofSeconds(10));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String basic(String login) {
    return "Basic " + Base64.getEncoder().encodeToString(login.getBytes(UTF_8));
  }

  @Test
  void basicLetsTheUserInAndGivesACookie() throws Exception {
    try (SimulatedCoordinator coordinator = start(new WebProtection.Basic("web", "secret"))) {
      HttpResponse<String> refused = get(coordinator, "/?json");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Basic");
      assertThat(get(coordinator, "/?json", "Authorization", basic("web:wrong")).statusCode())
          .isEqualTo(401);
      HttpResponse<String> page = get(coordinator, "/?json", "Authorization", basic("web:secret"));
      assertThat(page.body()).contains("\"is_coordinator\"");
      String cookie = page.headers().firstValue("Set-Cookie").orElseThrow().split(";", 2)[0];
      assertThat(get(coordinator, "/?json", "Cookie", cookie).statusCode()).isEqualTo(200);
      assertThat(get(coordinator, "/counts").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void digestLetsTheUserIn() throws Exception {
    try (SimulatedCoordinator coordinator = start(new WebProtection.Digest("web", "secret"))) {
      HttpResponse<String> refused = get(coordinator, "/?json");
      assertThat(refused.statusCode()).isEqualTo(401);
      String challenge = refused.headers().firstValue("WWW-Authenticate").orElseThrow();
      Matcher nonce =
          Pattern.compile("Digest qop=\"auth\", realm=\"mydomain.com\", nonce=\"(\\d+)\"")
              .matcher(challenge);
      assertThat(nonce.matches()).as(challenge).isTrue();
      assertThat(
              get(coordinator, "/?json", "Authorization", digest(nonce.group(1), "secret")).body())
          .contains("\"is_coordinator\"");
      assertThat(
              get(coordinator, "/?json", "Authorization", digest(nonce.group(1), "wrong"))
                  .statusCode())
          .isEqualTo(401);
    }
  }

  private static String digest(String nonce, String password) throws Exception {
    String response =
        md5(
            String.join(
                ":",
                md5("web:mydomain.com:" + password),
                nonce,
                "00000001",
                "0a",
                "auth",
                md5("GET:/?json")));
    return "Digest username=\"web\", realm=\"mydomain.com\", nonce=\""
        + nonce
        + "\", uri=\"/?json\", qop=auth, nc=00000001, cnonce=\"0a\", response=\""
        + response
        + "\"";
  }

  private static String md5(String text) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(text.getBytes(UTF_8)));
  }

  @Test
  void tlsIsSpoken(@TempDir Path directory) throws Exception {
    Path keystore = directory.resolve("web.p12");
    Process keytool =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "web",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=localhost",
                    "-ext",
                    "san=ip:127.0.0.1",
                    "-storetype",
                    "PKCS12",
                    "-keystore",
                    keystore.toString(),
                    "-storepass",
                    PASSWORD))
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance(keystore.toFile(), PASSWORD.toCharArray());
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD.toCharArray());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    try (SimulatedCoordinator coordinator =
        SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().webTls(tls).build())) {
      assertThat(coordinator.webUrl()).startsWith("https://");
      HttpResponse<String> page =
          HttpClient.newBuilder()
              .sslContext(tls)
              .build()
              .send(
                  HttpRequest.newBuilder(URI.create(coordinator.webUrl() + "/healthz")).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(page.body()).isEqualTo("OK");
    }
  }

  @Test
  void optionsNeedNoLogin() throws Exception {
    try (SimulatedCoordinator coordinator = start(new WebProtection.Basic("web", "secret"))) {
      HttpResponse<String> options =
          http.send(
              HttpRequest.newBuilder(URI.create(coordinator.webUrl() + "/"))
                  .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(options.statusCode()).isEqualTo(200);
      assertThat(options.headers().firstValue("Allow")).contains("GET, POST, HEAD, OPTIONS");
    }
  }
}
