package io.impalabalancer.metrics;

/**
 * How fast a counter grew over the last second, and the most in any second. Whoever owns it samples
 * it about once a second; any thread reads it.
 */
final class SecondRate {
  private static final double NANOS_PER_SECOND = 1e9;

  private long lastTotal;
  private long lastNanos;
  private long grewNanos;
  private boolean sampled;
  private volatile long rate;
  private volatile long max;
  private volatile boolean grewEver;

  /** Takes the counter as it is now. */
  void sample(long total, long nowNanos) {
    if (sampled && nowNanos > lastNanos) {
      long grown = total - lastTotal;
      rate = Math.round(grown * NANOS_PER_SECOND / (nowNanos - lastNanos));
      max = Math.max(max, rate);
      if (grown > 0) {
        grewNanos = nowNanos;
        grewEver = true;
      }
    }
    sampled = true;
    lastTotal = total;
    lastNanos = nowNanos;
  }

  long perSecond() {
    return rate;
  }

  long max() {
    return max;
  }

  void clearMax() {
    max = rate;
  }

  /** Returns the seconds since it grew last, -1 if it never did. */
  long secondsSince(long nowNanos) {
    return grewEver ? (long) ((nowNanos - grewNanos) / NANOS_PER_SECOND) : -1;
  }
}
