package io.impalabalancer.config;

import java.time.Duration;

/**
 * The timeouts of a listener's sessions. Each is positive, or {@link #INFINITE}.
 *
 * @param connect for one attempt to connect to a coordinator
 * @param firstBytes for a new client to say something
 * @param queue for a place on a coordinator, over all attempts
 * @param client without a byte from or to the client
 * @param server without a byte from or to the coordinator
 * @param clientFin as {@code client}, once the coordinator has ended its direction
 * @param serverFin as {@code server}, once the client has ended its direction
 */
public record Timeouts(
    Duration connect,
    Duration firstBytes,
    Duration queue,
    Duration client,
    Duration server,
    Duration clientFin,
    Duration serverFin) {

  /** No timeout; written {@code infinite}. */
  public static final Duration INFINITE = Duration.ofSeconds(Long.MAX_VALUE);

  /** Returns nanoseconds, {@link Long#MAX_VALUE} for {@link #INFINITE} and whatever exceeds it. */
  public static long toNanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException tooLong) {
      return Long.MAX_VALUE;
    }
  }
}
