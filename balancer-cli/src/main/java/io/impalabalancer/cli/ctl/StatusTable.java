package io.impalabalancer.cli.ctl;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Every listener with its coordinators, made of what {@code show stat} answers. */
final class StatusTable {
  private StatusTable() {}

  /**
   * Makes it.
   *
   * @param exact times in seconds, not in words
   */
  static Table of(String stat, boolean exact) {
    String[] lines = stat.strip().split("\n", -1);
    List<String> names = Arrays.asList(lines[0].replaceFirst("^# ", "").split(",", -1));
    Table table =
        new Table(
            "LISTENER",
            "NAME",
            "STATUS",
            "WEIGHT",
            "SESSIONS",
            "MAX",
            "QUEUED",
            "RATE",
            "FOR",
            "CHECK");
    for (String line : Arrays.asList(lines).subList(1, lines.length)) {
      Map<String, String> row = new HashMap<>();
      List<String> cells = csv(line);
      for (int i = 0; i < names.size() && i < cells.size(); i++) {
        row.put(names.get(i), cells.get(i));
      }
      table.add(
          cell(row, "pxname"),
          cell(row, "svname"),
          cell(row, "status"),
          cell(row, "weight"),
          cell(row, "scur"),
          cell(row, "smax"),
          cell(row, "qcur"),
          cell(row, "rate"),
          exact ? cell(row, "lastchg") : age(cell(row, "lastchg")),
          (cell(row, "check_status") + " " + cell(row, "last_chk")).strip());
    }
    return table;
  }

  private static String cell(Map<String, String> row, String name) {
    return row.getOrDefault(name, "");
  }

  /** Takes a line of CSV apart; quotes hold commas together. */
  private static List<String> csv(String line) {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
        cell.append(line.charAt(++i));
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.add(cell.toString());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    cells.add(cell.toString());
    return cells;
  }

  /** Returns a time in its two largest units, empty for none. */
  static String age(String seconds) {
    if (seconds.isEmpty()) {
      return "";
    }
    Duration age = Duration.ofSeconds(Long.parseLong(seconds));
    if (age.toDays() > 0) {
      return "%dd%02dh".formatted(age.toDays(), age.toHoursPart());
    }
    return age.toHours() > 0
        ? "%dh%02dm".formatted(age.toHours(), age.toMinutesPart())
        : "%dm%02ds".formatted(age.toMinutes(), age.toSecondsPart());
  }
}
