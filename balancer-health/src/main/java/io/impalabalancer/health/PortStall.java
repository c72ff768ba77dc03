package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Timeouts;
import java.time.Duration;

/**
 * Whether one port takes connections and does not get on with them: by the queue of those that wait
 * to be set up, as the page says, by sessions that get no first answer, or by its {@link
 * PortCheck}. It ends with that, but after {@code downinter} at the earliest, and later each time
 * it comes back soon: every end costs clients if it was none. Knows neither sockets nor the clock.
 * Lives on one event loop.
 */
final class PortStall {
  private static final Duration HOLD_MOST = Duration.ofMinutes(1);

  private final CheckConfig check;
  private String reason = "";
  private int calm;
  private long sinceNanos;
  private long endedNanos;
  private long holdNanos;

  /** Makes one that is not stalled. */
  PortStall(CheckConfig check) {
    this.check = check;
    holdNanos = check.downinter().toNanos();
    endedNanos = Long.MIN_VALUE / 2;
  }

  /**
   * Takes what is known now.
   *
   * @param setupQueue -1 if it is not known
   * @param silence how long nobody of those unanswered was answered
   * @param checked why its check says that it is silent, empty if it does not
   * @return why it is stalled, empty if it is not
   */
  String judge(long setupQueue, int unanswered, Duration silence, String checked, long nowNanos) {
    String now = checked;
    if (setupQueue >= check.verdict().setupQueue()) {
      now = waiting(setupQueue);
    } else if (silence.toNanos() >= Timeouts.toNanos(check.verdict().stallAfter())) {
      now =
          "none of %d sessions got a first answer for %d s"
              .formatted(unanswered, silence.toSeconds());
    }
    if (reason.isEmpty()) {
      if (!now.isEmpty()) {
        begin(now, nowNanos);
      }
      return reason;
    }
    boolean atRest = now.isEmpty() && setupQueue <= 0 && unanswered == 0;
    calm = atRest ? calm + 1 : 0;
    if (calm >= check.rise() && nowNanos - sinceNanos >= holdNanos) {
      reason = "";
      endedNanos = nowNanos;
    }
    return reason;
  }

  /** Returns how many connections wait to be set up, for people. */
  static String waiting(long setupQueue) {
    return setupQueue
        + (setupQueue == 1 ? " connection waits" : " connections wait")
        + " to be set up";
  }

  private void begin(String why, long nowNanos) {
    reason = why;
    calm = 0;
    sinceNanos = nowNanos;
    boolean again = nowNanos - endedNanos < HOLD_MOST.toNanos();
    long least = check.downinter().toNanos();
    holdNanos = again ? Math.min(2 * holdNanos, HOLD_MOST.toNanos()) : least;
  }
}
