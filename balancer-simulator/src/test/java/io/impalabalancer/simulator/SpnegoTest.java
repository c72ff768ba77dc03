package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.util.Base64;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import org.apache.kerby.kerberos.kerb.server.SimpleKdcServer;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The web pages behind SPNEGO, with a key distribution center of Apache Kerby. */
class SpnegoTest {
  private static final String REALM = "EXAMPLE.COM";
  private static final String WEB = "HTTP/localhost@" + REALM;
  private static final String USER = "balancer@" + REALM;

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void aTicketLetsTheUserIn(@TempDir Path directory) throws Exception {
    SimpleKdcServer kdc = new SimpleKdcServer();
    kdc.setKdcHost("localhost");
    kdc.setKdcRealm(REALM);
    kdc.setKdcTcpPort(freePort());
    kdc.setAllowUdp(false);
    kdc.setWorkDir(directory.toFile());
    kdc.init();
    String before = System.setProperty("java.security.krb5.conf", directory + "/krb5.conf");
    kdc.start();
    try {
      File webKeytab = directory.resolve("web.keytab").toFile();
      File userKeytab = directory.resolve("user.keytab").toFile();
      kdc.createPrincipal(WEB, "web's");
      kdc.exportPrincipal(WEB, webKeytab);
      kdc.createPrincipal(USER, "user's");
      kdc.exportPrincipal(USER, userKeytab);
      SimulatorOptions options =
          SimulatorOptions.builder()
              .webProtection(new WebProtection.Spnego(WEB, webKeytab.toPath()))
              .build();
      try (SimulatedCoordinator coordinator = SimulatedCoordinator.start("impala-1", options)) {
        HttpResponse<String> refused = get(coordinator, "Accept", "*/*");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Negotiate");
        assertThat(get(coordinator, "Authorization", "Negotiate AAAA").statusCode()).isEqualTo(401);
        HttpResponse<String> page =
            get(coordinator, "Authorization", "Negotiate " + token(userKeytab));
        assertThat(page.body()).contains("\"is_coordinator\"");
        assertThat(page.headers().firstValue("Set-Cookie").orElse("")).contains("&u=" + USER + "&");
      }
    } finally {
      kdc.stop();
      if (before == null) {
        System.clearProperty("java.security.krb5.conf");
      }
    }
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private HttpResponse<String> get(SimulatedCoordinator coordinator, String name, String value)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(coordinator.webUrl() + "/?json"))
            .header(name, value)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String token(File keytab) throws Exception {
    Configuration configuration =
        new Configuration() {
          @Override
          public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
            return new AppConfigurationEntry[] {
              new AppConfigurationEntry(
                  "com.sun.security.auth.module.Krb5LoginModule",
                  AppConfigurationEntry.LoginModuleControlFlag.REQUIRED,
                  Map.of(
                      "useKeyTab",
                      "true",
                      "keyTab",
                      keytab.getPath(),
                      "principal",
                      USER,
                      "doNotPrompt",
                      "true"))
            };
          }
        };
    LoginContext login = new LoginContext("client", new Subject(), null, configuration);
    login.login();
    PrivilegedExceptionAction<byte[]> initiate =
        () -> {
          GSSManager manager = GSSManager.getInstance();
          GSSContext context =
              manager.createContext(
                  manager.createName("HTTP@localhost", GSSName.NT_HOSTBASED_SERVICE),
                  new Oid("1.3.6.1.5.5.2"),
                  null,
                  GSSContext.DEFAULT_LIFETIME);
          return context.initSecContext(new byte[0], 0, 0);
        };
    return Base64.getEncoder().encodeToString(Subject.doAs(login.getSubject(), initiate));
  }
}
