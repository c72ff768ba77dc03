package io.impalabalancer.cli;

import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.LoadedConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The demo: simulated coordinators, a balancer and clients in this process, and three phases. First
 * every client goes to one coordinator, then to the balancer, then one coordinator dies and comes
 * back. Nothing but free ports of the loopback address is used.
 */
final class Demo implements AutoCloseable {
  static final int COORDINATORS = 4;
  static final int CLIENTS = 60;
  static final int SERVICE_THREADS = 48;
  static final int WORK_UNITS = 4;
  static final int MAX_QUERIES = 24;

  /** The coordinator that everyone goes to first. */
  static final int CROWDED = 1;

  /** The coordinator that dies. */
  static final int VICTIM = 2;

  private static final Duration STEP = Duration.ofMillis(250);

  private final CountDownLatch ended;
  private final SimulatedCluster cluster;
  private final BalancerServer server;
  private final DemoPhase direct;
  private final DemoPhase balanced;
  private final DemoPhase failure;
  private final AtomicReference<@Nullable DemoPhase> phase = new AtomicReference<>();
  private final AtomicInteger asking = new AtomicInteger();
  private final List<String> events = new ArrayList<>();
  private final long startNanos = System.nanoTime() - Main.sinceStart().toNanos();

  /**
   * Starts coordinators, balancer and clients; the clients ask nothing yet.
   *
   * @param ended ends the demo early when it gets to 0
   */
  static Demo start(CountDownLatch ended) throws IOException, InterruptedException {
    SimulatedCluster cluster =
        SimulatedCluster.start(
            SimulatorOptions.builder()
                .coordinators(COORDINATORS)
                .feServiceThreads(SERVICE_THREADS)
                .workUnits(WORK_UNITS)
                .maxQueries(MAX_QUERIES)
                .build());
    try {
      BalancerServer server = new BalancerServer(config(cluster).config(), Inheritance.NONE);
      server.start(Inheritance.NONE, Reloads.NONE, Upgrades.NONE);
      return new Demo(ended, cluster, server);
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private Demo(CountDownLatch ended, SimulatedCluster cluster, BalancerServer server) {
    this.ended = ended;
    this.cluster = cluster;
    this.server = server;
    SimulatedCoordinator crowded = cluster.coordinator(CROWDED);
    InetSocketAddress listener = listener(Protocol.HIVESERVER2);
    direct =
        new DemoPhase(
            "A",
            "everyone on " + crowded.name(),
            new InetSocketAddress(crowded.host(), crowded.hiveserver2Port()));
    balanced = new DemoPhase("B", "through the balancer", listener);
    failure =
        new DemoPhase("C", cluster.coordinator(VICTIM).name() + " dies, comes back", listener);
    server
        .balancer()
        .addListener(
            new BalancerListener() {
              @Override
              public void coordinatorChanged(CoordinatorEvent event) {
                if (event.axis() == CoordinatorEvent.Axis.STATUS) {
                  tell("%s is %s: %s".formatted(event.coordinator(), event.to(), event.reason()));
                }
              }
            });
    for (int i = 0; i < CLIENTS; i++) {
      Thread thread = new Thread(new DemoClient(phase, asking, ended, i), "demo-client-" + i);
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static LoadedConfig config(SimulatedCluster cluster) {
    String coordinators =
        cluster.coordinators().stream()
            .map(c ->
                "{ name = %s, host = \"%s\", ports { beeswax = %d, hiveserver2 = %d, web = %d } }"
                    .formatted(
                        c.name(), c.host(), c.beeswaxPort(), c.hiveserver2Port(), c.webPort()))
            .collect(Collectors.joining("\n"));
    String text =
        """
        impala-balancer {
          coordinators = [
            %s
          ]
          coordinator-defaults { ports { hiveserver2-http = none } }
          listeners = [
            { name = impala, bind = "127.0.0.1:0", protocol = beeswax }
            { name = impala-jdbc, bind = "127.0.0.1:0", protocol = hiveserver2 }
          ]
          check { inter = 500ms, fastinter = 250ms, downinter = 500ms, timeout = 1s, fall = 2 }
          stats { bind = "127.0.0.1:0" }
          log { sessions = off }
        }
        """
            .formatted(coordinators);
    try {
      return ConfigLoader.parse("demo", text);
    } catch (ConfigException e) {
      throw new IllegalStateException("the demo's own configuration: " + e.problems(), e);
    }
  }

  /**
   * Runs the phases.
   *
   * @param total time from the start of the process to the end of the last one
   * @return whether it ran to the end; false if it was ended early
   */
  boolean run(Duration total, DemoScreen screen) throws InterruptedException {
    long end = total.toNanos();
    SimulatedCoordinator victim = cluster.coordinator(VICTIM);
    return play(direct, end * 27 / 100, screen)
        && settle(end * 33 / 100, screen)
        && play(balanced, end * 57 / 100, screen)
        && play(failure, end * 64 / 100, screen)
        && order(victim.name() + " is killed", victim::die)
        && play(failure, end * 78 / 100, screen)
        && order(victim.name() + " is started again", victim::revive)
        && play(failure, end * 98 / 100, screen)
        && settle(end, screen);
  }

  /** Lets the clients ask until a moment of the demo. */
  private boolean play(DemoPhase next, long untilNanos, DemoScreen screen)
      throws InterruptedException {
    if (phase.get() != next) {
      DemoPhase before = phase.get();
      if (before != null) {
        before.end();
      }
      next.begin();
      phase.set(next);
      tell("phase " + next.letter() + ": " + next.title());
    }
    return watch(() -> elapsedNanos() >= untilNanos, screen);
  }

  /** Lets the clients ask nothing until they have their answers, but not beyond a moment. */
  private boolean settle(long untilNanos, DemoScreen screen) throws InterruptedException {
    DemoPhase before = phase.getAndSet(null);
    if (before != null) {
      before.end();
    }
    return watch(() -> asking.get() == 0 || elapsedNanos() >= untilNanos, screen);
  }

  private boolean order(String event, Runnable order) {
    tell(event);
    order.run();
    return true;
  }

  /** Draws until it is done; returns false if the demo is ended before. */
  private boolean watch(BooleanSupplier done, DemoScreen screen) throws InterruptedException {
    while (!done.getAsBoolean()) {
      screen.draw(this);
      if (ended.await(STEP.toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return true;
  }

  private void tell(String event) {
    long tenths = elapsedNanos() / 100_000_000;
    synchronized (events) {
      events.add("%3d.%d s  %s".formatted(tenths / 10, tenths % 10, event));
    }
  }

  /** Returns the time since the process began. */
  long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }

  /** Returns what runs now, null between two phases. */
  @Nullable DemoPhase phase() {
    return phase.get();
  }

  /** Returns the phases in order. */
  List<DemoPhase> phases() {
    return List.of(direct, balanced, failure);
  }

  /** Returns what happened, oldest first. */
  List<String> events() {
    synchronized (events) {
      return List.copyOf(events);
    }
  }

  List<SimulatedCoordinator> coordinators() {
    return cluster.coordinators();
  }

  /** Returns what the balancer's checks say of a coordinator. */
  Coordinator.Status status(String name) {
    return server.balancer().coordinators().stream()
        .filter(coordinator -> coordinator.name().equals(name))
        .findFirst()
        .orElseThrow()
        .status();
  }

  /** Returns the address of the balancer for a protocol. */
  InetSocketAddress listener(Protocol protocol) {
    return server.balancer().listeners().stream()
        .filter(listener -> listener.config().protocol() == protocol)
        .findFirst()
        .orElseThrow()
        .addresses()
        .get(0);
  }

  /** Returns the address of the balancer's web port. */
  @Nullable InetSocketAddress statsAddress() {
    return server.statsAddress();
  }

  /** Ends everything that it started. */
  @Override
  public void close() {
    phase.set(null);
    ended.countDown();
    server.close();
    cluster.close();
  }
}
