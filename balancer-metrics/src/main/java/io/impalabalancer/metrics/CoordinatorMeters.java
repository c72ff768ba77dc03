package io.impalabalancer.metrics;

import static java.util.Objects.requireNonNull;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.search.Search;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** The meters of one coordinator over all listeners: its states and its checks. Any thread. */
final class CoordinatorMeters {
  private static final double MILLIS_PER_SECOND = 1e3;

  private final MeterRegistry registry;
  private final Clock clock;
  private final Tags tags;

  private final Coordinator coordinator;
  private final Map<Protocol, Map<ConnectFailure, Counter>> connectErrors =
      new ConcurrentHashMap<>();

  /** Milliseconds since 1970. */
  private final Map<CoordinatorEvent.Axis, AtomicLong> changedMillis =
      new EnumMap<>(CoordinatorEvent.Axis.class);

  private final Map<String, Counter> checks = new ConcurrentHashMap<>();
  private final Timer checkDuration;

  CoordinatorMeters(Coordinator coordinator, MeterRegistry registry) {
    this.coordinator = coordinator;
    this.registry = registry;
    clock = registry.config().clock();
    tags = Tags.of("coordinator", coordinator.name());
    registerStates(coordinator);
    registerLoad(coordinator);
    checkDuration =
        Timer.builder("coordinator.check.duration")
            .tags(tags)
            .description("Time that checks took")
            .register(registry);
    checks.put("ok", check("ok"));
  }

  private void registerStates(Coordinator coordinator) {
    for (Coordinator.Status status : Coordinator.Status.values()) {
      flag(
          "coordinator.status",
          "What checks say of the process: 1 for the state that it is in",
          tags.and("state", lowerCase(status)),
          () -> coordinator.status() == status);
    }
    for (AdminState state : AdminState.values()) {
      flag(
          "coordinator.admin",
          "What people say: 1 for the state that it is in",
          tags.and("state", state.word()),
          () -> coordinator.adminState() == state);
    }
    flag(
        "coordinator.resolved",
        "1 once its host has an address",
        tags,
        () -> coordinator.address() != null);
    for (CoordinatorEvent.Axis axis : CoordinatorEvent.Axis.values()) {
      AtomicLong millis = new AtomicLong(clock.wallTime());
      changedMillis.put(axis, millis);
      Gauge.builder("coordinator.changed.timestamp", () -> millis.get() / MILLIS_PER_SECOND)
          .tags(tags.and("axis", lowerCase(axis)))
          .baseUnit("seconds")
          .description("When the state changed last, or else when the balancer started")
          .register(registry);
    }
  }

  /** Makes the meters of the ports that are offered now, and removes those of the others. */
  final void follow() {
    for (Protocol protocol : Protocol.values()) {
      boolean offered = coordinator.config().port(protocol).isPresent();
      if (offered && !connectErrors.containsKey(protocol)) {
        flag(
            "coordinator.port.open",
            "1 while the port is open, as far as known",
            tags.and("protocol", protocol.word()),
            () -> coordinator.isOpen(protocol));
        connectErrors.put(protocol, connectErrors(protocol));
      } else if (!offered && connectErrors.remove(protocol) != null) {
        Search.in(registry)
            .tags(tags.and("protocol", protocol.word()))
            .meters()
            .forEach(registry::remove);
      }
    }
  }

  private void registerLoad(Coordinator coordinator) {
    Gauge.builder("coordinator.share", () -> coordinator.sharePercent() / 100.0)
        .tags(tags)
        .baseUnit("ratio")
        .description("Share of its weight that it has now; below 1 while it starts slowly")
        .register(registry);
    Gauge.builder("coordinator.sessions", coordinator::sessions)
        .tags(tags)
        .description("Sessions that hold a slot now, over all listeners and ports")
        .register(registry);
    Gauge.builder("coordinator.session.limit", coordinator::maxconn)
        .tags(tags)
        .description("Most sessions at once over all listeners and ports; 0 means no limit")
        .register(registry);
  }

  private void flag(String name, String description, Tags tags, BooleanSupplier value) {
    Gauge.builder(name, () -> value.getAsBoolean() ? 1 : 0)
        .tags(tags)
        .description(description)
        .register(registry);
  }

  private Map<ConnectFailure, Counter> connectErrors(Protocol protocol) {
    Map<ConnectFailure, Counter> counters = new EnumMap<>(ConnectFailure.class);
    for (ConnectFailure failure : ConnectFailure.values()) {
      counters.put(
          failure,
          Counter.builder("coordinator.connect.errors")
              .tags(tags.and("protocol", protocol.word(), "reason", failure.word()))
              .description("Failed attempts of sessions to connect, by why")
              .register(registry));
    }
    return counters;
  }

  private Counter check(String result) {
    return Counter.builder("coordinator.checks")
        .tags(tags.and("result", result))
        .description("Checks ended, by result")
        .register(registry);
  }

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  void connectFailed(Protocol protocol, ConnectFailure failure) {
    Map<ConnectFailure, Counter> counters = connectErrors.get(protocol);
    if (counters != null) {
      requireNonNull(counters.get(failure)).increment();
    }
  }

  void changed(CoordinatorEvent.Axis axis) {
    requireNonNull(changedMillis.get(axis)).set(clock.wallTime());
  }

  void checked(CheckReport report) {
    checks.computeIfAbsent(report.result(), this::check).increment();
    checkDuration.record(report.durationNanos(), TimeUnit.NANOSECONDS);
  }
}
