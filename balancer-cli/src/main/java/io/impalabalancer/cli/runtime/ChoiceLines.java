package io.impalabalancer.cli.runtime;

import io.impalabalancer.core.Listener;
import io.impalabalancer.core.RecordedChoice;
import io.impalabalancer.core.RecordedChoice.Candidate;
import java.time.Instant;
import java.util.Locale;

/** What {@code show choices} answers: a line for each candidate of a listener's last choices. */
final class ChoiceLines {
  private static final String HEADER =
      "# time client coordinator chosen score load sessions limit weight verdict why\n";

  private ChoiceLines() {}

  /** Returns those of a listener, the newest choice first. */
  static String of(Listener listener) {
    StringBuilder lines = new StringBuilder(HEADER);
    for (RecordedChoice choice : listener.lastChoices()) {
      for (Candidate candidate : choice.candidates()) {
        boolean chosen = candidate.coordinator().equals(choice.chosen());
        lines.append(
            "%s %s %s %s %s %s %d %s %s %s %s\n"
                .formatted(
                    Instant.ofEpochMilli(choice.atMillis()),
                    ShowCommands.text(choice.client()),
                    candidate.coordinator(),
                    chosen ? "yes" : "no",
                    number(candidate.score(), !Double.isNaN(candidate.score())),
                    number(candidate.load(), candidate.load() >= 0),
                    candidate.sessions(),
                    candidate.limit() == 0 ? "-" : candidate.limit(),
                    number(candidate.weight(), true),
                    candidate.verdict(),
                    chosen ? choice.rule() : candidate.excluded()));
      }
    }
    return lines.toString();
  }

  private static String number(double number, boolean known) {
    return known ? String.format(Locale.ROOT, "%.3f", number) : "-";
  }
}
