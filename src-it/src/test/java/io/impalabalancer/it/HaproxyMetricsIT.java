package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The same sessions through real HAProxy and through the balancer: the same series and numbers. */
class HaproxyMetricsIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int SESSIONS = 7;
  private static final Pattern TYPE =
      Pattern.compile("# TYPE (haproxy_(?:frontend|backend|server)_\\w+) (\\w+)");
  private static final Pattern SAMPLE =
      Pattern.compile("(haproxy_(?:frontend|backend|server)_\\w+\\{proxy=\"jdbc\".*}) (\\S+)");

  /** What is equal after the same sessions. */
  private static final Pattern EQUAL =
      Pattern.compile(
          "haproxy_(?:frontend|backend|server)_(sessions_total|connections_total|bytes_in_total|bytes_out_total"
              + "|current_sessions|current_queue|max_queue|connection_errors_total"
              + "|retry_warnings_total|redispatch_warnings_total|loadbalanced_total|status"
              + "|active_servers|backup_servers|check_status|check_failures_total"
              + "|client_aborts_total|server_aborts_total|agg_\\w+)\\{.*");

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void theSameSessionsGiveTheSameSeries() throws Exception {
    Path haproxy = Requirement.of(onPath(), "haproxy (Debian's package haproxy)");
    int peerPort = FreePort.next();
    int peerStats = FreePort.next();
    int port = FreePort.next();
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      serve(server);
      Map<String, String> expected;
      Map<String, String> expectedTypes = new TreeMap<>();
      try (ChildProcess peer = startHaproxy(haproxy, peerPort, peerStats, server.getLocalPort())) {
        URI page = URI.create("http://127.0.0.1:" + peerStats + "/metrics");
        await().atMost(SOON).ignoreExceptions().until(() -> get(page).contains("jdbc"));
        assertThat(peer.lines()).noneSatisfy(line -> assertThat(line.text()).contains("ALERT"));
        expected = runAndScrape(peerPort, page, expectedTypes);
      }
      try (BalancerProcess balancer =
          BalancerProcess.start(
              """
              impala-balancer {
                coordinator-defaults.ports { beeswax = none, hiveserver2-http = none, web = none }
                coordinators = [
                  { name = c1, host = 127.0.0.1, ports.hiveserver2 = %1$d, maxconn = 10 }
                  { name = c2, host = 127.0.0.1, ports.hiveserver2 = 1, state = maint }
                ]
                listeners = [{ name = jdbc, bind = "127.0.0.1:%2$d", protocol = hiveserver2 }]
                check.type = tcp
                stats.haproxy-metrics = true
              }
              """
                  .formatted(server.getLocalPort(), port))) {
        Map<String, String> types = new TreeMap<>();
        Map<String, String> actual =
            runAndScrape(port, URI.create(balancer.url("/metrics")), types);
        Set<String> missing = new TreeSet<>(expected.keySet());
        missing.removeAll(actual.keySet());
        assertThat(missing).as("series that HAProxy has and the balancer has not").isEmpty();
        Set<String> surplus = new TreeSet<>(actual.keySet());
        surplus.removeAll(expected.keySet());
        assertThat(surplus).as("series that only the balancer has").isEmpty();
        expectedTypes.keySet().retainAll(types.keySet());
        assertThat(types).isEqualTo(expectedTypes);
        expected.keySet().removeIf(key -> !EQUAL.matcher(key).matches());
        actual.keySet().removeIf(key -> !EQUAL.matcher(key).matches());
        assertThat(expected).hasSizeGreaterThan(50);
        assertThat(actual).isEqualTo(expected);
      }
    }
  }

  private Map<String, String> runAndScrape(int port, URI page, Map<String, String> types)
      throws Exception {
    String up = "haproxy_server_status{proxy=\"jdbc\",server=\"c1\",state=\"UP\"} 1";
    await().atMost(SOON).until(() -> get(page).contains(up));
    for (int i = 0; i < SESSIONS; i++) {
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        client.getOutputStream().write(new byte[100 + i]);
        client.shutdownOutput();
        assertThat(client.getInputStream().readAllBytes()).hasSize(100 + i);
      }
    }
    String idle = "haproxy_server_current_sessions{proxy=\"jdbc\",server=\"c1\"} 0";
    await().atMost(SOON).until(() -> get(page).contains(idle));
    Map<String, String> samples = new TreeMap<>();
    for (String line : get(page).lines().toList()) {
      Matcher type = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (type.matches()) {
        types.put(type.group(1), type.group(2));
      } else if (sample.matches()) {
        samples.put(sample.group(1), sample.group(2));
      }
    }
    return samples;
  }

  private String get(URI page) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(page).timeout(SOON).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** Gives every client back what it says. */
  private static void serve(ServerSocket server) {
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                try (Socket client = server.accept()) {
                  client.getInputStream().transferTo(client.getOutputStream());
                } catch (IOException ended) {
                  if (server.isClosed()) {
                    return;
                  }
                }
              }
            },
            "echo");
    thread.setDaemon(true);
    thread.start();
  }

  private static ChildProcess startHaproxy(Path haproxy, int port, int stats, int server)
      throws IOException {
    Path directory = ChildProcess.newDirectory("haproxy");
    Path file = directory.resolve("haproxy.cfg");
    Files.writeString(
        file,
        """
        global
          maxconn 1000
        defaults
          mode tcp
          timeout connect 5s
          timeout client 10s
          timeout server 10s
        listen jdbc
          bind 127.0.0.1:%d
          balance leastconn
          server c1 127.0.0.1:%d check maxconn 10
          server c2 127.0.0.1:1 check disabled
        frontend prometheus
          mode http
          bind 127.0.0.1:%d
          http-request use-service prometheus-exporter
        """
            .formatted(port, server, stats));
    return ChildProcess.start(
        "haproxy", directory, Map.of(), List.of(haproxy.toString(), "-db", "-f", file.toString()));
  }

  private static Optional<Path> onPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(directory -> Path.of(directory, "haproxy"))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
