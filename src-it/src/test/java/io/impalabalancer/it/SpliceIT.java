package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Bulk goes through pipes of the kernel, and arrives as it was sent. */
class SpliceIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final byte[] CHUNK = new byte[1 << 20];
  private static final int CHUNKS = 256;
  private static final long ANSWER_BYTES = (long) CHUNKS * CHUNK.length;
  private static final String SPLICED = "impala_balancer_spliced_bytes_total";

  /** A splice into or out of a pipe, as strace prints it, with how much it moved. */
  private static final Pattern MOVED = Pattern.compile("splice\\(.*\\) = (\\d+)$");

  @RegisterExtension private final Opened opened = new Opened();
  private ServerSocket coordinator;

  static {
    new Random(3).nextBytes(CHUNK);
  }

  @BeforeEach
  void startCoordinator() throws IOException {
    coordinator = opened.keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    Thread thread = new Thread(() -> answer(coordinator), "coordinator");
    thread.setDaemon(true);
    thread.start();
  }

  /** Answers each byte that somebody says with the whole answer, one client after the other. */
  private static void answer(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        while (client.getInputStream().read() >= 0) {
          for (int i = 0; i < CHUNKS; i++) {
            client.getOutputStream().write(CHUNK);
          }
        }
      } catch (IOException ended) {
        // The test sees what came of it.
      }
    }
  }

  private String config(int port, String settings) {
    return """
    impala-balancer {
      coordinators = [{ name = c1, host = 127.0.0.1, ports {
        hiveserver2 = %d, beeswax = none, hiveserver2-http = none, web = none } }]
      listeners = [{ name = l, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
      check { type = none }
      threads = 1
      %s
    }
    """
        .formatted(coordinator.getLocalPort(), port, settings);
  }

  private static Socket connect(int port) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
    client.setSoTimeout((int) TIMEOUT.toMillis());
    return client;
  }

  /** Asks once, and finds the answer to be what the coordinator sent. */
  private static void fetch(Socket client) throws IOException {
    client.getOutputStream().write('x');
    CRC32 actual = new CRC32();
    CRC32 expected = new CRC32();
    InputStream in = client.getInputStream();
    for (int i = 0; i < CHUNKS; i++) {
      byte[] chunk = in.readNBytes(CHUNK.length);
      actual.update(chunk);
      expected.update(CHUNK);
    }
    assertThat(actual.getValue()).isEqualTo(expected.getValue());
  }

  @Test
  void bulkIsSplicedAndCounted() throws Exception {
    int port = FreePort.next();
    try (BalancerProcess balancer = BalancerProcess.start(config(port, ""));
        Socket client = connect(port)) {
      fetch(client);
      assertThat(balancer.metric(SPLICED)).isBetween(ANSWER_BYTES / 2.0, (double) ANSWER_BYTES);
      assertThat(
              balancer.metric(
                  "impala_balancer_session_relayed_bytes_total", "direction=\"to-client\""))
          .isEqualTo((double) ANSWER_BYTES);
    }
  }

  @Test
  void withoutPipesNothingIsSpliced() throws Exception {
    int port = FreePort.next();
    try (BalancerProcess balancer = BalancerProcess.start(config(port, "maxpipes = 0"));
        Socket client = connect(port)) {
      fetch(client);
      assertThat(balancer.metric(SPLICED)).isZero();
    }
  }

  @Test
  void theKernelMovesMoreAtOnceThanAPipeHoldsUnlessItIsEnlarged() throws Exception {
    Path strace = Requirement.program("strace", "strace");
    int port = FreePort.next();
    try (BalancerProcess balancer = BalancerProcess.start(config(port, ""));
        ChildProcess trace =
            ChildProcess.start(
                "strace",
                ChildProcess.newDirectory("strace"),
                Map.of(),
                List.of(
                    strace.toString(),
                    "-f",
                    "-e",
                    "trace=splice",
                    "-p",
                    Long.toString(balancer.process().pid())))) {
      trace.awaitLine("attached", line -> line.text().contains("attached"), TIMEOUT);
      try (Socket client = connect(port)) {
        fetch(client);
      }
      trace.signal("INT");
      trace.awaitExit(TIMEOUT);
      List<Long> moved =
          trace.lines().stream()
              .flatMap(line -> MOVED.matcher(line.text()).results())
              .map((MatchResult move) -> Long.valueOf(move.group(1)))
              .toList();
      assertThat(moved.stream().mapToLong(Long::longValue).sum()).isGreaterThan(ANSWER_BYTES);
      long most = moved.stream().mapToLong(Long::longValue).max().orElse(0);
      if (Runtime.version().feature() >= 22) {
        assertThat(most).isBetween(64 * 1024 + 1L, 1024 * 1024L);
      } else {
        assertThat(most).isEqualTo(64 * 1024L);
      }
    }
  }
}
