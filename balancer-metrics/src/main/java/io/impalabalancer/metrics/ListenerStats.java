package io.impalabalancer.metrics;

import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.SessionCounters;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The rows of one listener, and what is counted for them. Any thread; sampled by one. */
final class ListenerStats {
  private final Listener listener;
  private final Map<Coordinator, MemberStats> members = new ConcurrentHashMap<>();

  /** For sessions that never had a coordinator. */
  private final MemberStats nobody = new MemberStats();

  private final SecondRate accepted = new SecondRate();
  private final SecondRate assigned = new SecondRate();
  private final SessionTimes times = new SessionTimes();
  private long acceptedBase;
  private boolean wasAvailable;
  private boolean everAvailable;
  private long availabilityNanos;
  private long unavailableNanos;
  private long wentDown;

  /** What is counted of one member, or of nobody. */
  private static final class MemberStats {
    final LongAdder clientAborts = new LongAdder();
    final LongAdder serverAborts = new LongAdder();
    final SecondRate rate = new SecondRate();
    final SessionTimes times = new SessionTimes();
    volatile SessionTotals base = SessionTotals.NONE;

    SessionTotals ever(SessionCounters counters) {
      return SessionTotals.of(counters, clientAborts.sum(), serverAborts.sum());
    }
  }

  ListenerStats(Listener listener, long nowNanos) {
    this.listener = listener;
    availabilityNanos = nowNanos;
  }

  private MemberStats stats(@Nullable Coordinator coordinator) {
    return coordinator == null
        ? nobody
        : members.computeIfAbsent(coordinator, c -> new MemberStats());
  }

  /** Counts a session. On a loop. */
  void ended(SessionView session) {
    MemberStats stats = stats(session.coordinator());
    Termination termination = session.termination();
    if (termination == Termination.CLIENT_RESET || termination == Termination.CLIENT_LEFT) {
      stats.clientAborts.increment();
    } else if (termination == Termination.COORDINATOR_RESET) {
      stats.serverAborts.increment();
    }
    if (session.connectNanos() >= 0) {
      stats.times.add(session);
      times.add(session);
    }
  }

  /** Takes what a second has brought. */
  synchronized void sample(long nowNanos) {
    accepted.sample(listener.accepted(), nowNanos);
    long sum = 0;
    for (Member member : listener.pool().members()) {
      SessionCounters counters = listener.counters(member.coordinator());
      MemberStats stats = stats(member.coordinator());
      stats.rate.sample(counters.assigned(), nowNanos);
      stats.times.sample();
      sum += counters.assigned();
    }
    assigned.sample(sum, nowNanos);
    times.sample();
    noteAvailability(nowNanos);
  }

  private void noteAvailability(long nowNanos) {
    boolean now = listener.available();
    if (now == wasAvailable) {
      return;
    }
    if (everAvailable) {
      if (now) {
        unavailableNanos += nowNanos - availabilityNanos;
      } else {
        wentDown++;
      }
    }
    everAvailable |= now;
    wasAvailable = now;
    availabilityNanos = nowNanos;
  }

  /** Begins anew with the most of everything, or with everything. */
  synchronized void clear(boolean all) {
    listener.clearMax();
    accepted.clearMax();
    assigned.clearMax();
    times.clearMax();
    for (Member member : listener.pool().members()) {
      MemberStats stats = stats(member.coordinator());
      stats.rate.clearMax();
      stats.times.clearMax();
      if (all) {
        stats.base = stats.ever(listener.counters(member.coordinator()));
      }
    }
    if (all) {
      acceptedBase = listener.accepted();
      nobody.clientAborts.reset();
      nobody.serverAborts.reset();
      wentDown = 0;
      unavailableNanos = 0;
    }
  }

  void retain(List<Coordinator> coordinators) {
    members.keySet().retainAll(coordinators);
  }

  long acceptedPerSecond() {
    return accepted.perSecond();
  }

