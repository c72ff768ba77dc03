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
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The meters of one listener, and those of its sessions on each member of its pool. Any thread. */
final class ListenerMeters {
  private final Timer queueWait;
  private final SessionMeters withoutCoordinator;
  private final Map<Coordinator, SessionMeters> onCoordinator = new HashMap<>();

  ListenerMeters(Listener listener, MeterRegistry registry) {
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
    for (Member member : listener.pool().members()) {
      Coordinator coordinator = member.coordinator();
      SessionMeters meters = new SessionMeters(name, coordinator.name(), registry);
      meters.read(member, listener.counters(coordinator));
      onCoordinator.put(coordinator, meters);
    }
  }

  private static Gauge.Builder<?> gauge(String name, String listener, Supplier<Number> value) {
    return Gauge.builder(name, value).tag("listener", listener);
  }

  /** Counts a session whose coordinator connection is up. */
  void assigned(SessionView session) {
    if (session.queueNanos() > 0) {
      queueWait.record(session.queueNanos(), TimeUnit.NANOSECONDS);
    }
    meters(session.coordinator()).assigned(session);
  }

  /** Counts a session that has ended. */
  void ended(SessionView session) {
    meters(session.coordinator()).ended(session);
  }

  private SessionMeters meters(@Nullable Coordinator coordinator) {
    return coordinator == null
        ? withoutCoordinator
        : onCoordinator.getOrDefault(coordinator, withoutCoordinator);
  }
}
