package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The man page has every command and every option that {@code --help} has. */
class ManPageTest {
  /** Told where the simulator is; their options are no operator's. */
  private static final Set<String> OTHERS = Set.of("demo", "simulate");

  @Test
  void everyCommandAndOptionStandsInTheManPage() throws IOException {
    String page =
        Files.readString(Path.of("..", "docs", "impala-balancer.8"))
            .replaceAll("\\\\f[BIR]", " ")
            .replace("\\-", "-");
    Set<String> missing = new TreeSet<>();
    addMissing(Main.all(), page, missing);
    assertThat(missing).isEmpty();
  }

  private static void addMissing(CommandLine command, String page, Set<String> missing) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      Arrays.stream(option.names()).filter(name -> !stands(name, page)).forEach(missing::add);
    }
    command
        .getSubcommands()
        .forEach((name, each) -> {
          if (!stands(name, page)) {
            missing.add(name);
          }
          if (!OTHERS.contains(name)) {
            addMissing(each, page, missing);
          }
        });
  }

  private static boolean stands(String word, String page) {
    return Pattern.compile("(?<![\\w-])" + Pattern.quote(word) + "(?![\\w-])").matcher(page).find();
  }
}
