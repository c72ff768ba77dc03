package io.impalabalancer.cli.ctl;

import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;

/** Rows under headings: aligned for people, or as JSON. */
final class Table {
  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... headings) {
    this.headings = List.of(headings);
  }

  void add(String... cells) {
    rows.add(List.of(cells));
  }

  /**
   * Returns it aligned.
   *
   * @param ansi whether states have colours
   */
  String text(Ansi ansi) {
    int[] widths = new int[headings.size()];
    List<List<String>> all = new ArrayList<>();
    all.add(headings);
    all.addAll(rows);
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : all) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        line.append(coloured(cell, ansi));
        if (i < widths.length - 1) {
          line.append(" ".repeat(widths[i] - cell.length() + 2));
        }
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  private static String coloured(String cell, Ansi ansi) {
    if (!ansi.enabled()) {
      return cell;
    }
    String style =
        switch (cell.split(" ", 2)[0]) {
          case "UP", "OPEN", "READY" -> "green";
          case "DOWN", "CLOSED" -> "red";
          case "DRAIN", "MAINT", "NOLB", "PAUSED", "CHECKING" -> "yellow";
          default -> "";
        };
    return style.isEmpty() ? cell : ansi.string("@|" + style + " " + cell + "|@");
  }

  /** Returns an array of objects, a row each, with the headings as keys. */
  String json() {
    StringBuilder out = new StringBuilder("[");
    for (List<String> row : rows) {
      out.append(out.length() > 1 ? ",\n " : "").append('{');
      for (int i = 0; i < headings.size(); i++) {
        out.append(i > 0 ? ", " : "").append(quoted(headings.get(i).toLowerCase(Locale.ROOT)));
        out.append(": ").append(value(row.get(i)));
      }
      out.append('}');
    }
    return out.append("]\n").toString();
  }

  private static String value(String cell) {
    return cell.matches("0|[1-9]\\d{0,17}") ? cell : cell.isEmpty() ? "null" : quoted(cell);
  }

  private static String quoted(String text) {
    return new JsonPrimitive(text).toString();
  }
}
