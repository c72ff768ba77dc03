package io.impalabalancer.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.LogConfig;
import io.impalabalancer.core.Balancer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The session log on the standard output of a process of its own, which a pipe reads. */
class StandardOutputTest {
  private static final int LINES = 2000;
  private static final String OTHER = "event=other text=\"between the lines of the session log\"";

  @Test
  void linesOfTheSessionLogAndOfOthersStayWhole() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.impalabalancer.metrics.StandardOutputTest$Program")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();

    assertThat(process.waitFor()).isZero();
    List<String> sessions = lines.stream().filter(line -> !line.equals(OTHER)).toList();
    assertThat(sessions).hasSize(LINES).allSatisfy(TcplogFormatTest::matched);
    assertThat(lines).hasSize(2 * LINES);
  }

  /** Ends sessions, and says other things meanwhile. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) throws IOException {
      LogConfig config =
          new LogConfig(
              LogConfig.SessionLog.STDOUT,
              Optional.empty(),
              0,
              1,
              LogConfig.Format.TCPLOG,
              TestBalancer.NO_SYSLOG,
              LINES,
              "info");
      try (Balancer balancer = TestBalancer.withJdbc("");
          SessionLog log = SessionLog.open(config)) {
        FakeSession session = new FakeSession(balancer.listeners().get(0), null);
        for (int i = 0; i < LINES; i++) {
          log.sessionEnded(session);
          System.out.println(OTHER);
        }
      }
    }
  }
}
