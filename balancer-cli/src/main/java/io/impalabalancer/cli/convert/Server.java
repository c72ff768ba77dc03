package io.impalabalancer.cli.convert;

import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A {@code server} line.
 *
 * @param port empty: the port that the client connected to
 * @param options what it and the {@code default-server} before it say, by keyword; those without an
 *     argument have an empty one
 */
record Server(String name, String host, OptionalInt port, Map<String, Setting> options, Line line) {

  boolean has(String option) {
    return options.containsKey(option);
  }

  @Nullable Setting option(String option) {
    return options.get(option);
  }
}
