package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
  private static final String LISTEN =
      "listen jdbc\n bind *:21051\n server a 10.0.1.1:21050\n server b 10.0.1.2:21050\n";

  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path input;
  private Path output;

  @BeforeEach
  void write() throws IOException {
    input = Files.writeString(directory.resolve("haproxy.cfg"), LISTEN);
    output = directory.resolve("b.conf");
  }

  @Test
  void theResultGoesToStandardOutputAndTheListsBesideIt() {
    assertThat(run(input.toString())).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).startsWith("# From " + input).contains("protocol = hiveserver2");
    assertThat(err.toString()).contains("Carried over (4)\n", "Not supported (0)\n");
  }

  @Test
  void whatIsWrittenPassesCheck() {
    assertThat(run(input.toString(), "-o", output.toString())).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).endsWith("written to " + output + "\n");
    assertThat(
            Main.run(new PrintWriter(out), new PrintWriter(err), "check", "-c", output.toString()))
        .isEqualTo(ExitStatus.OK);
  }

  @Test
  void aFileThatExistsIsOverwrittenByForceOnly() throws IOException {
    Files.writeString(output, "mine");
    assertThat(run(input.toString(), "-o", output.toString())).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString()).contains(output + " exists; --force overwrites it");
    assertThat(output).hasContent("mine");
    assertThat(run(input.toString(), "-o", output.toString(), "--force")).isEqualTo(ExitStatus.OK);
    assertThat(output).content().contains("jdbc");
  }

  @Test
  void nothingIsWrittenWhenALineIsWrong() throws IOException {
    Files.writeString(input, LISTEN + " timeout client soon\n");
    assertThat(run(input.toString(), "-o", output.toString())).isEqualTo(ExitStatus.CONFIGURATION);
    assertThat(err.toString())
        .contains("1. " + input + ":5: found \"soon\", expected a time")
        .endsWith("1 problem\nnothing was written\n");
    assertThat(output).doesNotExist();
  }

  @Test
  void aFileThatIsMissingIsNamed() {
    assertThat(run(directory.resolve("no.cfg").toString())).isEqualTo(ExitStatus.CONFIGURATION);
    assertThat(err.toString()).contains("cannot read " + directory.resolve("no.cfg"));
  }

  @Test
  void aDirectoryIsReadInTheOrderOfItsNames() throws IOException {
    Files.writeString(directory.resolve("00.cfg"), "defaults\n balance source\n");
    Files.writeString(directory.resolve("99.txt"), "nothing of HAProxy's");
    assertThat(run(directory.toString())).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).contains("balance = source");
  }

  @Test
  void aTargetThatCannotBeWrittenIsNamed() {
    String target = directory.resolve("none").resolve("b.conf").toString();
    assertThat(run(input.toString(), "-o", target)).isEqualTo(ExitStatus.INTERNAL);
    assertThat(err.toString()).contains("cannot write " + target);
  }

  private int run(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "convert";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
