package io.impalabalancer.cli.doctor;

import java.util.Locale;

/** How much harm a finding does, the worst first. */
enum Severity {
  /** Clients fail. */
  ERROR,
  /** Clients fail now and then, or will. */
  WARNING,
  /** Worth knowing; nothing is wrong. */
  NOTE;

  /** Returns the word for people and JSON. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
