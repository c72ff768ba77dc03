package io.impalabalancer.health;

import io.impalabalancer.core.Coordinator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets the share of a coordinator that came UP, or has started anew, grow to 100 percent, in steps
 * of 5. Lives on one event loop.
 */
final class SlowStart {
  private static final int STEP_PERCENT = 5;

  private final Coordinator coordinator;
  private final EventLoop loop;
  private final Duration over;
  private @Nullable Future<?> timer;
  private boolean held;

  /**
   * Makes one that is not begun.
   *
   * @param over the time to the full share; zero: at once
   */
  SlowStart(Coordinator coordinator, Duration over, EventLoop loop) {
    this.coordinator = coordinator;
    this.loop = loop;
    this.over = over;
  }

  /** Begins with the smallest share, unless one is under way. */
  void begin() {
    if (timer == null && !held) {
      begin(over);
    }
  }

  /** Begins anew with the smallest share, to grow over another time. */
  void begin(Duration time) {
    end();
    if (time.isZero()) {
      coordinator.setSharePercent(100);
    } else {
      coordinator.setSharePercent(1);
      next(STEP_PERCENT, stepNanos(time));
    }
  }

  /** Gives the smallest share until it is begun. */
  void hold() {
    end();
    held = true;
    coordinator.setSharePercent(1);
  }

  /** Goes on from the share that the coordinator has. */
  void goOn() {
    int share = coordinator.sharePercent();
    if (over.isZero()) {
      coordinator.setSharePercent(100);
    } else if (share < 100) {
      next((share / STEP_PERCENT + 1) * STEP_PERCENT, stepNanos(over));
    }
  }

  private static long stepNanos(Duration time) {
    return time.toNanos() * STEP_PERCENT / 100;
  }

  private void next(int percent, long stepNanos) {
    timer =
        loop.schedule(
            () -> {
              timer = null;
              coordinator.setSharePercent(percent);
              if (percent < 100) {
                next(percent + STEP_PERCENT, stepNanos);
              }
            },
            stepNanos,
            TimeUnit.NANOSECONDS);
  }

  /** Ends it; the share stays as it is. */
  void end() {
    held = false;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
