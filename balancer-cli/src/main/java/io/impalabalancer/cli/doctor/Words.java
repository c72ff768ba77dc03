package io.impalabalancer.cli.doctor;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Words of findings that several rules use. */
final class Words {

  private Words() {}

  static String listed(Map<String, List<String>> groups) {
    return groups.entrySet().stream()
        .map(group -> String.join(", ", group.getValue()) + ": " + group.getKey())
        .collect(Collectors.joining("; "));
  }

  static String orNothing(Collection<String> names) {
    return names.isEmpty() ? "no name" : String.join(", ", names);
  }
}
