package io.impalabalancer.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is wrong and what is doubtful; the same finding at the same place counts once. */
final class Problems {
  private final Set<Finding> errors = new LinkedHashSet<>();
  private final Set<Finding> warnings = new LinkedHashSet<>();

  private record Finding(Place place, String message) {}

  void error(Place place, String message) {
    errors.add(new Finding(place, message));
  }

  void warning(Place place, String message) {
    warnings.add(new Finding(place, message));
  }

  /** Throws all errors, if there is any. */
  void throwIfAny() throws ConfigException {
    if (!errors.isEmpty()) {
      throw refusal();
    }
  }

  /** Returns all errors, at least one. */
  ConfigException refusal() {
    return new ConfigException(byPlace(errors));
  }

  List<Problem> warnings() {
    return byPlace(warnings);
  }

  private static List<Problem> byPlace(Set<Finding> findings) {
    List<Finding> sorted = new ArrayList<>(findings);
    sorted.sort(Comparator.comparing(Finding::place));
    return sorted.stream().map(f -> new Problem(f.place().toString(), f.message())).toList();
  }
}
