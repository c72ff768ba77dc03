package io.impalabalancer.metrics;

import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.SessionView;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one balancer, in a registry of their own; {@code docs/metrics.md} lists them. What
 * the core counts already is read when it is asked for; the rest is counted here, in meters that
 * are made before they are needed, so that an event on a loop costs a look-up by identity and an
 * addition. They follow the balancer from one configuration to the next: what stays keeps its
 * series.
 *
 * <p>Any thread. Add it to the balancer before {@link Balancer#open}.
 */
public final class BalancerMetrics implements BalancerListener, AutoCloseable {
  private static final String PREFIX = "impala.balancer.";
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";
  private static final double NANOS_PER_SECOND = 1e9;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT).throwExceptionOnRegistrationFailure();

  private final Balancer balancer;
  private final Map<Listener, ListenerMeters> listeners = new ConcurrentHashMap<>();
  private final Map<Coordinator, CoordinatorMeters> coordinators = new ConcurrentHashMap<>();
  private final ReloadMeters reloads;
  private boolean closed;

  /** Held here because a function counter refers to its object weakly. */
  private final LongSupplier droppedLines;

  /**
   * Whether the meters of the process were made. The first scrape does it: what they read takes
   * long to load, and a start need not wait for it.
   */
  private final AtomicBoolean processMeters = new AtomicBoolean();

  private final String version;

  /**
   * Makes the meters of a balancer.
   *
   * @param version the program's version, for {@code build_info}
   * @param droppedLines how many lines the session log has dropped, {@link SessionLog#dropped}
   */
  public BalancerMetrics(Balancer balancer, String version, LongSupplier droppedLines) {
    this.version = version;
    registry.config().meterFilter(prefixed());
    this.balancer = balancer;
    reloads = new ReloadMeters(registry);
    partsChanged();
    Gauge.builder("buffer.held", balancer::heldBytes)
        .baseUnit(BaseUnits.BYTES)
        .description("Bytes read and not yet written, of all sessions")
        .register(registry);
    FunctionCounter.builder("spliced", balancer, Balancer::splicedBytes)
        .baseUnit(BaseUnits.BYTES)
        .description("Bytes that the kernel moved from socket to socket without a copy")
        .register(registry);
    Gauge.builder("loop.lag", () -> balancer.loopLagNanos() / NANOS_PER_SECOND)
        .baseUnit("seconds")
        .description("How late the event loops were when last probed, the worst of them")
        .register(registry);
    this.droppedLines = droppedLines;
    FunctionCounter.builder(
            "session.log.dropped.lines", this, metrics -> metrics.droppedLines.getAsLong())
        .description("Lines that the session log dropped because its disk or reader was slow")
        .register(registry);
  }

  /** Makes the meters of discovery, once. */
  public void setDiscovery(Supplier<Discovered> discovered) {
    DiscoveryMeters.register(registry, discovered);
  }

  /** Puts the prefix before every name. */
  private static MeterFilter prefixed() {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        return id.withName(PREFIX + id.getName());
      }
    };
  }

  /**
   * Renders all metrics.
   *
   * @param accept the {@code Accept} header of the request; OpenMetrics is given only if it is
   *     asked for there, else Prometheus' text format 0.0.4
   */
  public Scrape scrape(@Nullable String accept) {
    if (processMeters.compareAndSet(false, true)) {
      ProcessMeters.register(version, registry);
    }
    boolean openMetrics = accept != null && accept.contains("application/openmetrics-text");
    String contentType = openMetrics ? OPEN_METRICS : TEXT;
    return new Scrape(contentType, registry.scrape(contentType));
  }

  /** Makes the meters of who is new, and removes those of who has left. */
  @Override
  public synchronized void partsChanged() {
    if (closed) {
      return;
    }
    List<Coordinator> coordinatorsNow = balancer.coordinators();
    List<Listener> listenersNow = balancer.listeners();
    coordinators
        .keySet()
        .removeIf(c -> !coordinatorsNow.contains(c) && remove("coordinator", c.name()));
    listeners.keySet().removeIf(l -> !listenersNow.contains(l) && remove("listener", l.name()));
    coordinatorsNow.forEach(
        c -> coordinators.computeIfAbsent(c, n -> new CoordinatorMeters(n, registry)).follow());
    for (Listener listener : listenersNow) {
      listeners
          .computeIfAbsent(listener, n -> new ListenerMeters(n, registry))
          .follow(coordinatorsNow);
    }
  }

  private boolean remove(String kind, String name) {
    registry.getMeters().stream()
        .filter(meter -> name.equals(meter.getId().getTag(kind)))
        .forEach(registry::remove);
    return true;
  }

  /**
   * Counts a reload.
   *
   * @param ok whether the balancer went over to what the file says
   * @param hash of the configuration in force
   */
  public void reloaded(boolean ok, String hash) {
    reloads.ended(ok, hash);
  }

  /** Says which configuration is in force at the start. */
  public void started(String hash) {
    reloads.loaded(hash);
  }

  @Override
  public void sessionAssigned(SessionView session) {
    ListenerMeters meters = listeners.get(session.listener());
    if (meters != null) {
      meters.assigned(session);
    }
  }

  @Override
  public void sessionEnded(SessionView session) {
    ListenerMeters meters = listeners.get(session.listener());
    if (meters != null) {
      meters.ended(session);
    }
  }

  @Override
  public void connectFailed(Coordinator coordinator, Protocol protocol, ConnectFailure failure) {
    CoordinatorMeters meters = coordinators.get(coordinator);
    if (meters != null) {
      meters.connectFailed(protocol, failure);
    }
  }

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    CoordinatorMeters meters = coordinators.get(event.coordinator());
    if (meters != null) {
      meters.changed(event.axis());
    }
  }

  @Override
  public void checked(Coordinator coordinator, CheckReport report) {
    CoordinatorMeters meters = coordinators.get(coordinator);
    if (meters != null) {
      meters.checked(report);
    }
  }

  @Override
  public void pageFailed(Coordinator coordinator, String page, String result) {
    CoordinatorMeters meters = coordinators.get(coordinator);
    if (meters != null) {
      meters.pageFailed(page, result);
    }
  }

  /** Removes every meter; events that still come are counted nowhere. */
  @Override
  public synchronized void close() {
    closed = true;
    registry.clear();
    registry.close();
  }
}
