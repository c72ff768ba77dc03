package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.Termination;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Checks every coordinator on one event loop, which must not be one of the relay's. It follows the
 * balancer from one configuration to the next: whose checks are the same there goes on. Any thread.
 *
 * <p>Order of use: {@link #of}, {@link Balancer#addListener} with it, {@link #start}, {@link
 * #close} before the event loop ends.
 */
public final class HealthChecker implements BalancerListener, AutoCloseable {
  /** So many first checks begin at once; more are spread over {@link #FIRST_SPREAD}. */
  private static final int FIRST_AT_ONCE = 20;

  /**
   * So many moments of an interval are used: waking up for each coordinator costs more than what is
   * done for it (docs/health.md).
   */
  private static final int MOST_MOMENTS = 5;

  private static final Duration FIRST_SPREAD = Duration.ofMillis(300);

  /** What checks cause outside of the coordinators. */
  interface Effects {
    /** A check has ended. */
    void checked(Coordinator coordinator, CheckReport report);

    /** A check has failed: its host may have moved. */
    void resolveSoon(Coordinator coordinator);

    /** A web page could not be read, or says what cannot be; why in a word. */
    default void pageFailed(Coordinator coordinator, String page, String result) {}

    /** A coordinator went DOWN, and its sessions are to be closed. */
    void closeSessions(Coordinator coordinator);
  }

  private final Supplier<List<Coordinator>> coordinators;
  private final Function<Coordinator, Set<Protocol>> used;
  private final Supplier<CheckConfig> config;
  private final Sockets sockets;
  private final Effects effects;
  private final EventLoop loop;

  /** Changed on the event loop only, once started. */
  private final Map<Coordinator, CoordinatorWatch> watches = new ConcurrentHashMap<>();

  private final Cluster cluster = new Cluster();

  private WebAccess web;
  private ClientAccess clients;

  private volatile boolean closed;

  /**
   * Makes one that is not started.
   *
   * @param coordinators who is to be checked, now and later
   * @param used the protocols of the listeners that a coordinator serves
   */
  HealthChecker(
      Supplier<List<Coordinator>> coordinators,
      Function<Coordinator, Set<Protocol>> used,
      Supplier<CheckConfig> config,
      Sockets sockets,
      Effects effects) {
    this.coordinators = coordinators;
    this.used = used;
    this.config = config;
    this.sockets = sockets;
    this.effects = effects;
    loop = sockets.loop();
    web = WebAccess.of(config.get().web());
    clients = ClientAccess.of(config.get().login());
    follow();
  }

  /** Has one watch for each coordinator; returns those that are new. */
  private List<CoordinatorWatch> follow() {
    List<Coordinator> now = coordinators.get();
    List<CoordinatorWatch> added = new ArrayList<>();
    CheckConfig current = config.get();
    web = web.is(current.web()) ? web : WebAccess.of(current.web());
    clients = clients.is(current.login()) ? clients : ClientAccess.of(current.login());
    for (int i = 0; i < now.size(); i++) {
      Coordinator coordinator = now.get(i);
      CheckPlan plan = plan(coordinator, current);
      CoordinatorWatch before = watches.get(coordinator);
      if (before == null || !before.plan().equals(plan)) {
        if (before != null) {
          before.end();
        }
        int moments = Math.min(now.size(), MOST_MOMENTS);
        double phase = (double) (i % moments) / moments;
        CoordinatorWatch watch =
            new CoordinatorWatch(
                coordinator,
                plan,
                phase,
                before == null || before.enabled(),
                sockets,
                web,
                clients,
                cluster,
                effects);
        watches.put(coordinator, watch);
        added.add(watch);
      }
    }
    watches
        .values()
        .removeIf(watch -> {
          boolean gone = !now.contains(watch.coordinator());
          if (gone) {
            watch.end();
          }
          return gone;
        });
    return added;
  }

  private CheckPlan plan(Coordinator coordinator, CheckConfig current) {
    Set<Protocol> ports = ports(coordinator, used.apply(coordinator));
    return new CheckPlan(kind(current.type(), ports), ports, coordinator.config(), current);
  }

  /**
   * Makes one for the coordinators of a balancer; it is not started, and not yet added to the
   * balancer's listeners.
   *
   * @param group its next event loop is used, NIO or epoll
   */
  public static HealthChecker of(Balancer balancer, EventLoopGroup group) {
    return new HealthChecker(
        balancer::coordinators,
        coordinator -> used(coordinator, balancer.listeners()),
        () -> balancer.config().check(),
        Sockets.of(group.next()),
        new Effects() {
          @Override
          public void checked(Coordinator coordinator, CheckReport report) {
            balancer.events().checked(coordinator, report);
          }

          @Override
          public void pageFailed(Coordinator coordinator, String page, String result) {
            balancer.events().pageFailed(coordinator, page, result);
          }

          @Override
          public void resolveSoon(Coordinator coordinator) {
            balancer.resolveSoon(coordinator);
          }

          @Override
          public void closeSessions(Coordinator coordinator) {
            balancer.closeSessions(coordinator, Termination.COORDINATOR_DOWN);
          }
        });
  }

  private static Set<Protocol> used(Coordinator coordinator, List<Listener> listeners) {
    Set<Protocol> used = EnumSet.noneOf(Protocol.class);
    for (Listener listener : listeners) {
      if (listener.pool().members().stream()
          .map(Member::coordinator)
          .anyMatch(coordinator::equals)) {
        used.add(listener.config().protocol());
      }
    }
    return used;
  }

  /** Returns the ports that count: those in use, or of a coordinator without any use, all. */
  private static Set<Protocol> ports(Coordinator coordinator, Set<Protocol> used) {
    Set<Protocol> ports = EnumSet.noneOf(Protocol.class);
    ports.addAll(coordinator.config().ports().keySet());
    if (!used.isEmpty()) {
      ports.retainAll(used);
    }
    return ports;
  }

  private static CheckKind kind(CheckKind asked, Set<Protocol> ports) {
    if (asked != CheckKind.AUTO) {
      return asked;
    }
    boolean foreign = ports.equals(EnumSet.of(Protocol.TCP));
    return foreign ? CheckKind.TCP : CheckKind.IMPALA;
  }

  /**
   * Starts to check. Completes, on the event loop, when the first check of every coordinator has
   * ended; one in MAINT is not waited for.
   */
  public CompletionStage<Void> start() {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(
            watches.values().stream()
                .map(CoordinatorWatch::firstCheck)
                .toArray(CompletableFuture<?>[]::new));
    loop.execute(this::startAll);
    return all.minimalCompletionStage();
  }

  private void startAll() {
    int count = watches.size();
    int index = 0;
    for (Coordinator coordinator : coordinators.get()) {
      CoordinatorWatch watch = watches.get(coordinator);
      if (watch != null) {
        watch.start(
            count <= FIRST_AT_ONCE
                ? Duration.ZERO
                : FIRST_SPREAD.multipliedBy(index).dividedBy(count));
      }
      index++;
    }
  }

  /** Returns how a coordinator is checked: {@code none} if it is not. */
  public CheckKind kind(Coordinator coordinator) {
    CoordinatorWatch watch = watches.get(coordinator);
    return watch == null ? CheckKind.NONE : watch.kind();
  }

  /** Returns whether people let a coordinator be checked. */
  public boolean enabled(Coordinator coordinator) {
    CoordinatorWatch watch = watches.get(coordinator);
    return watch != null && watch.enabled();
  }

  /**
   * Ends or begins the checks of a coordinator, as HAProxy's {@code disable health}: its status
   * stays as it is meanwhile.
   *
   * @param reason who and why, for people
   */
  public void setEnabled(Coordinator coordinator, boolean enabled, String reason) {
    onWatch(coordinator, watch -> watch.setEnabled(enabled, reason));
  }

  /**
   * Makes a coordinator UP or DOWN, as HAProxy's {@code set server health}: until its checks, if
   * they go on, find something else.
   *
   * @param reason who and why, for people
   */
  public void force(Coordinator coordinator, boolean up, String reason) {
    onWatch(coordinator, watch -> watch.force(up, reason));
  }

  /** Acts on the watch that there is by then: another configuration may be on its way. */
  private void onWatch(Coordinator coordinator, Consumer<CoordinatorWatch> action) {
    loop.execute(() -> {
      CoordinatorWatch watch = watches.get(coordinator);
      if (watch != null) {
        action.accept(watch);
      }
    });
  }

  @Override
  public void partsChanged() {
    if (!closed) {
      loop.execute(() -> {
        if (!closed) {
          follow()
              .forEach(watch -> {
                watch.setNewcomer();
                watch.start(Duration.ZERO);
              });
        }
      });
    }
  }

  @Override
  public void connected(Coordinator coordinator, Protocol protocol) {
    CoordinatorWatch watch = watches.get(coordinator);
    if (watch != null) {
      watch.sessionConnected(protocol);
    }
  }

  @Override
  public void connectFailed(Coordinator coordinator, Protocol protocol, ConnectFailure failure) {
    CoordinatorWatch watch = watches.get(coordinator);
    if (watch != null) {
      watch.sessionConnectFailed(protocol, failure);
    }
  }

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    CoordinatorWatch watch = watches.get(event.coordinator());
    if (watch != null && !watch.ended() && event.axis() == CoordinatorEvent.Axis.ADMIN) {
      loop.execute(watch::adminChanged);
    }
  }

  /** Ends all checks and their timers, and waits for that; states stay as they are. */
  @Override
  public void close() {
    closed = true;
    if (loop.inEventLoop()) {
      watches.values().forEach(CoordinatorWatch::end);
      return;
    }
    try {
      loop.submit(() -> watches.values().forEach(CoordinatorWatch::end)).syncUninterruptibly();
    } catch (RejectedExecutionException ended) {
      // The loop has ended, and with it everything on it.
    }
  }
}
