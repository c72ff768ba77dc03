package io.impalabalancer.cli.doctor;

import java.util.ArrayList;
import java.util.List;

/** What was found until now. */
final class Findings {
  private final List<Finding> list = new ArrayList<>();

  void add(Severity severity, String subject, String found, String change) {
    list.add(new Finding(severity, subject, found, change));
  }

  /** Returns them, the most harmful first. */
  List<Finding> byHarm() {
    return list.stream().sorted(Finding.BY_HARM).toList();
  }
}
