package io.impalabalancer.cli.convert;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code global} sections; there may be several. */
final class GlobalReader {
  private static final Keywords KEYWORDS = Keywords.of("global");
  private static final int MOST_CONNECTIONS = 10_000_000;
  private static final int MOST_THREADS = 1024;
  private static final int MOST_PATH = 90;
  private static final String SYSLOG_PORT = "514";
  private static final Pattern SYSLOG_SERVER =
      Pattern.compile("(?:udp[46]?@|ipv4@)?([A-Za-z0-9._-]+)(?::(\\d{1,5}))?");
  private static final Pattern FACILITY =
      Pattern.compile(
          "kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|auth2|ftp|ntp|audit|alert|cron2"
              + "|local[0-7]");
  private static final Set<String> OPTIONS_OF_LOG = Set.of("len", "format", "sample");
  private static final Set<String> SEVERE =
      Set.of("emerg", "alert", "crit", "err", "warning", "notice");

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
      case "log" -> log(line, argument);
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

  /**
   * Reads {@code log ADDRESS [len N] [format F] [sample S] FACILITY [LEVEL]} (configuration.txt,
   * 3.1 "log"). Sessions are told at info, so a line for less than that never had any.
   */
  private void log(Line line, String address) {
    List<String> words = line.from(2);
    String format = "rfc3164";
    int at = 0;
    while (at + 1 < words.size() && OPTIONS_OF_LOG.contains(words.get(at))) {
      if (words.get(at).equals("format")) {
        format = words.get(at + 1);
      }
      at += 2;
    }
    String facility = at < words.size() ? words.get(at) : "";
    String level = at + 1 < words.size() ? words.get(at + 1) : "info";
    String server = syslogServer(address);
    if (SEVERE.contains(level)) {
      line.meaningless("sessions are logged at info; the rest goes to standard output");
    } else if (address.equals("stdout") || address.equals("stderr")) {
      set("log.sessions", line, "stdout");
    } else if (server.isEmpty() || !FACILITY.matcher(facility).matches()) {
      line.unsupported("sessions are logged to standard output, a file or syslog, see log");
    } else if (settings.containsKey("log.sessions")) {
      line.unsupported("sessions are logged to one place; let the syslog server pass them on");
    } else {
      set("log.sessions", line, "syslog");
      set("log.syslog.address", line, Hocon.text(server));
      set("log.syslog.facility", line, facility);
      if (format.equals("rfc5424")) {
        set("log.syslog.format", line, format);
      }
    }
  }

  /** Returns where a log line sends to, in our words; empty if that is none of ours. */
  private static String syslogServer(String address) {
    if (address.startsWith("/")) {
      return "unix:" + address;
    }
    Matcher matcher = SYSLOG_SERVER.matcher(address);
    return matcher.matches()
        ? "udp://"
            + matcher.group(1)
            + ":"
            + (matcher.group(2) == null ? SYSLOG_PORT : matcher.group(2))
        : "";
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
