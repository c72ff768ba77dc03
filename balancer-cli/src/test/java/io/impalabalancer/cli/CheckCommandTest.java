package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CheckCommandTest {
  private static final String VALID =
      """
      impala-balancer {
        coordinators = [{ name = c1, host = "127.0.0.1" }, { name = c2, host = "127.0.0.2" }]
        listeners = [{ name = impala, bind = "127.0.0.1:%d", protocol = beeswax }]
        maxconn = 10
        stats.bind = none
      }
      """;

  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("b.conf");
  }

  @Test
  void aValidConfigurationIsSaidToBeValid() throws IOException {
    assertThat(check(VALID.formatted(25003))).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).isEqualTo("configuration is valid\n");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void everyProblemIsNumberedWithItsPlaceAndCounted() throws IOException {
    String text =
        VALID.formatted(25003).replace("maxconn = 10", "threads = -1").replace("beeswax", "bees");
    assertThat(check(text)).isEqualTo(ExitStatus.CONFIGURATION);
    assertThat(err.toString().lines().toList())
        .hasSize(3)
        .satisfies(lines -> assertThat(lines.get(0)).startsWith("1. " + file + ":3: "))
        .satisfies(lines -> assertThat(lines.get(1)).startsWith("2. " + file + ":4: "))
        .satisfies(lines -> assertThat(lines.get(2)).isEqualTo("2 problems"));
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void aMissingFileIsAProblem() {
    assertThat(run("-c", file.toString())).isEqualTo(ExitStatus.CONFIGURATION);
    assertThat(err.toString()).startsWith("1. " + file).endsWith("1 problem\n");
  }

  @Test
  void aWarningIsNumberedAndTheConfigurationIsValid() throws IOException {
    String text = VALID.formatted(25003).replace(", { name = c2, host = \"127.0.0.2\" }", "");
    assertThat(check(text)).isEqualTo(ExitStatus.OK);
    assertThat(err.toString()).startsWith("1. " + file).endsWith("1 warning\n");
    assertThat(out.toString()).isEqualTo("configuration is valid\n");
  }

  @Test
  void printShowsWhatIsInForce() throws IOException {
    assertThat(check(VALID.formatted(25003), "--print")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).contains("maxconn = 10  # origin: " + file + ":4");
  }

  @Test
  void hereWarnsOfAnAddressInUseAndOfAHostThatDoesNotResolve() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String text = VALID.formatted(other.getLocalPort()).replace("127.0.0.2", "no-such.invalid");
      assertThat(check(text, "--here")).isEqualTo(ExitStatus.OK);
      assertThat(err.toString())
          .contains("1. coordinator c2: warning: its host no-such.invalid does not resolve")
          .contains(
              "2. listener impala: warning: cannot bind 127.0.0.1:" + other.getLocalPort() + " ")
          .endsWith("2 warnings\n");
    }
  }

  @Test
  void hereWarnsOfTooFewDescriptors() throws IOException {
    String text = VALID.formatted(0).replace("maxconn = 10", "maxconn = 10000000");
    assertThat(check(text, "--here")).isEqualTo(ExitStatus.OK);
    assertThat(err.toString())
        .containsPattern("1\\. maxconn: warning: this process may open \\d+ files, but 10000000 ");
  }

  @Test
  void withoutHereTheMachineIsNotAsked() throws IOException {
    String text = VALID.formatted(25003).replace("127.0.0.2", "no-such.invalid");
    assertThat(check(text)).isEqualTo(ExitStatus.OK);
    assertThat(err.toString()).isEmpty();
  }

  private int check(String text, String... options) throws IOException {
    Files.writeString(file, text);
    String[] arguments = new String[options.length + 2];
    arguments[0] = "-c";
    arguments[1] = file.toString();
    System.arraycopy(options, 0, arguments, 2, options.length);
    return run(arguments);
  }

  private int run(String... arguments) {
    return new CommandLine(new CheckCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
