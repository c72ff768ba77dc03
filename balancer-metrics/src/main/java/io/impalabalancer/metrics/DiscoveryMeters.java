package io.impalabalancer.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** The meters of discovery, read when they are asked for. */
final class DiscoveryMeters {
  private static final double MILLIS_PER_SECOND = 1e3;

  private DiscoveryMeters() {}

  /** Makes them. The gauges hold what the counters refer to weakly. */
  static void register(MeterRegistry registry, Supplier<Discovered> discovered) {
    Gauge.builder("discovery.coordinators", () -> discovered.get().coordinators())
        .description("Coordinators that are found now, beside those declared")
        .register(registry);
    Gauge.builder("discovery.problems", () -> discovered.get().problems())
        .description("What was wrong in the last round of discovery, or was passed over")
        .register(registry);
    Gauge.builder(
            "discovery.last.answer.timestamp",
            () -> discovered.get().answeredMillis() / MILLIS_PER_SECOND)
        .baseUnit("seconds")
        .description("When a round of discovery gave an answer last; 0 if none ever did")
        .register(registry);
    counter(registry, discovered, "ok", Discovered::rounds);
    counter(registry, discovered, "failed", Discovered::failures);
  }

  private static void counter(
      MeterRegistry registry,
      Supplier<Discovered> discovered,
      String result,
      ToLongFunction<Discovered> count) {
    FunctionCounter.builder("discovery.rounds", discovered, now -> count.applyAsLong(now.get()))
        .tag("result", result)
        .description("Rounds of discovery, by whether anybody gave an answer")
        .register(registry);
  }
}
