package io.impalabalancer.simulator;

import java.time.Duration;

/**
 * A graceful shutdown that has begun ({@code ImpalaServer::StartShutdown}). It cannot be undone;
 * the deadline can only come nearer.
 *
 * @param graceEnd when the grace period is over, as {@link System#nanoTime}
 * @param deadline when the process ends at the latest, as {@link System#nanoTime}
 */
record Shutdown(long graceEnd, long deadline) {

  static Shutdown begin(long nowNanos, Duration grace, Duration deadline) {
    return new Shutdown(nowNanos + grace.toNanos(), nowNanos + deadline.toNanos());
  }

  /** The same with a nearer deadline; a later one changes nothing. */
  Shutdown by(long nowNanos, Duration otherDeadline) {
    long other = nowNanos + otherDeadline.toNanos();
    return other - deadline < 0 ? new Shutdown(graceEnd, other) : this;
  }

  /** Whether the process ends now ({@code ShutdownThread}). */
  boolean isOver(long nowNanos, long registered, long executing) {
    return deadline - nowNanos <= 0
        || (graceEnd - nowNanos <= 0 && registered == 0 && executing == 0);
  }

  /** Impala's words for it ({@code ShutdownStatusToString}; one fragment a query). */
  String status(long nowNanos, long registered, long executing) {
    return String.format(
        "shutdown grace period left: %s, deadline left: %s, queries registered on coordinator: %d,"
            + " queries executing: %d, fragment instances: %d",
        PrettyPrinter.millis(millis(graceEnd - nowNanos)),
        PrettyPrinter.millis(millis(deadline - nowNanos)),
        registered,
        executing,
        executing);
  }

  private static long millis(long nanos) {
    return Math.max(0, nanos / 1_000_000);
  }
}
