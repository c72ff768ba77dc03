package io.impalabalancer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;

/** Configurations as texts, and what the loader says of them. */
final class Texts {

  private Texts() {}

  /** Two coordinators, one listener; what is given stands on line 4 and below. */
  static String balancer(String lines) {
    return """
    impala-balancer {
      coordinators = [coord-1, coord-2]
      listeners = [{ name = jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2 }]
    %s
    }
    """
        .formatted(lines);
  }

  /** Two coordinators; what is given is the listener's, on line 3 behind its name. */
  static String listener(String settings) {
    return """
    impala-balancer {
      coordinators = [coord-1, coord-2]
      listeners = [{ name = jdbc, %s }]
    }
    """
        .formatted(settings);
  }

  /** As {@link #listener}, with a bind and a protocol. */
  static String jdbc(String settings) {
    return listener("bind = \"0.0.0.0:21051\", protocol = hiveserver2, " + settings);
  }

  /** One listener; what is given are the coordinators, on line 2. */
  static String coordinators(String elements) {
    return """
    impala-balancer {
      coordinators = [%s]
      listeners = [{ name = jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2 }]
    }
    """
        .formatted(elements);
  }

  static LoadedConfig parse(String text) {
    try {
      return ConfigLoader.parse("test.conf", text);
    } catch (ConfigException e) {
      throw new AssertionError("refused: " + e.problems(), e);
    }
  }

  /** Returns what is wrong, as it is printed, without the lines of {@code reference.conf}. */
  static List<String> problems(String text) {
    ConfigException refusal =
        catchThrowableOfType(ConfigException.class, () -> ConfigLoader.parse("test.conf", text));
    assertThat(refusal).as("the text is refused").isNotNull();
    return refusal.problems().stream()
        .map(problem -> problem.toString().replaceAll("(reference[.]conf):[0-9]+", "$1"))
        .toList();
  }

  static List<String> warnings(String text) {
    return parse(text).warnings().stream().map(Problem::toString).toList();
  }
}
