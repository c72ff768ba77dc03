package io.impalabalancer.cli.ctl;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Help.Ansi;

/** {@code top}: the state of a balancer on the whole terminal, drawn anew each second. */
final class Top {
  private static final long PAUSE_MILLIS = 1000;
  private static final int MOST_EVENTS = 8;

  /** Where {@code stty} cannot tell. */
  private static final int USUAL_HEIGHT = 24;

  /** On the terminal's other screen, without its cursor, and what is too long is cut by it. */
  private static final String BEGIN = "\033[?1049h\033[?25l\033[?7l";

  private static final String END = "\033[?7h\033[?25h\033[?1049l";
  private static final String HOME = "\033[H";
  private static final String CLEAR_LINE = "\033[K";
  private static final String CLEAR_BELOW = "\033[J";

  private final ControlSocket balancer;

  Top(ControlSocket balancer) {
    this.balancer = balancer;
  }

  /**
   * Draws until the program is ended, over restarts and upgrades of the balancer.
   *
   * @throws ControlSocket.Unreachable if nobody answers at the beginning
   */
  int run(PrintWriter out) throws InterruptedException {
    List<String> lines = lines(height(), Ansi.ON);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              out.print(END);
              out.flush();
            }));
    out.print(BEGIN);
    while (true) {
      out.print(HOME);
      out.print(String.join(CLEAR_LINE + "\n", lines));
      out.print(CLEAR_LINE + CLEAR_BELOW);
      out.flush();
      Thread.sleep(PAUSE_MILLIS);
      try {
        lines = lines(height(), Ansi.ON);
      } catch (ControlSocket.Unreachable e) {
        lines = List.of(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Returns what is shown, so many lines at most: events give way first, then members. */
  List<String> lines(int most, Ansi ansi) {
    Map<String, String> info = new HashMap<>();
    for (String line : balancer.ask("show", "info").split("\n", -1)) {
      int colon = line.indexOf(": ");
      if (colon > 0) {
        info.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
    List<String> lines = new ArrayList<>();
    lines.add(
        "impala-balancer %s, pid %s, up %s   %s of %s sessions, %s new/s   %s"
            .formatted(
                info.get("Version"),
                info.get("Pid"),
                StatusTable.age(info.getOrDefault("Uptime_sec", "")),
                info.get("CurrConns"),
                info.get("Maxconn"),
                info.get("ConnRate"),
                LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS)));
    lines.add("");
    String table = StatusTable.of(balancer.ask("show", "stat"), false).text(ansi);
    lines.addAll(Arrays.asList(table.stripTrailing().split("\n", -1)));
    List<String> events = balancer.ask("show", "events").lines().toList();
    int room = Math.min(MOST_EVENTS, most - lines.size() - 1);
    if (room > 0 && !events.isEmpty()) {
      lines.add("");
      lines.addAll(events.subList(Math.max(0, events.size() - room), events.size()));
    }
    return lines.size() > most ? lines.subList(0, most) : lines;
  }

  private static int height() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size").redirectInput(ProcessBuilder.Redirect.INHERIT).start();
      String told = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      stty.waitFor(1, TimeUnit.SECONDS);
      return told.matches("\\d+ \\d+\\s*") ? Integer.parseInt(told.split(" ", 2)[0]) : USUAL_HEIGHT;
    } catch (IOException e) {
      return USUAL_HEIGHT;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return USUAL_HEIGHT;
    }
  }
}
