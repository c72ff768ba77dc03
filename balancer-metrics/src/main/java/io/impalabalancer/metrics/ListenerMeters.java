package io.impalabalancer.metrics;

import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.SessionView;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The meters of one listener, and those of its sessions on each member of its pool. Any thread. */
final class ListenerMeters {
  private final Listener listener;
  private final MeterRegistry registry;
  private final Timer queueWait;
  private final SessionMeters withoutCoordinator;
  private final Map<Coordinator, SessionMeters> onCoordinator = new ConcurrentHashMap<>();

  ListenerMeters(Listener listener, MeterRegistry registry) {
    this.listener = listener;
    this.registry = registry;
    String name = listener.name();
    gauge("listener.sessions", name, listener::sessions)
        .description("Sessions now, from accept to end")
        .register(registry);
    gauge("listener.session.limit", name, listener::maxconn)
        .description("Most sessions at once; above it the kernel holds new clients")
        .register(registry);
    gauge("listener.queued.sessions", name, listener::queued)
        .description("Sessions that wait for a free slot now")
        .register(registry);
    gauge("listener.available", name, () -> listener.available() ? 1 : 0)
        .description("1 while a member of its pool is usable")
        .register(registry);
    gauge("listener.top.source.ratio", name, listener::topSourceShare)
        .description("Share of a source listener's sessions that one client address has")
        .register(registry);
    gauge("listener.verdicts.overruled", name, () -> listener.overruled() ? 1 : 0)
        .description("1 while clients go to coordinators whose verdicts say no: nobody is better")
        .register(registry);
    FunctionCounter.builder("listener.accepted.connections", listener, Listener::accepted)
        .tag("listener", name)
        .description("Connections accepted")
        .register(registry);
    queueWait =
        Timer.builder("listener.queue.wait")
            .tag("listener", name)
            .description("Wait for a free slot, of the sessions that waited and got one")
            .serviceLevelObjectives(
                Duration.ofMillis(10),
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30))
            .register(registry);
    withoutCoordinator = new SessionMeters(name, "", registry);
  }

  /** Makes the meters of members that are new, and forgets coordinators that have left. */
  void follow(List<Coordinator> coordinators) {
    onCoordinator.keySet().retainAll(coordinators);
    for (Member member : listener.pool().members()) {
      onCoordinator.computeIfAbsent(member.coordinator(), this::meters);
    }
  }

  private SessionMeters meters(Coordinator coordinator) {
    SessionMeters meters = new SessionMeters(listener.name(), coordinator.name(), registry);
    meters.read(() -> weight(coordinator), listener.counters(coordinator));
    return meters;
  }

  private int weight(Coordinator coordinator) {
    return listener.pool().members().stream()
        .filter(member -> member.coordinator().equals(coordinator))
        .mapToInt(Member::weight)
        .findFirst()
        .orElse(0);
  }

  private static Gauge.Builder<?> gauge(String name, String listener, Supplier<Number> value) {
    return Gauge.builder(name, value).tag("listener", listener);
  }

  /** Counts a session whose coordinator connection is up. */
  void assigned(SessionView session) {
    if (session.queueNanos() > 0) {
      queueWait.record(session.queueNanos(), TimeUnit.NANOSECONDS);
    }
    metersOf(session.coordinator()).assigned(session);
  }

  /** Counts a session that has ended. */
  void ended(SessionView session) {
    metersOf(session.coordinator()).ended(session);
  }

  private SessionMeters metersOf(@Nullable Coordinator coordinator) {
    return coordinator == null
        ? withoutCoordinator
        : onCoordinator.getOrDefault(coordinator, withoutCoordinator);
  }
}
