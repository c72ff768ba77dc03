package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the packaged program prints, held against the files in {@code golden}. */
class GoldenIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Path GOLDEN = Path.of("src", "test", "resources", "golden");

  @Test
  void aBadConfigurationIsExplained() throws IOException {
    String file = GOLDEN.resolve("bad.conf").toAbsolutePath().toString();
    BalancerProcess.Output said = BalancerProcess.program(List.of("check", "-c", file));
    assertThat(said.status()).isEqualTo(1);
    hold("bad.txt", said.text().replace(GOLDEN.toAbsolutePath() + "/", "") + "\n");
  }

  @Test
  void aSessionsLineAndAScrape() throws Exception {
    int port = FreePort.next();
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        BalancerProcess balancer =
            BalancerProcess.start(
                """
                impala-balancer {
                  coordinators = [{ name = impala-1, host = 127.0.0.1, ports {
                    hiveserver2 = %d, beeswax = none, hiveserver2-http = none, web = none } }]
                  listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
                  check { type = none }
                  log { sessions = stdout }
                }
                """
                    .formatted(server.getLocalPort(), port))) {
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        client.getOutputStream().write("question".getBytes(StandardCharsets.UTF_8));
        try (Socket coordinator = server.accept()) {
          coordinator.getInputStream().readNBytes(8);
          coordinator.getOutputStream().write("an answer".getBytes(StandardCharsets.UTF_8));
        }
        client.getInputStream().readAllBytes();
      }
      ChildProcess.Line line =
          balancer
              .process()
              .awaitLine("the line", each -> each.text().contains("completed"), TIMEOUT);
      hold(
          "session.txt",
          line.text()
                  .replaceFirst(":\\d+ \\[[^]]+]", ":PORT [DATE]")
                  .replaceFirst(" \\d+/\\d+/\\d+ ", " Tw/Tc/Tt ")
              + "\n");
      hold("scrape.txt", series(balancer.get("/metrics").body()));
    }
  }

  /** Returns a scrape without what differs from run to run and from Java to Java. */
  private static String series(String scrape) {
    return scrape
            .lines()
            .filter(line -> !line.contains("_jvm_"))
            .map(line ->
                line.startsWith("#") || line.matches(".*(sessions|bytes)[a-z_]*\\{.*")
                    ? line
                    : line.replaceFirst(" \\S+$", " VALUE"))
            .map(line -> line.replaceFirst("\\{java=.*}", "{java=\"JAVA\",version=\"VERSION\"}"))
            .map(line -> line.replaceFirst("\\{hash=.*}", "{hash=\"HASH\"}"))
            .collect(Collectors.joining("\n"))
        + "\n";
  }

  private static void hold(String name, String actual) throws IOException {
    Path file = GOLDEN.resolve(name);
    if (Boolean.getBoolean("golden.update")) {
      Files.writeString(file, actual);
    }
    assertThat(actual).as(name).isEqualTo(Files.readString(file));
  }
}
