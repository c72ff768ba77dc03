package io.impalabalancer.cli.convert;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Reads {@code global} sections; there may be several. */
final class GlobalReader {
  private static final Keywords KEYWORDS = Keywords.of("global");
  private static final int MOST_CONNECTIONS = 10_000_000;
  private static final int MOST_THREADS = 1024;
  private static final int MOST_PATH = 90;

  /** By the key of the result, from its root. */
  private final Map<String, Setting> settings = new LinkedHashMap<>();

  Map<String, Setting> settings() {
    return settings;
  }

  void read(Section section) {
    section.header().carried("");
    for (Line line : section.lines()) {
      if (line.errors().isEmpty() && line.fate() == null) {
        read(line, line.word(1));
      }
    }
  }

  private void read(Line line, String argument) {
    switch (line.word(0)) {
      case "maxconn" -> {
        if (argument.equals("0")) {
          line.meaningless("0 means as many as HAProxy likes");
        } else {
          set("maxconn", line, Values.number(line, argument, 1, MOST_CONNECTIONS));
        }
      }
      case "nbthread" -> set("threads", line, Values.number(line, argument, 1, MOST_THREADS));
      case "nbproc" -> {
        if (argument.equals("1")) {
          line.meaningless("it is one process, with a thread per core");
        } else {
          set("threads", line, Values.number(line, argument, 1, MOST_THREADS));
        }
      }
      case "hard-stop-after" -> time("shutdown.hard-stop-after", line, Duration.ofDays(365));
      case "grace" -> time("shutdown.delay", line, Duration.ofDays(1));
      case "stats" -> stats(line, argument);
      case "log" -> line.unsupported("sessions are logged to standard output or a file, see log");
      case "no" -> KEYWORDS.answer(line, stem(argument));
      default -> KEYWORDS.answer(line, stem(line.word(0)));
    }
  }

  /** Returns what the table has for the many keywords {@code tune.something}. */
  private static String stem(String keyword) {
    return keyword.startsWith("tune.") ? "tune" : keyword;
  }

  /** configuration.txt, 3.1 "stats socket": the level is operator unless it is said. */
  private void stats(Line line, String word) {
    String path = line.word(2).replaceFirst("^unix@", "");
    if (!word.equals("socket")) {
      line.meaningless("the runtime socket has no limits to set");
    } else if (!path.startsWith("/") || path.length() > MOST_PATH) {
      line.unsupported(
          "runtime commands come by a UNIX socket, whose path begins with a slash and has %d bytes"
                  .formatted(MOST_PATH)
              + " at most: set runtime.socket");
    } else if (settings.containsKey("runtime.socket")) {
      line.unsupported("there is one runtime socket");
    } else {
      set("runtime.socket", line, Hocon.text(path));
      socketOption(line, "mode", "[0-7]{3}", "");
      socketOption(line, "level", "user|operator|admin", "operator");
      if (line.words().contains("user") || line.words().contains("group")) {
        line.warn("the socket belongs to whoever runs the balancer");
      }
    }
  }

  private void socketOption(Line line, String name, String pattern, String standard) {
    int at = line.words().indexOf(name);
    String value = at < 0 ? standard : line.word(at + 1);
    if (value.matches(pattern)) {
      set("runtime." + name, line, name.equals("mode") ? "\"" + value + "\"" : value);
    } else if (at >= 0) {
      line.error(
          "found \"%s\" as %s, expected %s"
              .formatted(
                  value,
                  name,
                  name.equals("mode") ? "three octal digits" : "user, operator or admin"));
    }
  }

  private void time(String key, Line line, Duration most) {
    String value = Values.time(line, line.word(1), "0s", most);
    if (!value.isEmpty()) {
      set(key, line, value);
    }
  }

  private void set(String key, Line line, OptionalInt number) {
    if (number.isPresent()) {
      set(key, line, Integer.toString(number.getAsInt()));
    }
  }

  private void set(String key, Line line, String value) {
    Setting before = settings.put(key, new Setting(value, line));
    if (before != null && before.line() != line) {
      before
          .line()
          .instead(Line.Fate.MEANINGLESS, line.asReference(before.line()) + " says it again");
    }
    line.carried(key + " = " + value);
  }
}
