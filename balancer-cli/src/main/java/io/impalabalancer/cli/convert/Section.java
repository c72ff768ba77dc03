package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.List;

/** A section of HAProxy's language: the line that begins it, and those that follow. */
record Section(Line header, List<Line> lines) {

  /** The sections whose lines are looked at one by one. */
  private static final List<String> KINDS =
      List.of("global", "defaults", "listen", "frontend", "backend", "userlist");

  /** Returns whether a line begins a section, wherever it stands. */
  static boolean isHeader(Line line) {
    return KINDS.contains(line.word(0)) || Keywords.of("section").find(line.word(0)) != null;
  }

  /** Returns the sections of a file; a line before the first is an error. */
  static List<Section> of(List<Line> lines) {
    List<Section> sections = new ArrayList<>();
    for (Line line : lines) {
      if (line.errors().isEmpty() && isHeader(line)) {
        sections.add(new Section(line, new ArrayList<>()));
      } else if (!sections.isEmpty()) {
        sections.get(sections.size() - 1).lines.add(line);
      } else if (line.fate() == null) {
        line.error(
            "found \"%s\" before any section, expected one of %s"
                .formatted(line.word(0), String.join(", ", KINDS)));
      }
    }
    return sections;
  }

  String kind() {
    return header.word(0);
  }

  /** Returns its name, empty if it has none. */
  String name() {
    return kind().equals("defaults") && header.word(1).equals("from") ? "" : header.word(1);
  }

  /** Returns how messages name it. */
  String title() {
    return name().isEmpty() ? kind() : kind() + " " + name();
  }

  /** None of its lines is in the result, whatever was made of them until now. */
  void leaveOut(Line.Fate fate, String why) {
    header.instead(fate, why);
    for (Line line : lines) {
      line.instead(fate, title() + " is not carried over, see " + header.asReference(line));
    }
  }
}
