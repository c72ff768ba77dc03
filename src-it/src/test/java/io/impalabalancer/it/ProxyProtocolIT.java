package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A real HAProxy in front of the balancer, which tells it of its clients in PROXY headers. */
class ProxyProtocolIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  @RegisterExtension private final Opened opened = new Opened();

  @ParameterizedTest
  @CsvSource({
    "send-proxy, epoll",
    "send-proxy-v2, epoll",
    "send-proxy, channel",
    "send-proxy-v2, channel"
  })
  void theLogNamesTheClientOfHaproxyAndTheCoordinatorSeesNoHeader(String option, String wire)
      throws IOException {
    Path haproxy = Requirement.program("haproxy", "haproxy");
    ServerSocket coordinator =
        opened.keep(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));
    coordinator.setSoTimeout((int) SOON.toMillis());
    int port = FreePort.next();
    BalancerProcess balancer =
        opened.keep(
            BalancerProcess.start(
                """
                impala-balancer {
                  wire = %s
                  coordinators = [{ name = c1, host = "127.0.0.1", ports { hiveserver2 = %d } }]
                  listeners = [{
                    name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2
                    accept-proxy = ["127.0.0.1"], dontlognull = true
                  }]
                  check.type = none
                }
                """
                    .formatted(wire, coordinator.getLocalPort(), port)));
    int front = FreePort.next();
    startHaproxy(haproxy, front, "127.0.0.1:" + port + " " + option + " check inter 100ms");

    // HAProxy's own checks come with a header too (PROXY UNKNOWN, LOCAL), and are not logged.
    InetSocketAddress client = new InetSocketAddress("127.0.0.77", FreePort.next());
    try (Socket socket = new Socket()) {
      socket.bind(client);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), front));
      socket.getOutputStream().write("question".getBytes(StandardCharsets.US_ASCII));
      Socket session = opened.keep(coordinator.accept());
      assertThat(session.getInputStream().readNBytes(8)).asString().isEqualTo("question");
      session.getOutputStream().write('a');
      assertThat(socket.getInputStream().read()).isEqualTo('a');
      session.close();
    }
    Pattern line =
        Pattern.compile(
            Pattern.quote("127.0.0.77:" + client.getPort()) + " \\[.*\\] jdbc jdbc/c1 .*");
    balancer.process().awaitLine("the client", l -> line.matcher(l.text()).matches(), SOON);
    assertThat(balancer.process().lines())
        .extracting(ChildProcess.Line::text)
        .noneMatch(text -> text.startsWith("127.0.0.1:"));
    assertThat(balancer.metric("impala_balancer_sessions_ended_total", "listener=\"jdbc\""))
        .as("the checks were there")
        .isGreaterThan(1);
  }

  @Test
  void withoutHeadersTheLogSaysThatOneSourceHasTheSessions() throws IOException {
    Path haproxy = Requirement.program("haproxy", "haproxy");
    EchoServer echo = opened.keep(new EchoServer());
    int port = FreePort.next();
    BalancerProcess balancer =
        opened.keep(
            BalancerProcess.start(
                """
                impala-balancer {
                  coordinators = [{ name = c1, host = "127.0.0.1", ports { tcp = %d, beeswax = none
                    hiveserver2 = none, hiveserver2-http = none, web = none } }]
                  listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = tcp, balance = source }]
                }
                """
                    .formatted(echo.port(), port)));
    int front = FreePort.next();
    startHaproxy(haproxy, front, "127.0.0.1:" + port);
    for (int i = 0; i < 25; i++) {
      Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), front));
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo('x');
    }
    balancer
        .process()
        .awaitLine(
            "the warning",
            line ->
                line.text().contains(" event=one-source listener=jdbc address=127.0.0.1 ")
                    && line.text().contains("have it send the PROXY header"),
            Duration.ofMinutes(1));
    assertThat(balancer.metric("impala_balancer_listener_top_source_ratio")).isOne();
  }

  private void startHaproxy(Path haproxy, int front, String server) throws IOException {
    Path directory = ChildProcess.newDirectory("haproxy");
    Path config =
        Files.writeString(
            directory.resolve("haproxy.cfg"),
            """
            defaults
              mode tcp
              timeout connect 5s
              timeout client 30s
              timeout server 30s
            listen front
              bind 127.0.0.1:%d
              server balancer %s
            """
                .formatted(front, server));
    opened.keep(
        ChildProcess.start(
            "haproxy",
            directory,
            Map.of(),
            List.of(haproxy.toString(), "-db", "-f", config.toString())));
    Awaitility.await()
        .until(() -> {
          try (Socket probe = new Socket()) {
            probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), front));
            return true;
          } catch (IOException notYet) {
            return false;
          }
        });
  }
}
