package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void helpNamesEveryCommandAndExitStatus() {
    assertThat(run("--help")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString())
        .contains("run ", "check ", "demo ", "simulate ", "generate-completion ")
        .contains("Exit status: 0 ended as asked, 1 configuration refused, 2 wrong usage");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void theVersionIsTheBuilds() {
    assertThat(run("--version")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).startsWith("impala-balancer ");
  }

  @Test
  void withoutACommandTheUsageIsAnError() {
    assertThat(run()).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString()).contains("Usage: impala-balancer");
  }

  @ParameterizedTest
  @CsvSource({
    "chek, Did you mean: impala-balancer check",
    "run, Missing required option: '--config=FILE'",
    "demo --for 5s, '5s' is no time from 10s to 1h",
    "demo --for 60, '60' is no time from 10s to 1h",
    "simulate --coordinators 0, coordinators is 0",
  })
  void wrongUsageSaysWhatIsWrongAndWhereHelpIs(String arguments, String message) {
    assertThat(run(arguments.split(" ", -1))).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString()).contains(message).contains("--help'.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "check", "convert", "demo", "simulate"})
  void everyCommandHasHelp(String command) {
    assertThat(run(command, "--help")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).contains("Usage: impala-balancer " + command);
  }

  @Test
  void theCompletionScriptKnowsTheCommands() {
    assertThat(run("generate-completion")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).containsPattern("run check .*generate-completion");
  }

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
