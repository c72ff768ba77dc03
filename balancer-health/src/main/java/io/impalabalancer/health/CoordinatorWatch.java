package io.impalabalancer.health;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.OnMarkedDown;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.Verdict;
import io.impalabalancer.health.CheckResult.Outcome;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When one coordinator is checked, and what follows for its status. Lives on one event loop; what
 * may be called from elsewhere says so.
 *
 * <p>With {@code impala} and {@code http} checks the data ports are closed by failed connects of
 * sessions ({@link ConnectErrors}), and opened again as {@link ClosedPorts} has it.
 */
final class CoordinatorWatch {
  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorWatch.class);

  /** How often it is asked whether the first look-up of a host has ended. */
  private static final Duration LOOK_UP_POLL = Duration.ofMillis(10);

  private final Coordinator coordinator;
  private final CheckPlan plan;
  private final CheckKind kind;
  private final Set<Protocol> ports;
  private final double phase;
  private final CheckConfig config;
  private final EventLoop loop;
  private final HealthChecker.Effects effects;

  private final HealthState process;
  private final ConnectErrors errors;
  private final ClosedPorts closedPorts;
  private final SlowStart slowStart;

  private final Check check;

  private final CompletableFuture<Void> firstCheck = new CompletableFuture<>();
  private boolean newcomer;
  private boolean underWay;
  private long startedNanos;
  private @Nullable Future<?> timer;
  private long nextNanos;

  /**
   * Whether a success of a session has anything to clear; so that most need not hop to the loop.
   */
  private volatile boolean failing;

  /** Whether people let it check; read by any thread. */
  private volatile boolean enabled;

  /** Whether it has ended for good; read on every thread that brings news. */
  private volatile boolean ended;

  /**
   * Makes one that is not started. It begins with what is known of the coordinator, which may have
   * been checked in another way before.
   *
   * @param phase when within an interval its checks come, 0 to less than 1
   * @param enabled whether people let it check
   */
  CoordinatorWatch(
      Coordinator coordinator,
      CheckPlan plan,
      double phase,
      boolean enabled,
      Sockets sockets,
      WebAccess web,
      ClientAccess clients,
      Cluster cluster,
      HealthChecker.Effects effects) {
    this.coordinator = coordinator;
    this.plan = plan;
    kind = plan.kind();
    ports = plan.ports().keySet();
    config = plan.config();
    this.phase = phase;
    this.enabled = enabled;
    loop = sockets.loop();
    this.effects = effects;
    process = new HealthState(config, coordinator.status());
    errors = new ConnectErrors(config, ports, kind != CheckKind.TCP);
    slowStart = new SlowStart(coordinator, config.slowstart(), loop);
    Probes probes = new Probes(plan, sockets, web, clients);
    closedPorts = new ClosedPorts(loop, config.downinter(), connects(probes), this::open);
    check =
        switch (kind) {
          case IMPALA ->
              new ImpalaCheck(coordinator, plan, cluster, probes, slowStart, web, sockets, effects);
          case HTTP -> new HttpCheck(plan, web, probes);
          case TCP -> new TcpCheck(coordinator, plan, probes, errors::connected);
          case NONE, AUTO -> Check.NONE;
        };
  }

  private BiFunction<Protocol, Consumer<CheckResult>, Probe> connects(Probes probes) {
    return (port, done) ->
        probes.connect(Objects.requireNonNull(coordinator.address()), port, done);
  }

  Coordinator coordinator() {
    return coordinator;
  }

  /** Returns what it does. */
  CheckPlan plan() {
    return plan;
  }

  /** Completes when the first check has ended, or will not come soon because of MAINT. */
  CompletableFuture<Void> firstCheck() {
    return firstCheck;
  }

  /** Has it start slowly when its first check makes it UP: the others have sessions already. */
  void setNewcomer() {
    newcomer = true;
  }

  /** Starts checking after a while. */
  void start(Duration delay) {
    assert loop.inEventLoop();
    if (kind != CheckKind.IMPALA) {
      coordinator.setVerdict(Verdict.UNKNOWN, 100, "checks are " + kind.word());
      ports.forEach(port -> coordinator.setVerdict(port, Verdict.OPEN, "not asked"));
      ports.forEach(port -> coordinator.slots().setLimit(port, Integer.MAX_VALUE));
      coordinator.setFacts(Facts.NONE);
    }
    slowStart.goOn();
    goOnWithPorts();
    if (kind == CheckKind.NONE) {
      coordinator.setStatus(Status.UP, "not checked");
      firstCheck.complete(null);
    } else if (paused()) {
      pause();
      firstCheck.complete(null);
    } else {
      startedNanos = now();
      checkIn(delay.toNanos());
    }
  }

  /** Returns what is done: never {@code auto}. Any thread. */
  CheckKind kind() {
    return kind;
  }

  /** Returns whether people let it check. Any thread. */
  boolean enabled() {
    return enabled;
  }

  /** Ends or begins to check; the status stays. */
  void setEnabled(boolean to, String reason) {
    assert loop.inEventLoop();
    if (enabled != to) {
      enabled = to;
      LOG.info(
          "event=checks-{} coordinator={} reason=\"{}\"",
          to ? "enabled" : "disabled",
          coordinator.name(),
          reason);
      adminChanged();
    }
  }

  /** Makes the status what people say. */
  void force(boolean up, String reason) {
    assert loop.inEventLoop();
    process.force(up);
    statusChanged(reason);
  }

  /** Takes over what is known of the ports. */
  private void goOnWithPorts() {
    if (check instanceof TcpCheck tcp) {
      tcp.goOn();
      return;
    }
    for (Protocol port : ports) {
      if (kind == CheckKind.NONE) {
        coordinator.setOpen(port, true, "not checked");
      } else if (!coordinator.isOpen(port)) {
        closedPorts.add(port);
      }
    }
  }

  /** Takes it that people said something else. */
  void adminChanged() {
    assert loop.inEventLoop();
    if (kind == CheckKind.NONE || ended) {
      return;
    }
    if (paused()) {
      pause();
      firstCheck.complete(null);
    } else if (timer == null && !underWay) {
      closedPorts.resume();
      startedNanos = now();
      checkIn(0);
    }
  }

  private boolean inMaintenance() {
    return coordinator.adminState() == AdminState.MAINT;
  }

  private boolean paused() {
    return inMaintenance() || !enabled;
  }

  private void pause() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    check.cancel();
    underWay = false;
    closedPorts.pause();
  }

  /** Ends everything; states stay as they are, and news is not taken any more. */
  void end() {
    assert loop.inEventLoop();
    ended = true;
    pause();
    check.end();
    slowStart.end();
  }

  /** Returns whether it has ended. Any thread. */
  boolean ended() {
    return ended;
  }

  private void checkIn(long delayNanos) {
    if (timer != null) {
      timer.cancel(false);
    }
    nextNanos = now() + delayNanos;
    timer = loop.schedule(this::check, delayNanos, TimeUnit.NANOSECONDS);
  }

  private void check() {
    timer = null;
    InetAddress address = coordinator.address();
    if (address == null) {
      if (!coordinator.lookedUp() && now() - startedNanos < config.timeout().toNanos()) {
        checkIn(LOOK_UP_POLL.toNanos());
      } else {
        underWay = true;
        startedNanos = now();
        checked(new CheckResult(Outcome.UNRESOLVED, coordinator.addressProblem()));
      }
      return;
    }
    underWay = true;
    startedNanos = now();
    check.begin(address, this::checked);
  }

  private void checked(CheckResult result) {
    long durationNanos = now() - startedNanos;
    underWay = false;
    if (result.counts()) {
      boolean first = process.status() == Status.CHECKING;
      boolean changed = process.result(result.ok());
      if (result.ok()) {
        errors.checkPassed();
        check.passed();
      } else {
        effects.resolveSoon(coordinator);
      }
      if (changed) {
        statusChanged(result.reason() + ", " + progress(first));
      }
    }
    if (!result.ok()) {
      LOG.debug(
          "event=check-failed coordinator={} result={} reason=\"{}\"",
          coordinator.name(),
          result.outcome().word(),
          result.reason());
    }
    effects.checked(
        coordinator,
        new CheckReport(
            kind, result.outcome().word(), result.reason(), durationNanos, process.health()));
    firstCheck.complete(null);
    // Whoever was told of all this may have paused it.
    if (!paused()) {
      checkIn(untilNext(now(), interval().toNanos(), phase));
    }
  }

  private String progress(boolean first) {
    if (first) {
      return "the first check";
    }
    return process.status() == Status.UP
        ? config.rise() + " of " + config.rise() + " passed"
        : config.fall() + " of " + config.fall() + " failed";
  }

  private void statusChanged(String reason) {
    Status before = coordinator.status();
    if (process.status() == Status.UP) {
      if (before == Status.DOWN || (newcomer && before == Status.CHECKING)) {
        slowStart.begin();
      }
      coordinator.setStatus(Status.UP, reason);
    } else {
      errors.clear();
      coordinator.setStatus(Status.DOWN, reason);
      slowStart.end();
      coordinator.setSharePercent(100);
      check.down();
      if (before == Status.UP && config.onMarkedDown() == OnMarkedDown.SHUTDOWN_SESSIONS) {
        effects.closeSessions(coordinator);
      }
    }
  }

  private Duration interval() {
    boolean portInTransition = check.portInTransition();
    Duration interval =
        kind == CheckKind.IMPALA && process.surelyUp()
            ? config.verdict().inter()
            : process.interval();
    return portInTransition && interval.compareTo(config.fastinter()) > 0
        ? config.fastinter()
        : interval;
  }

  /**
   * Returns the time to the next check: the moment of this phase that is nearest to one interval
   * away, so half an interval away at least.
   */
  static long untilNext(long nowNanos, long intervalNanos, double phase) {
    long earliest = nowNanos + intervalNanos / 2;
    long since = Math.floorMod(earliest - (long) (intervalNanos * phase), intervalNanos);
    return earliest + (since == 0 ? 0 : intervalNanos - since) - nowNanos;
  }

  /** Takes the success of a session's connect. Any thread. */
  void sessionConnected(Protocol protocol) {
    if (check instanceof ImpalaCheck impala) {
      impala.sessionConnected(protocol, now());
    }
    if (failing && !ended) {
      loop.execute(() -> {
        errors.connected(protocol);
        failing = !errors.none();
      });
    }
  }

  /** Takes the failure of a session's connect. Any thread. */
  void sessionConnectFailed(Protocol protocol, ConnectFailure failure) {
    if (kind != CheckKind.NONE && !ended && failure != ConnectFailure.NO_RESOURCES) {
      failing = true;
      loop.execute(() -> countFailure(protocol, failure));
    }
  }

  private void countFailure(Protocol protocol, ConnectFailure failure) {
    if (process.status() != Status.UP || inMaintenance() || ended) {
      return;
    }
    errors.failed(protocol, failure);
    if (check instanceof ImpalaCheck impala) {
      impala.doubt();
    }
    failing = true;
    String last =
        errors.failures(protocol)
            + " connects of sessions failed in a row, the last "
            + failure.word();
    if (kind != CheckKind.TCP && errors.portGone(protocol) && coordinator.isOpen(protocol)) {
      close(protocol, last);
    }
    if (errors.takeLimit()) {
      boolean down = errors.processFails() && process.onError(config.onError());
      process.soon();
      if (down) {
        statusChanged(last + ", on-error " + config.onError().word());
      }
      bringForward();
    }
  }

  private void close(Protocol protocol, String reason) {
    coordinator.setOpen(protocol, false, reason);
    closedPorts.add(protocol);
    process.soon();
    bringForward();
  }

  private void open(Protocol protocol) {
    errors.connected(protocol);
    failing = !errors.none();
    coordinator.setOpen(protocol, true, "a trial connect succeeded");
  }

  /** Lets the next check come after {@code fastinter} if it would come later. */
  private void bringForward() {
    long fastinterNanos = config.fastinter().toNanos();
    if (timer != null && nextNanos - now() > fastinterNanos) {
      checkIn(fastinterNanos);
    }
  }

  private long now() {
    return loop.ticker().nanoTime();
  }
}
