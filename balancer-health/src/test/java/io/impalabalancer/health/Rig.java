package io.impalabalancer.health;

import static org.awaitility.Awaitility.await;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.TestCoordinators;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A checker with real sockets and a clock that only the test moves. The test's thread is the event
 * loop. Intervals begin at multiples of themselves, the first check at 0.
 */
final class Rig implements AutoCloseable, HealthChecker.Effects {

  /** A check that ended. */
  record Ended(Coordinator coordinator, String result, long atNanos, long durationNanos) {}

  final MockTicker ticker = Ticker.newMockTicker();
  final ManualIoEventLoop loop =
      new ManualIoEventLoop(null, Thread.currentThread(), NioIoHandler.newFactory(), ticker);
  final List<Coordinator> coordinators = new ArrayList<>();

  /** Each change, as {@code subject: from -> to (reason)}. */
  final List<String> changes = new ArrayList<>();

  final List<Ended> checks = new ArrayList<>();
  final List<Coordinator> resolveSoon = new ArrayList<>();
  final List<Coordinator> sessionsClosed = new ArrayList<>();

  /** While true, no socket can be made. */
  boolean exhausted;

  /** Pages that could not be read, as {@code coordinator page result}. */
  final List<String> pagesFailed = new ArrayList<>();

  private final List<Channel> channels = new ArrayList<>();
  private @Nullable BalancerListener checker;
  private @Nullable CheckConfig config;

  Coordinator coordinator() {
    return coordinators.get(0);
  }

  /** Adds one on loopback that is resolved. */
  Coordinator add(@Nullable Integer webPort, Map<Protocol, Integer> ports) {
    Coordinator added = addUnresolved(webPort, ports);
    TestCoordinators.resolved(added, InetAddress.getLoopbackAddress());
    return added;
  }

  /** Adds one whose first look-up has not ended. */
  Coordinator addUnresolved(@Nullable Integer webPort, Map<Protocol, Integer> ports) {
    CoordinatorConfig config =
        new CoordinatorConfig(
            "c" + (coordinators.size() + 1),
            "coordinator.test",
            ports,
            webPort == null ? OptionalInt.empty() : OptionalInt.of(webPort),
            100,
            0,
            AdminState.READY);
    Coordinator added = TestCoordinators.make(config, ticker, this::changed);
    coordinators.add(added);
    return added;
  }

  private void changed(CoordinatorEvent event) {
    changes.add(
        (event.subject().isEmpty() ? "" : event.subject() + " ")
            + event.from()
            + " -> "
            + event.to()
            + " ("
            + event.reason()
            + ")");
    if (checker != null) {
      checker.coordinatorChanged(event);
    }
  }

  private Channel newChannel() {
    if (exhausted) {
      throw new ChannelException("Too many open files");
    }
    Channel made = new NioSocketChannel();
    channels.add(made);
    return made;
  }

  /** Makes the checker, with every port in use; it is not started. */
  HealthChecker checker(CheckConfig first) {
    config = first;
    HealthChecker made =
        new HealthChecker(
            () -> coordinators,
            c -> c.config().ports().keySet(),
            () -> Objects.requireNonNull(config),
            new Sockets(loop, this::newChannel),
            this);
    checker = made;
    return made;
  }

  /** Starts a checker and waits for the first checks. */
  HealthChecker started(CheckConfig config) {
    HealthChecker started = checker(config);
    var first = started.start().toCompletableFuture();
    until(first::isDone);
    return started;
  }

  /** Has the checker follow to another configuration, when the loop runs next. */
  void reload(CheckConfig next) {
    config = next;
    Objects.requireNonNull(checker).partsChanged();
  }

  /** Runs the loop until something is so; the clock stands still. */
  void until(BooleanSupplier so) {
    Callable<Boolean> runAndAsk =
        () -> {
          run();
          return so.getAsBoolean();
        };
    await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(runAndAsk);
  }

  /** Lets time pass in small steps, and every connection end in the step in which it began. */
  void pass(Duration time) {
    for (long millis = 0; millis < time.toMillis(); millis += 50) {
      advance(Duration.ofMillis(50));
      until(() -> channels.stream().noneMatch(Channel::isOpen));
    }
  }

  /**
   * Lets connections end until there is but the one that each web port has, and a few more; the
   * clock stands still.
   */
  void untilOnlyPagesAreOpen(int more) {
    long pages = coordinators.stream().filter(c -> c.config().webPort().isPresent()).count();
    until(() -> channels.stream().filter(Channel::isOpen).count() <= pages + more);
    channels.removeIf(channel -> !channel.isOpen());
  }

  /** Lets checks end until there are so many; the clock stands still. */
  void untilChecks(int total) {
    until(() -> checks.size() >= total);
  }

  /** Moves the clock by an interval, and lets one more check end. */
  void checkAfter(Duration interval) {
    int before = checks.size();
    advance(interval);
    untilChecks(before + 1);
  }

  /** Moves the clock, and runs what is due. */
  void advance(Duration by) {
    ticker.advance(by.toNanos(), TimeUnit.NANOSECONDS);
    run();
  }

  /** Runs what is due or ready now. */
  void run() {
    while (loop.runNow() > 0) {
      // There may be more.
    }
  }

  @Override
  public void checked(Coordinator coordinator, CheckReport report) {
    checks.add(new Ended(coordinator, report.result(), ticker.nanoTime(), report.durationNanos()));
  }

  @Override
  public void pageFailed(Coordinator coordinator, String page, String result) {
    pagesFailed.add(coordinator + " " + page + " " + result);
  }

  @Override
  public void resolveSoon(Coordinator coordinator) {
    resolveSoon.add(coordinator);
  }

  @Override
  public void closeSessions(Coordinator coordinator) {
    sessionsClosed.add(coordinator);
  }

  List<String> results() {
    return checks.stream().map(Ended::result).toList();
  }

  @Override
  public void close() {
    var ended = loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    until(() -> {
      ticker.advanceMillis(1);
      return ended.isDone();
    });
  }
}
