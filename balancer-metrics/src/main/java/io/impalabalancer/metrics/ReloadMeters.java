package io.impalabalancer.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

/** The meters of reloads, and of the configuration in force. Any thread. */
final class ReloadMeters {
  private static final double MILLIS_PER_SECOND = 1e3;

  private final MeterRegistry registry;
  private final Counter ok;
  private final Counter refused;
  private volatile boolean lastOk = true;
  private volatile long lastMillis;
  private @Nullable Gauge config;

  ReloadMeters(MeterRegistry registry) {
    this.registry = registry;
    lastMillis = registry.config().clock().wallTime();
    ok = counter("ok");
    refused = counter("refused");
    Gauge.builder("last.reload.success", () -> lastOk ? 1 : 0)
        .description("1 if the configuration in force is what the last reload asked for")
        .register(registry);
    Gauge.builder("last.reload.timestamp", () -> lastMillis / MILLIS_PER_SECOND)
        .baseUnit("seconds")
        .description("When the last reload ended, or else when the balancer started")
        .register(registry);
  }

  private Counter counter(String result) {
    return Counter.builder("reloads")
        .tag("result", result)
        .description("Reloads asked for, by result")
        .register(registry);
  }

  void ended(boolean success, String hash) {
    (success ? ok : refused).increment();
    lastOk = success;
    lastMillis = registry.config().clock().wallTime();
    loaded(hash);
  }

  synchronized void loaded(String hash) {
    Gauge before = config;
    if (before != null && hash.equals(before.getId().getTag("hash"))) {
      return;
    }
    if (before != null) {
      registry.remove(before);
    }
    config =
        Gauge.builder("config.info", () -> 1)
            .tag("hash", hash)
            .description("The configuration in force; always 1")
            .register(registry);
  }
}
