package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** From HAProxy's configuration to a session that is served, and what HAProxy itself says. */
class ConvertIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Path CORPUS =
      Path.of(
          "..",
          "balancer-cli",
          "src",
          "test",
          "resources",
          "io",
          "impalabalancer",
          "cli",
          "convert");

  @RegisterExtension private final Opened opened = new Opened();
  @TempDir private Path directory;

  @Test
  void haproxyAcceptsTheModernConfigurationsAndNotTheLegacyOnes() throws IOException {
    Path haproxy = Requirement.program("haproxy", "haproxy");
    try (Stream<Path> modern = Files.list(CORPUS.resolve("modern"));
        Stream<Path> legacy = Files.list(CORPUS.resolve("legacy"))) {
      assertThat(modern.filter(ConvertIT::isConfiguration))
          .isNotEmpty()
          .allSatisfy(file -> assertThat(haproxyCheck(haproxy, file)).isEmpty());
      assertThat(legacy.filter(ConvertIT::isConfiguration))
          .isNotEmpty()
          .allSatisfy(file -> assertThat(haproxyCheck(haproxy, file)).isNotEmpty());
    }
  }

  @Test
  void theSampleOfImpalasDocumentationIsConvertedAndServesUnderItsOldNames() throws Exception {
    int port = FreePort.next();
    try (ServerSocket coordinator = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        DatagramSocket syslog = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      coordinator.setSoTimeout((int) SOON.toMillis());
      syslog.setSoTimeout((int) SOON.toMillis());
      Path sample = directory.resolve("haproxy.cfg");
      Files.writeString(
          sample, localSample(port, coordinator.getLocalPort(), syslog.getLocalPort()));
      Path result = directory.resolve("impala-balancer.conf");

      BalancerProcess.Output said =
          BalancerProcess.program(List.of("convert", sample.toString(), "-o", result.toString()));
      assertThat(said.status()).isZero();
      assertThat(said.text()).contains("stats auth admin:***  -> stats.users");
      assertThat(Files.readString(result)).doesNotContain("sesame");

      opened.keep(BalancerProcess.start(Files.readString(result)));
      exchange(port, coordinator);
      DatagramPacket line = new DatagramPacket(new byte[2048], 2048);
      syslog.receive(line);
      assertThat(new String(line.getData(), 0, line.getLength(), StandardCharsets.US_ASCII))
          .matches(
              "<134>.* impala-balancer\\[\\d+]: .*] impala impala/symbolic_name_1 .* -- .*\\R?");
    }
  }

  /** Its four hosts are this one, of which the first alone is listed. */
  private static String localSample(int port, int serverPort, int syslogPort) throws IOException {
    String sample = Files.readString(CORPUS.resolve("legacy").resolve("impala-sample.cfg"));
    return sample
        .replaceAll("(?m)^ *server symbolic_name_[234678] .*$", "")
        .replace("127.0.0.1 local0", "127.0.0.1:" + syslogPort + " local0")
        .replace(" :25002", " 127.0.0.1:" + FreePort.next())
        .replace(" :25003", " 127.0.0.1:" + port)
        .replace(" :21051", " 127.0.0.1:" + FreePort.next())
        .replace("impala-host-1.example.com:21000", "127.0.0.1:" + serverPort)
        .replace("impala-host-1.example.com:21050", "127.0.0.1:" + FreePort.next());
  }

  private static void exchange(int port, ServerSocket coordinator) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.setSoTimeout((int) SOON.toMillis());
      client.getOutputStream().write('q');
      try (Socket server = coordinator.accept()) {
        server.setSoTimeout((int) SOON.toMillis());
        assertThat(server.getInputStream().read()).isEqualTo('q');
        server.getOutputStream().write('a');
        assertThat(client.getInputStream().read()).isEqualTo('a');
        client.shutdownOutput();
        assertThat(server.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  private static boolean isConfiguration(Path file) {
    return Files.isDirectory(file) || file.toString().endsWith(".cfg");
  }

  /** Returns what HAProxy says of a configuration that it refuses, nothing if it accepts it. */
  private String haproxyCheck(Path haproxy, Path file) {
    try (ChildProcess process =
        ChildProcess.start(
            "haproxy",
            ChildProcess.newDirectory("haproxy-check"),
            Map.of("COORDINATOR_1", "10.0.1.1", "COORDINATOR_2", "10.0.1.2"),
            List.of(haproxy.toString(), "-c", "-f", file.toAbsolutePath().toString()))) {
      return process.awaitExit(SOON) == 0
          ? ""
          : file + ": " + process.lines().stream().map(ChildProcess.Line::text).toList();
    }
  }
}
