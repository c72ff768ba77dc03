package io.impalabalancer.metrics;

import static java.util.Objects.requireNonNull;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.Verdict;
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
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The meters of one coordinator over all listeners: its states and its checks. Any thread. */
final class CoordinatorMeters {
  private static final double MILLIS_PER_SECOND = 1e3;
  private static final Facts.Port NO_PORT =
      new Facts.Port(Facts.UNKNOWN, Facts.UNKNOWN, Facts.UNKNOWN);

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
    registerFacts();
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
    for (Verdict verdict : Verdict.values()) {
      flag(
          "coordinator.verdict",
          "What it says of itself: 1 for the verdict that it is under",
          tags.and("verdict", verdict.word()),
          () -> coordinator.verdict() == verdict);
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
        registerPort(protocol);
        connectErrors.put(protocol, connectErrors(protocol));
      } else if (!offered && connectErrors.remove(protocol) != null) {
        Search.in(registry)
            .tags(tags.and("protocol", protocol.word()))
            .meters()
            .forEach(registry::remove);
      }
    }
  }

  private void registerPort(Protocol protocol) {
    Tags port = tags.and("protocol", protocol.word());
    flag(
        "coordinator.port.stalled",
        "1 while the port takes connections and does not get on with them",
        port,
        () -> coordinator.verdict(protocol) == Verdict.STALLED);
    Gauge.builder("coordinator.port.sessions", () -> coordinator.slots().taken(protocol))
        .tags(port)
        .description("Sessions that hold a slot at the port now")
        .register(registry);
    Gauge.builder("coordinator.port.session.limit", () -> limit(protocol))
        .tags(port)
        .description("Most sessions at the port at once; 0 means no limit of its own is known")
        .register(registry);
    known(
        "coordinator.port.connections",
        "Connections at the port, of whomever, as its page says",
        port,
        null,
        facts -> ofPort(facts, protocol).inUse());
    known(
        "coordinator.port.setup.queue",
        "Connections that wait at the port to be set up, as its page says",
        port,
        null,
        facts -> ofPort(facts, protocol).setupQueue());
  }

  private int limit(Protocol protocol) {
    int limit = coordinator.slots().limit(protocol);
    return limit == Integer.MAX_VALUE ? 0 : limit;
  }

  private static Facts.Port ofPort(Facts facts, Protocol protocol) {
    Facts.Port port = facts.ports().get(protocol);
    return port == null ? NO_PORT : port;
  }

  /** Makes a gauge of what the pages say; not a number while they are silent. */
  private void known(
      String name,
      String description,
      Tags tags,
      @Nullable String unit,
      ToDoubleFunction<Facts> fact) {
    Gauge.builder(
            name,
            () -> {
              double value = fact.applyAsDouble(coordinator.facts());
              return value < 0 ? Double.NaN : value;
            })
        .tags(tags)
        .baseUnit(unit)
        .description(description)
        .register(registry);
  }

  private void registerFacts() {
    known(
        "coordinator.queries.registered",
        "Queries that it coordinates, as its page says",
        tags,
        null,
        Facts::queriesRegistered);
    known(
        "coordinator.queries.executing",
        "Queries that execute there, of any coordinator, as its page says",
        tags,
        null,
        Facts::queriesExecuting);
    known(
        "coordinator.queries.queued",
        "Queries that wait there for admission, as its page says",
        tags,
        null,
        Facts::queriesQueued);
    known(
        "coordinator.catalog.lag",
        "Catalog versions behind the newest coordinator",
        tags,
        null,
        Facts::catalogLag);
    known(
        "coordinator.catalog.cache.hits",
        "Hit rate of its catalog cache, as its page says",
        tags,
        "ratio",
        facts -> facts.cacheHitPercent() / 100.0);
    known(
        "coordinator.memory.used",
        "Memory that its process uses, as its page says",
        tags,
        "bytes",
        Facts::memoryBytes);
    known(
        "coordinator.memory.limit",
        "Memory limit of its process, as its page says",
        tags,
        "bytes",
        Facts::memoryLimitBytes);
  }

  void pageFailed(String page, String result) {
    Counter.builder("coordinator.page.failures")
        .tags(tags.and("page", page, "result", result))
        .description("Web pages that could not be read, or say what cannot be, by why")
        .register(registry)
        .increment();
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
