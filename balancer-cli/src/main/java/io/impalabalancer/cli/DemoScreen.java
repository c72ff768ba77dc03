package io.impalabalancer.cli;

import io.impalabalancer.cli.web.AdminServer;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.simulator.Counts;
import io.impalabalancer.simulator.SimulatedClientException.Reason;
import io.impalabalancer.simulator.SimulatedCoordinator;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the demo shows: on a terminal a table that is drawn over and over in place, elsewhere a line
 * every few seconds. One thread.
 */
final class DemoScreen implements AutoCloseable {
  private static final long LINE_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int BAR = 24;
  private static final int EVENTS = 5;

  private static final String BOLD = "\033[1m";
  private static final String DIM = "\033[2m";
  private static final String GREEN = "\033[32m";
  private static final String RED = "\033[31m";
  private static final String CYAN = "\033[36m";
  private static final String PLAIN = "\033[0m";
  private static final String CLEAR_LINE = "\033[K";
  private static final String CLEAR_BELOW = "\033[J";
  private static final String HIDE_CURSOR = "\033[?25l";
  private static final String SHOW_CURSOR = "\033[?25h";

  private final PrintWriter out;
  private final boolean terminal;
  private final Duration total;
  private int linesDrawn;
  private int eventsShown;
  private long nextLineNanos = LINE_NANOS;

  /**
   * @param terminal whether {@code out} is one that understands ANSI sequences
   * @param total how long the phases take
   */
  DemoScreen(PrintWriter out, boolean terminal, Duration total) {
    this.out = out;
    this.terminal = terminal;
    this.total = total;
  }

  /** Shows how the demo is now. */
  void draw(Demo demo) {
    if (terminal) {
      redraw(demo);
    } else {
      line(demo);
    }
    out.flush();
  }

  private void redraw(Demo demo) {
    List<String> lines = new ArrayList<>();
    lines.add(
        style(BOLD, "impala-balancer demo")
            + ", a simulation"
            + "%44s".formatted(clock(demo.elapsedNanos()) + " / " + clock(total.toNanos())));
    lines.add("");
    lines.addAll(setting());
    lines.add("");
    DemoPhase now = demo.phase();
    lines.add(
        now == null
            ? style(DIM, "Between two phases: waiting for the last answers")
            : style(CYAN, "Now " + now.letter() + ": " + now.title())
                + ", at "
                + AdminServer.text(now.address()));
    lines.add("");
    lines.add(style(DIM, "coordinator  checks  connected  waiting  running  share of the answers"));
    for (SimulatedCoordinator coordinator : demo.coordinators()) {
      lines.add(coordinatorLine(demo, coordinator, now));
    }
    lines.add("");
    lines.add(style(DIM, heading()));
    for (DemoPhase phase : demo.phases()) {
      lines.add(phaseLine(phase, phase == now));
    }
    lines.add("");
    List<String> events = demo.events();
    for (int i = 0; i < EVENTS; i++) {
      int index = Math.max(0, events.size() - EVENTS) + i;
      lines.add(index < events.size() ? style(DIM, cut(events.get(index))) : "");
    }
    StringBuilder text = new StringBuilder(HIDE_CURSOR);
    text.append(up());
    lines.forEach(line -> text.append(line).append(CLEAR_LINE).append('\n'));
    linesDrawn = lines.size();
    out.print(text);
  }

  /** Returns what leads back to the first line drawn. */
  private String up() {
    return linesDrawn == 0 ? "" : "\033[" + linesDrawn + "A\r";
  }

  private void line(Demo demo) {
    if (linesDrawn == 0) {
      out.println("impala-balancer demo, a simulation");
      setting().forEach(out::println);
      linesDrawn = 1;
    }
    List<String> events = demo.events();
    for (; eventsShown < events.size(); eventsShown++) {
      out.println(events.get(eventsShown));
    }
    long now = demo.elapsedNanos();
    DemoPhase phase = demo.phase();
    if (phase != null && now >= nextLineNanos) {
      nextLineNanos = now + LINE_NANOS;
      DemoPhase.Result result = phase.result();
      out.printf(
          Locale.ROOT,
          "%5.1f s  %s so far: %.1f queries/s, average %.2f s, p95 %.2f s, failed %.1f %%%n",
          now / 1e9,
          phase.letter(),
          result.perSecond(),
          result.average(),
          result.p95(),
          result.failedPercent());
    }
  }

  private static List<String> setting() {
    return List.of(
        "%d clients, such as BI tools, ask over HiveServer2 Thrift in sessions of a few"
            .formatted(Demo.CLIENTS),
        "queries. %d simulated coordinators: each has %d service threads, runs %d queries"
            .formatted(Demo.COORDINATORS, Demo.SERVICE_THREADS, Demo.WORK_UNITS),
        "at full speed (more share it) and has memory for %d.".formatted(Demo.MAX_QUERIES));
  }

