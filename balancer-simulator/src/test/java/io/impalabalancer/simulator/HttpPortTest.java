package io.impalabalancer.simulator;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TIOStreamTransport;
import org.apache.thrift.transport.TMemoryInputTransport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HiveServer2 over HTTP as Impala serves it: logins, cookies, OPTIONS and what is not answered. */
class HttpPortTest {
  private @Nullable SimulatedCoordinator started;

  @AfterEach
  void close() {
    if (started != null) {
      started.close();
    }
  }

  private SimulatedCoordinator start(Authentication authentication) throws Exception {
    SimulatedCoordinator coordinator =
        SimulatedCoordinator.start(
            "impala-1", SimulatorOptions.builder().authentication(authentication).build());
    started = coordinator;
    return coordinator;
  }

  private HttpResponse<byte[]> openSession(SimulatedCoordinator coordinator, String... headers)
      throws Exception {
    ByteArrayOutputStream call = new ByteArrayOutputStream();
    new TCLIService.Client(new TBinaryProtocol(new TIOStreamTransport(call)))
        .send_OpenSession(new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:"
                        + coordinator.hiveserver2HttpPort()
                        + "/cliservice?doAs=bob"))
            .timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofByteArray(call.toByteArray()));
    if (headers.length > 0) {
      request.headers(headers);
    }
    // A client of its own: the connection of the last one may have died with its coordinator.
    return HttpClient.newHttpClient()
        .send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static String basic(String login) {
    return "Basic " + Base64.getEncoder().encodeToString(login.getBytes(UTF_8));
  }

  @Test
  void aLoginGivesACookieThatIsGoodForTheNextCallAndOnThisCoordinatorOnly() throws Exception {
    SimulatedCoordinator coordinator = start(Authentication.PLAIN);
    HttpResponse<byte[]> first = openSession(coordinator, "Authorization", basic("alice:secret"));
    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(first.headers().firstValue("Content-Type")).contains("application/x-thrift");
    TBinaryProtocol reply = new TBinaryProtocol(new TMemoryInputTransport(first.body()));
    reply.readMessageBegin();
    TCLIService.OpenSession_result result = new TCLIService.OpenSession_result();
    result.read(reply);
    assertThat(result.getSuccess()).isNotNull();
    assertThat(result.getSuccess().isSetSessionHandle()).isTrue();
    String given = first.headers().firstValue("Set-Cookie").orElseThrow();
    assertThat(given)
        .matches("impala\\.auth=[\\w=-]+&u=alice&t=\\d+&r=\\d+;HttpOnly;Max-Age=86400;Secure");
    String cookie = given.split(";", 2)[0];
    HttpResponse<byte[]> second = openSession(coordinator, "Cookie", cookie);
    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(second.headers().firstValue("Set-Cookie")).isEmpty();

    String forged = "impala.auth=x&u=alice&t=" + "9".repeat(30) + "&r=1";
    assertThat(openSession(coordinator, "Cookie", forged).statusCode()).isEqualTo(401);

    coordinator.restart();
    HttpResponse<byte[]> third = openSession(coordinator, "Cookie", cookie);
    assertThat(third.statusCode()).isEqualTo(401);
    assertThat(third.headers().firstValue("Set-Cookie"))
        .contains("impala.auth=;HttpOnly;Max-Age=0");
    assertThat(coordinator.counts().hiveserver2Http().loginFailures()).isEqualTo(2);
    assertThat(coordinator.counts().hiveserver2Http().rpcs()).isEqualTo(2);
  }

  @Test
  void whoDoesNotLogInIsRefusedAndTheConnectionClosed() throws Exception {
    HttpResponse<byte[]> refused = openSession(start(Authentication.PLAIN));
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Basic");
    assertThat(refused.headers().firstValue("Connection")).contains("close");
  }

  @Test
  void withoutAuthenticationEverybodyMayCall() throws Exception {
    SimulatedCoordinator coordinator = start(Authentication.NOSASL);
    assertThat(openSession(coordinator).statusCode()).isEqualTo(200);
    assertThat(coordinator.counts().sessionsNow()).isEqualTo(1);
  }

  private static Socket send(SimulatedCoordinator coordinator, String request) throws Exception {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), coordinator.hiveserver2HttpPort());
    socket.setSoTimeout(10_000);
    socket.getOutputStream().write(request.getBytes(US_ASCII));
    return socket;
  }

  @Test
  void optionsIsAnsweredBeforeAnyLoginAndRefusedAfterIt() throws Exception {
    SimulatedCoordinator coordinator = start(Authentication.PLAIN);
    try (Socket socket = send(coordinator, "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n")) {
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      answer = answer.toLowerCase(Locale.ROOT);
      assertThat(answer)
          .startsWith("http/1.1 200 ok\r\n")
          .contains("access-control-allow-methods: post, options\r\n");
    }
    await().until(() -> coordinator.counts().hiveserver2Http().connectionsNow() == 0);
    assertThat(coordinator.counts().hiveserver2Http().setupFailures()).isZero();
  }

  @Test
  void anotherMethodIsNotAnswered() throws Exception {
    try (Socket socket = send(start(Authentication.ANY), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }
}
