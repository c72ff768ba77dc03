package io.impalabalancer.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.config.LogConfig;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a session through a real balancer leaves in metrics and log. */
class RealSessionTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  @TempDir private Path directory;

  @Test
  void aSessionThatFoundItsCoordinatorAtTheSecondAttempt() throws Exception {
    Path file = directory.resolve("sessions.log");
    LogConfig logConfig =
        new LogConfig(
            LogConfig.SessionLog.FILE,
            Optional.of(file),
            0,
            1,
            LogConfig.Format.TCPLOG,
            TestBalancer.NO_SYSLOG,
            100,
            "info");
    try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK);
        Balancer balancer = balancer(closedPort(), server.getLocalPort());
        SessionLog log = SessionLog.open(logConfig);
        BalancerMetrics metrics = new BalancerMetrics(balancer, "1.2.3", log::dropped)) {
      balancer.addListener(metrics);
      balancer.addListener(log);
      balancer.coordinators().forEach(c -> c.setStatus(Coordinator.Status.UP, "test"));
      await().until(balancer.coordinators().get(1)::address, a -> a != null);
      balancer.open();

      int port = balancer.listeners().get(0).addresses().get(0).getPort();
      try (Socket client = new Socket(LOOPBACK, port)) {
        client.getOutputStream().write(new byte[5]);
        try (Socket coordinator = server.accept()) {
          coordinator.getInputStream().readNBytes(5);
          coordinator.getOutputStream().write(new byte[7]);
          client.getInputStream().readNBytes(7);
          assertThat(metrics.scrape(null).text())
              .contains(
                  "impala_balancer_sessions{coordinator=\"c1\",listener=\"l\"} 0.0\n",
                  "impala_balancer_sessions{coordinator=\"c2\",listener=\"l\"} 1.0\n",
                  "impala_balancer_coordinator_sessions{coordinator=\"c2\"} 1.0\n",
                  "impala_balancer_listener_sessions{listener=\"l\"} 1.0\n");
          client.shutdownOutput();
          assertThat(coordinator.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(client.getInputStream().read()).isEqualTo(-1);
      }
      await().until(() -> balancer.sessions() == 0);

      String onC1 = "{coordinator=\"c1\",listener=\"l\"} ";
      String onC2 = "{coordinator=\"c2\",listener=\"l\"} ";
      String c2 = "{coordinator=\"c2\",";
      assertThat(metrics.scrape(null).text())
          .contains(
              "impala_balancer_listener_accepted_connections_total{listener=\"l\"} 1.0\n",
              "impala_balancer_sessions" + onC2 + "0.0\n",
              "impala_balancer_sessions_peak" + onC2 + "1.0\n",
              "impala_balancer_sessions_assigned_total" + onC2 + "1.0\n",
              "impala_balancer_session_connect_seconds_count" + onC2 + "1\n",
              "impala_balancer_session_duration_seconds_count" + onC2 + "1\n",
              "impala_balancer_session_retries_total" + onC1 + "1.0\n",
              "impala_balancer_session_connect_errors_total" + onC1 + "1.0\n",
              "impala_balancer_coordinator_connect_errors_total"
                  + "{coordinator=\"c1\",protocol=\"tcp\",reason=\"refused\"} 1.0\n",
              "impala_balancer_sessions_ended_total"
                  + c2
                  + "listener=\"l\",termination=\"completed\"} 1.0\n",
              "impala_balancer_session_relayed_bytes_total"
                  + c2
                  + "direction=\"to-coordinator\",listener=\"l\"} 5.0\n",
              "impala_balancer_session_relayed_bytes_total"
                  + c2
                  + "direction=\"to-client\",listener=\"l\"} 7.0\n",
              "impala_balancer_buffer_held_bytes 0.0\n");
    }
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(1);
    TcplogFormatTest.matched(lines.get(0));
    assertThat(lines.get(0)).contains(" l l/second ").endsWith(" 7 -- 1/1/0/0/+1 0/0 completed");
  }

  private static Balancer balancer(int firstPort, int secondPort) {
    String ports =
        "beeswax = none, hiveserver2 = none, hiveserver2-http = none, web = none, tcp = ";
    return TestBalancer.of(
        """
        coordinators = [
          { name = c1, host = 127.0.0.1, ports { %s%d } }
          { name = c2, host = 127.0.0.1, ports { %s%d } }
        ]
        listeners = [{
          name = l, bind = "127.0.0.1:0", protocol = tcp, balance = first
          aliases { c2 = second }
        }]
        """
            .formatted(ports, firstPort, ports, secondPort));
  }

  private static int closedPort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, LOOPBACK)) {
      return probe.getLocalPort();
    }
  }
}
