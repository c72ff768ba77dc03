package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of endings that users read is the one of the code. */
class EndingsDocumentTest {

  @Test
  void everyTerminationHasItsRowAndNoOtherHas() throws IOException {
    List<String> rows =
        Files.readAllLines(Path.of("..", "docs", "endings.md")).stream()
            .filter(line -> line.startsWith("| `") && line.split("\\|").length == 6)
            .map(line -> line.replaceFirst("(\\| `[^`]+` \\| `.` \\|)[^|]+", "$1"))
            .toList();
    assertThat(rows)
        .containsExactlyElementsOf(
            Stream.of(Termination.values()).map(EndingsDocumentTest::row).toList());
  }

  private static String row(Termination t) {
    return "| `%s` | `%s` || %s | %s |"
        .formatted(
            t.word(), t.letters(Phase.DATA).charAt(0), word(t.client()), word(t.coordinator()));
  }

  private static String word(Termination.Ending ending) {
    return ending == Termination.Ending.NONE ? "-" : ending.name();
  }
}