  /** Returns its rows: FRONTEND, each member, BACKEND. */
  synchronized List<StatRow> rows(
      int proxyId, Balancer balancer, Function<Coordinator, CheckStats> checks, long nowNanos) {
    List<StatRow> rows = new ArrayList<>();
    SessionTotals sum = SessionTotals.NONE;
    int act = 0;
    int bck = 0;
    long weight = 0;
    int id = 0;
    StatRow frontend = row(StatRow.Kind.FRONTEND, proxyId, 0, "FRONTEND");
    rows.add(frontend);
    Protocol protocol = listener.config().protocol();
    for (Member member : listener.pool().members()) {
      Coordinator coordinator = member.coordinator();
      MemberStats stats = stats(coordinator);
      SessionCounters counters = listener.counters(coordinator);
      SessionTotals totals = stats.ever(counters).minus(stats.base);
      sum = sum.plus(totals);
      StatRow row =
          row(StatRow.Kind.SERVER, proxyId, ++id, listener.config().alias(coordinator.name()));
      row.set("qcur", 0).set("qmax", 0).set("scur", counters.sessions());
      row.set("smax", counters.sessionsMax());
      if (coordinator.maxconn() > 0) {
        row.set("slim", coordinator.maxconn());
      }
      fill(totals, row);
      checks.apply(coordinator).fill(member, protocol, balancer.config().check(), row);
      row.set("weight", member.weight() * coordinator.sharePercent() / 100);
      row.set("uweight", member.weight());
      row.set("act", member.backup() ? 0 : 1).set("bck", member.backup() ? 1 : 0);
      if (coordinator.sharePercent() < 100) {
        row.set("throttle", coordinator.sharePercent());
      }
      row.set("rate", stats.rate.perSecond()).set("rate_max", stats.rate.max());
      row.set("lastsess", stats.rate.secondsSince(nowNanos));
      stats.times.fill(row);
      row.set("connect", totals.sessions() + totals.connectErrors());
      row.set("addr", address(coordinator, protocol));
      rows.add(row);
      if (member.usable(protocol)) {
        act += member.backup() ? 0 : 1;
        bck += member.backup() ? 1 : 0;
        weight += member.backup() ? 0 : member.weight();
      }
    }
    fillFrontend(sum, frontend);
    rows.add(backend(proxyId, sum, act, bck, weight, nowNanos));
    return rows;
  }

  private StatRow row(StatRow.Kind kind, int proxyId, int id, String name) {
    return new StatRow(kind, proxyId, id)
        .set("pxname", listener.name())
        .set("svname", name)
        .set("pid", 1)
        .set("iid", proxyId)
        .set("sid", id)
        .set("type", kind.number())
        .set("mode", "tcp");
  }

  private static void fill(SessionTotals totals, StatRow row) {
    row.set("stot", totals.sessions()).set("lbtot", totals.sessions());
    row.set("bin", totals.bytesIn()).set("bout", totals.bytesOut());
    row.set("econ", totals.connectErrors()).set("eresp", totals.serverAborts());
    row.set("wretr", totals.retries()).set("wredis", totals.redispatches());
    row.set("cli_abrt", totals.clientAborts()).set("srv_abrt", totals.serverAborts());
  }

  private void fillFrontend(SessionTotals sum, StatRow row) {
    row.set("scur", listener.sessions()).set("smax", listener.sessionsMax());
    row.set("slim", listener.maxconn()).set("stot", listener.accepted() - acceptedBase);
    row.set("bin", sum.bytesIn()).set("bout", sum.bytesOut());
    row.set("dreq", 0).set("dresp", 0).set("ereq", 0);
    row.set("status", listener.enabled() ? "OPEN" : "PAUSED");
    row.set("rate", accepted.perSecond()).set("rate_lim", 0).set("rate_max", accepted.max());
    row.set("conn_rate", accepted.perSecond()).set("conn_rate_max", accepted.max());
    row.set("conn_tot", listener.accepted() - acceptedBase);
  }

  private StatRow backend(
      int proxyId, SessionTotals sum, int act, int bck, long weight, long nowNanos) {
    StatRow row = row(StatRow.Kind.BACKEND, proxyId, 0, "BACKEND");
    row.set("qcur", listener.queued()).set("qmax", listener.queuedMax());
    row.set("scur", listener.busy())
        .set("smax", listener.busyMax())
        .set("slim", listener.maxconn());
    fill(
        sum.plus(
            new SessionTotals(
                0, 0, 0, 0, 0, 0, nobody.clientAborts.sum(), nobody.serverAborts.sum())),
        row);
    boolean up = listener.available();
    row.set("status", up ? "UP" : "DOWN").set("weight", weight).set("uweight", weight);
    row.set("act", act).set("bck", bck).set("chkdown", wentDown);
    long sinceNanos = nowNanos - availabilityNanos;
    long downNanos = unavailableNanos + (up || !everAvailable ? 0 : sinceNanos);
    row.set("lastchg", Duration.ofNanos(sinceNanos).toSeconds());
    row.set("downtime", Duration.ofNanos(downNanos).toSeconds());
    row.set("rate", assigned.perSecond()).set("rate_max", assigned.max());
    row.set("lastsess", assigned.secondsSince(nowNanos));
    times.fill(row);
    row.set("connect", sum.sessions() + sum.connectErrors());
    return row.set("algo", listener.config().balance().name().toLowerCase(Locale.ROOT));
  }

  private static String address(Coordinator coordinator, Protocol protocol) {
    InetAddress address = coordinator.address();
    String host = address == null ? coordinator.config().host() : address.getHostAddress();
    String bracketed = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return bracketed + ":" + coordinator.config().port(protocol).orElse(0);
  }
}
