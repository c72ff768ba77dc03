package io.impalabalancer.metrics;

import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.SessionView;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * What a balancer shows in HAProxy's form: the rows of {@code show stat} and the values of {@code
 * show info}, as HAProxy 2.6 gives them. What is counted anyway is read when it is asked for; the
 * rest costs a session an addition when it ends. Clearing counters sets baselines here: the
 * counters that Prometheus reads never go back.
 *
 * <p>Any thread. Add it to the balancer before {@link Balancer#open}, and have {@link #sample}
 * called about once a second.
 */
public final class HaproxyStats implements BalancerListener {
  private final Balancer balancer;
  private final String version;
  private final Map<Listener, ListenerStats> listeners = new ConcurrentHashMap<>();
  private final Map<Coordinator, CheckStats> checks = new ConcurrentHashMap<>();
  private volatile long rateMax;

  /**
   * Makes one.
   *
   * @param version the program's version
   */
  public HaproxyStats(Balancer balancer, String version) {
    this.balancer = balancer;
    this.version = version;
  }

  private ListenerStats stats(Listener listener) {
    return listeners.computeIfAbsent(listener, l -> new ListenerStats(l, now()));
  }

  private CheckStats checks(Coordinator coordinator) {
    return checks.computeIfAbsent(coordinator, c -> new CheckStats());
  }

  private long now() {
    return balancer.ticker().nanoTime();
  }

  @Override
  public void sessionEnded(SessionView session) {
    stats(session.listener()).ended(session);
  }

  @Override
  public void checked(Coordinator coordinator, CheckReport report) {
    checks(coordinator).checked(report);
  }

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    if (event.axis() == CoordinatorEvent.Axis.STATUS) {
      checks(event.coordinator()).statusChanged(event);
    }
  }

  @Override
  public void partsChanged() {
    List<Coordinator> coordinators = balancer.coordinators();
    listeners.keySet().retainAll(balancer.listeners());
    listeners.values().forEach(stats -> stats.retain(coordinators));
    checks.keySet().retainAll(coordinators);
  }

  /** Takes what a second has brought: rates, averages. One thread. */
  public void sample() {
    long now = now();
    balancer.listeners().forEach(listener -> stats(listener).sample(now));
    rateMax = Math.max(rateMax, rate());
  }

  private long rate() {
    return listeners.values().stream().mapToLong(ListenerStats::acceptedPerSecond).sum();
  }

  /**
   * Begins anew, as HAProxy's {@code clear counters}.
   *
   * @param all false for the most of everything only, true for the sums too
   */
  public void clear(boolean all) {
    balancer.listeners().forEach(listener -> stats(listener).clear(all));
    rateMax = rate();
    if (all) {
      checks.values().forEach(CheckStats::clear);
    }
  }

  /**
   * Returns the rows as the Prometheus exporter of HAProxy 2.6 names them, in Prometheus' text
   * format.
   */
  public String exported() {
    return HaproxyNames.text(rows());
  }

  /** Returns the rows: per listener FRONTEND, one per member under its alias, and BACKEND. */
  public List<StatRow> rows() {
    List<StatRow> rows = new ArrayList<>();
    int proxyId = 2;
    long now = now();
    for (Listener listener : balancer.listeners()) {
      rows.addAll(stats(listener).rows(proxyId++, balancer, this::checks, now));
    }
    return rows;
  }

  /** Returns the rows as CSV, with its first line. */
  public String csv(Predicate<StatRow> which) {
    StringBuilder out = new StringBuilder(StatRow.csvHeader());
    rows().stream().filter(which).forEach(row -> row.appendCsv(out));
    return out.toString();
  }

  /** Returns the rows a value a line, as {@code show stat typed}. */
  public String typed(Predicate<StatRow> which) {
    StringBuilder out = new StringBuilder();
    rows().stream().filter(which).forEach(row -> row.appendTyped(out));
    return out.toString();
  }

  /** Returns the rows as {@code show stat json}. */
  public String json(Predicate<StatRow> which) {
    StringBuilder out = new StringBuilder("[");
    for (StatRow row : rows()) {
      if (which.test(row)) {
        out.append(out.length() > 1 ? "," : "");
        row.appendJson(out);
      }
    }
    return out.append("]\n").toString();
  }

  /** Returns the values of {@code show info} that have a meaning here. */
  public List<StatField> info() {
    Duration uptime = Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
    long accepted = balancer.listeners().stream().mapToLong(Listener::accepted).sum();
    long bound = balancer.listeners().stream().mapToLong(l -> l.addresses().size()).sum();
    List<StatField> info = new ArrayList<>();
    info.add(new StatField(0, "Name", "POS", "str", "impala-balancer"));
    info.add(new StatField(1, "Version", "POS", "str", version));
    info.add(new StatField(2, "Release_date", "POS", "str", "-"));
    info.add(number(3, "Nbthread", "CGS", balancer.threads()));
    info.add(number(4, "Nbproc", "CGS", 1));
    info.add(number(5, "Process_num", "KGP", 1));
    info.add(number(6, "Pid", "SGP", ProcessHandle.current().pid()));
    info.add(
        new StatField(
            7,
            "Uptime",
            "MDP",
            "str",
            "%dd %dh%02dm%02ds"
                .formatted(
                    uptime.toDays(),
                    uptime.toHoursPart(),
                    uptime.toMinutesPart(),
                    uptime.toSecondsPart())));
    info.add(number(8, "Uptime_sec", "MDP", uptime.toSeconds()));
    info.add(number(9, "Memmax_MB", "CLP", Runtime.getRuntime().maxMemory() >> 20));
    info.add(number(15, "Maxconn", "CLP", balancer.maxconn()));
    info.add(number(16, "Hard_maxconn", "CLP", balancer.config().maxconn()));
    info.add(number(17, "CurrConns", "MGP", balancer.sessions()));
    info.add(number(18, "CumConns", "MCP", accepted));
    info.add(number(19, "CumReq", "MCP", accepted));
    // Pipes, tasks and the run queue are not counted, but hatop wants a line of each.
    info.add(number(23, "Maxpipes", "CLP", 0));
    info.add(number(24, "PipesUsed", "MGP", 0));
    info.add(number(25, "PipesFree", "MGP", 0));
    info.add(number(26, "ConnRate", "MRP", rate()));
    info.add(number(27, "ConnRateLimit", "CLP", 0));
    info.add(number(28, "MaxConnRate", "MMP", rateMax));
    info.add(number(29, "SessRate", "MRP", rate()));
    info.add(number(30, "SessRateLimit", "CLP", 0));
    info.add(number(31, "MaxSessRate", "MRP", rateMax));
    info.add(number(47, "Tasks", "MGP", 0));
    info.add(number(48, "Run_queue", "MGP", 0));
    info.add(new StatField(50, "node", "COS", "str", node()));
    info.add(number(55, "Listeners", "MGP", bound));
    info.add(number(70, "Start_time_sec", "MDP", startSeconds()));
    return info;
  }

  private static StatField number(int position, String name, String tags, long value) {
    return new StatField(position, name, tags, "u32", Long.toString(value));
  }

  private static long startSeconds() {
    return ManagementFactory.getRuntimeMXBean().getStartTime() / 1000;
  }

  private static String node() {
    String name = System.getenv("HOSTNAME");
    return name == null ? "localhost" : name;
  }

  /** Returns {@code show info}: a line per value. */
  public String infoText() {
    StringBuilder out = new StringBuilder();
    info().forEach(f -> out.append(f.name()).append(": ").append(f.value()).append('\n'));
    return out.toString();
  }

  /** Returns {@code show info typed}. */
  public String infoTyped() {
    StringBuilder out = new StringBuilder();
    info().forEach(field -> field.appendTyped("", out));
    return out.toString();
  }

  /** Returns {@code show info json}. */
  public String infoJson() {
    StringBuilder out = new StringBuilder("[");
    for (StatField field : info()) {
      out.append(out.length() > 1 ? "," : "");
      field.appendJson("", out);
    }
    return out.append("]\n").toString();
  }
}
