package io.impalabalancer.metrics;

import static java.util.Objects.requireNonNull;

import io.impalabalancer.core.SessionCounters;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.BaseUnits;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The meters of one listener's sessions on one coordinator, or of those that never had one. Any
 * thread.
 */
final class SessionMeters {
  private final MeterRegistry registry;
  private final Tags tags;

  private final Map<Termination, Counter> ended = new EnumMap<>(Termination.class);

  private final Timer connect;
  private final Timer duration;

  /**
   * Makes the meters that are counted here.
   *
   * @param coordinator empty for sessions that never had one
   */
  SessionMeters(String listener, String coordinator, MeterRegistry registry) {
    this.registry = registry;
    tags = Tags.of("listener", listener, "coordinator", coordinator);
    for (Termination termination : Termination.values()) {
      ended.put(
          termination,
          Counter.builder("sessions.ended")
              .tags(tags.and("termination", termination.word()))
              .description("Sessions ended, by how")
              .register(registry));
    }
    connect =
        Timer.builder("session.connect")
            .tags(tags)
            .description("Time that coordinator connections took over all attempts, less the wait")
            .serviceLevelObjectives(
                Duration.ofMillis(1),
                Duration.ofMillis(5),
                Duration.ofMillis(25),
                Duration.ofMillis(100),
                Duration.ofMillis(500),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5))
            .register(registry);
    duration =
        Timer.builder("session.duration")
            .tags(tags)
            .description("Time from accept to end of the sessions that have ended")
            .serviceLevelObjectives(
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                Duration.ofMinutes(1),
                Duration.ofMinutes(10),
                Duration.ofHours(1),
                Duration.ofHours(12))
            .register(registry);
  }

  /** Adds the meters of what the core keeps: a member's weight and its sessions. */
  void read(Supplier<Number> weight, SessionCounters counters) {
    Gauge.builder("sessions", counters::sessions)
        .tags(tags)
        .description("Sessions that hold a slot now")
        .register(registry);
    Gauge.builder("sessions.peak", counters::sessionsPeak)
        .tags(tags)
        .description("Most sessions that held a slot at once since the start")
        .register(registry);
    Gauge.builder("member.weight", weight)
        .tags(tags)
        .description("Weight in the listener's pool, slow start apart; 0 if not in it any more")
        .register(registry);
    counter("sessions.assigned", counters, SessionCounters::assigned)
        .description("Sessions whose coordinator connection came up")
        .register(registry);
    counter("session.retries", counters, SessionCounters::retries)
        .description("Attempts to connect after a failed one, counted where that failed")
        .register(registry);
    counter("session.connect.errors", counters, SessionCounters::connectErrors)
        .description("Failed attempts to connect")
        .register(registry);
    counter("session.relayed", counters, SessionCounters::bytesToClient)
        .tag("direction", "to-client")
        .baseUnit(BaseUnits.BYTES)
        .description("Bytes written, running sessions included")
        .register(registry);
    counter("session.relayed", counters, SessionCounters::bytesToCoordinator)
        .tag("direction", "to-coordinator")
        .baseUnit(BaseUnits.BYTES)
        .description("Bytes written, running sessions included")
        .register(registry);
  }

  private FunctionCounter.Builder<SessionCounters> counter(
      String name, SessionCounters counters, ToDoubleFunction<SessionCounters> value) {
    return FunctionCounter.builder(name, counters, value).tags(tags);
  }

  void assigned(SessionView session) {
    connect.record(session.connectNanos(), TimeUnit.NANOSECONDS);
  }

  void ended(SessionView session) {
    Termination termination = requireNonNull(session.termination(), "termination");
    requireNonNull(ended.get(termination)).increment();
    duration.record(session.durationNanos(), TimeUnit.NANOSECONDS);
  }
}
