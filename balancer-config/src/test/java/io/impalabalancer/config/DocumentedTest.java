package io.impalabalancer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The sample and the guide say what the loader does. */
class DocumentedTest {
  private static final Path SAMPLE = Path.of("../conf/impala-balancer.conf");
  private static final Path README = Path.of("../README.md");
  private static final Path GUIDE = Path.of("../docs/configuration.md");

  /** A configuration, and what is said of it if the guide tells. */
  private static final Pattern EXAMPLE =
      Pattern.compile(
          "```hocon\n(?<text>.*?)```\n(?:\n```text\n(?<said>.*?)```\n)?", Pattern.DOTALL);

  @Test
  void theSampleDoesWhatTheHaproxySampleOfImpalaDoes() throws ConfigException {
    LoadedConfig loaded = ConfigLoader.load(SAMPLE);

    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.config().coordinators())
        .extracting(CoordinatorConfig::host)
        .containsExactly(
            "impala-host-1.example.com",
            "impala-host-2.example.com",
            "impala-host-3.example.com",
            "impala-host-4.example.com");
    ListenerConfig impala = loaded.config().listeners().get(0);
    assertThat(impala.binds()).containsExactly(new BindAddress("0.0.0.0", 25003));
    assertThat(impala.protocol()).isEqualTo(Protocol.BEESWAX);
    assertThat(impala.balance()).isEqualTo(BalanceKind.LEASTCONN);
    ListenerConfig jdbc = loaded.config().listeners().get(1);
    assertThat(jdbc.binds()).containsExactly(new BindAddress("0.0.0.0", 21051));
    assertThat(jdbc.protocol()).isEqualTo(Protocol.HIVESERVER2);
    assertThat(jdbc.balance()).isEqualTo(BalanceKind.SOURCE);
    assertThat(loaded.config().stats().bind()).contains(new BindAddress("127.0.0.1", 25002));
  }

  @TestFactory
  Stream<DynamicTest> theExamplesOfReadmeAndGuideAreTrue() throws IOException {
    List<DynamicTest> examples =
        EXAMPLE
            .matcher(Files.readString(README) + Files.readString(GUIDE))
            .results()
            .map(example ->
                DynamicTest.dynamicTest(
                    example.group(1).lines().skip(1).findFirst().orElse(""),
                    () -> assertThat(said(example.group(1))).isEqualTo(lines(example.group(2)))))
            .toList();
    assertThat(examples).hasSizeGreaterThan(5);
    return examples.stream();
  }

  private static List<String> lines(@Nullable String text) {
    return text == null ? List.of() : text.lines().toList();
  }

  private static List<String> said(String text) {
    try {
      return ConfigLoader.parse("balancer.conf", text).warnings().stream()
          .map(Problem::toString)
          .toList();
    } catch (ConfigException e) {
      return e.problems().stream().map(Problem::toString).toList();
    }
  }
}
