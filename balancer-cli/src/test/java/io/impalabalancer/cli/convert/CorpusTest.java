package io.impalabalancer.cli.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of configurations from the field, whole and mangled. */
class CorpusTest {
  private static final List<String> FRAGMENTS =
      List.of(
          "\"",
          "'",
          "\\",
          "#",
          "$",
          "${",
          "\\x",
          " ",
          "\t",
          ":",
          ",",
          "-1",
          "0",
          "99999999999999",
          "*",
          "[::]:1",
          "server",
          "bind *:1",
          "listen x",
          "backend",
          "from",
          "if",
          "\u0000",
          "\u00fc",
          "default_backend impala",
          "stats auth a:b",
          "stick on src",
          "balance");

  static List<Path> corpus() {
    return Corpus.all();
  }

  /** The expected text stands beside each; where it differs, what came is in target/convert. */
  @ParameterizedTest
  @MethodSource("corpus")
  void aConfigurationBecomesThisOne(Path configuration) throws IOException {
    String name = configuration.getFileName().toString().replaceFirst("\\.cfg$", "") + ".golden";
    String printed = Corpus.printed(Corpus.convert(Corpus.sources(configuration)));
    Path came =
        Path.of("target", "convert")
            .resolve(Corpus.DIRECTORY.relativize(configuration))
            .resolveSibling(name);
    Files.createDirectories(came.getParent());
    Files.writeString(came, printed);
    assertThat(configuration.resolveSibling(name)).exists().content().isEqualTo(printed);
  }

  @Test
  void thereAreEnoughOfBothLanguages() {
    assertThat(Corpus.all()).hasSizeGreaterThanOrEqualTo(40);
    assertThat(Corpus.all())
        .filteredOn(path -> path.toString().contains("legacy"))
        .hasSizeGreaterThan(9);
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void everyLineIsInOneListAndTheResultPassesCheck(Path configuration) throws ConfigException {
    assertEachLineHasAFate(Corpus.sources(configuration));
    assertThat(Corpus.printed(Corpus.convert(Corpus.sources(configuration))))
        .doesNotContain("sesame");
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void mangledLinesAreNotLostEither(Path configuration) throws ConfigException {
    Random random = new Random(configuration.getFileName().hashCode());
    List<Conversion.Source> sources = Corpus.sources(configuration);
    for (int round = 0; round < 25; round++) {
      int changes = 1 + random.nextInt(6);
      assertEachLineHasAFate(
          sources.stream()
              .map(source ->
                  new Conversion.Source(source.name(), mangled(source.text(), changes, random)))
              .toList());
    }
  }

  private static void assertEachLineHasAFate(List<Conversion.Source> sources)
      throws ConfigException {
    Conversion conversion = Corpus.convert(sources);
    assertThat(conversion.lines())
        .hasSize((int) sources.stream().flatMap(source -> statements(source.text())).count())
        .allSatisfy(line -> assertThat(line.fate()).as(line.place()).isNotNull());
    if (conversion.errors().isEmpty()) {
      ConfigLoader.parse("result", conversion.result());
    }
  }

  private static Stream<String> statements(String text) {
    return Stream.of(text.split("\n", -1))
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"));
  }

  private static String mangled(String text, int changes, Random random) {
    StringBuilder mangled = new StringBuilder(text);
    for (int i = 0; i < changes && mangled.length() > 0; i++) {
      int at = random.nextInt(mangled.length());
      switch (random.nextInt(4)) {
        case 0 -> mangled.deleteCharAt(at);
        case 1 -> mangled.insert(at, FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
        case 2 -> {
          int end = Math.min(mangled.length(), at + random.nextInt(80));
          mangled.delete(at, end);
        }
        default -> {
          int end = Math.min(mangled.length(), at + random.nextInt(120));
          mangled.insert(random.nextInt(mangled.length()), mangled.substring(at, end));
        }
      }
    }
    return mangled.toString();
  }
}