  private String coordinatorLine(
      Demo demo, SimulatedCoordinator coordinator, @Nullable DemoPhase now) {
    Counts counts = coordinator.counts();
    Coordinator.Status status = demo.status(coordinator.name());
    double share = now == null ? 0 : now.result().sharePercent(coordinator.name());
    int filled = (int) Math.round(share * BAR / 100);
    return "%-12s ".formatted(coordinator.name())
        + style(status == Coordinator.Status.UP ? GREEN : RED, "%-6s".formatted(status))
        + "  %9d  %7d  %7d  "
            .formatted(
                counts.hiveserver2().connectionsNow(),
                counts.hiveserver2().connectionsWaiting(),
                counts.queriesNow())
        + style(CYAN, "█".repeat(filled))
        + style(DIM, "·".repeat(BAR - filled))
        + " %3.0f %%".formatted(share);
  }

  private static String heading() {
    return "%-34s %9s  %8s  %8s  %8s".formatted("", "queries/s", "average", "p95", "failed");
  }

  private String phaseLine(DemoPhase phase, boolean now) {
    String name = "%s  %-30s ".formatted(phase.letter(), phase.title());
    return (now ? style(BOLD, name) : name) + numbers(phase.result());
  }

  private String numbers(DemoPhase.Result result) {
    if (!result.begun()) {
      return "%9s  %8s  %8s  %8s".formatted("-", "-", "-", "-");
    }
    String failed = String.format(Locale.ROOT, "%6.1f %%", result.failedPercent());
    return String.format(
            Locale.ROOT,
            "%9.1f  %6.2f s  %6.2f s  ",
            result.perSecond(),
            result.average(),
            result.p95())
        + (result.failed() == 0 ? failed : style(RED, failed));
  }

  /** Shows what came out in the end. */
  void result(Demo demo) {
    if (terminal) {
      out.print(up() + CLEAR_BELOW);
    } else {
      line(demo);
      out.println();
    }
    DemoPhase.Result before = demo.phases().get(0).result();
    DemoPhase.Result after = demo.phases().get(1).result();
    out.println(style(BOLD, "Result of this simulation, all numbers from this run"));
    out.println();
    out.println(style(DIM, heading()));
    for (DemoPhase phase : demo.phases()) {
      out.println(phaseLine(phase, false));
    }
    out.println();
    out.println(style(DIM, shares("share of the answers", demo, SimulatedCoordinator::name)));
    for (DemoPhase phase : demo.phases()) {
      DemoPhase.Result result = phase.result();
      out.println(
          shares(
              phase.letter(),
              demo,
              coordinator -> "%.0f %%".formatted(result.sharePercent(coordinator.name()))));
    }
    out.println();
    for (DemoPhase phase : demo.phases()) {
      out.println(phase.letter() + "  " + failures(phase.result()));
    }
    out.println();
    out.printf(
        Locale.ROOT,
        "B beside A: %.1f times the answers in a second, each in %.0f %% of the time.%n",
        after.perSecond() / before.perSecond(),
        100 * after.average() / before.average());
    out.flush();
  }

  private static String shares(
      String name, Demo demo, Function<SimulatedCoordinator, String> value) {
    return "%-24s".formatted(name)
        + demo.coordinators().stream()
            .map(coordinator -> "%11s".formatted(value.apply(coordinator)))
            .collect(Collectors.joining());
  }

  private static String failures(DemoPhase.Result result) {
    if (result.failed() == 0) {
      return "%d queries, none failed".formatted(result.answered());
    }
    String reasons =
        result.failures().entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(entry -> entry.getValue() + " " + words(entry.getKey()))
            .collect(Collectors.joining(", "));
    return "%d queries, %d failed: %s"
        .formatted(result.answered() + result.failed(), result.failed(), reasons);
  }

  private static String words(Reason reason) {
    return switch (reason) {
      case IMPALA -> "out of memory";
      case CUT -> "cut off";
      case REFUSED -> "not connected";
      case TIMEOUT -> "unanswered in 10 s";
    };
  }

  /** Shows how to reach the balancer that goes on running. */
  void addresses(Demo demo) {
    InetSocketAddress hiveserver2 = demo.listener(Protocol.HIVESERVER2);
    InetSocketAddress stats = demo.statsAddress();
    String hs2 = AdminServer.text(hiveserver2);
    String beeswax = AdminServer.text(demo.listener(Protocol.BEESWAX));
    out.println();
    out.println(style(BOLD, "The balancer keeps running. Ask it: select coordinator()"));
    out.println();
    out.println("  impala-shell   impala-shell -i " + hs2);
    out.println("                 impala-shell --protocol=beeswax -i " + beeswax);
    out.println("  JDBC           jdbc:hive2://" + hs2 + "/;auth=noSasl");
    out.println(
        "  impyla         impala.dbapi.connect(host='127.0.0.1', port=%d)"
            .formatted(hiveserver2.getPort()));
    if (stats != null) {
      out.println("  metrics        curl http://" + AdminServer.text(stats) + "/metrics");
    }
    out.println();
    out.println("Ctrl-C ends it.");
    out.flush();
  }

  /** Gives the terminal back as it was. */
  @Override
  public void close() {
    if (terminal) {
      out.print(SHOW_CURSOR + PLAIN);
      out.flush();
    }
  }

  private String style(String style, String text) {
    return terminal ? style + text + PLAIN : text;
  }

  private static String cut(String text) {
    return text.length() <= 79 ? text : text.substring(0, 78) + "…";
  }

  private static String clock(long nanos) {
    long seconds = Math.max(0, nanos) / 1_000_000_000;
    return "%d:%02d".formatted(seconds / 60, seconds % 60);
  }
}
