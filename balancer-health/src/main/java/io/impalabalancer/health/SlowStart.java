package io.impalabalancer.health;

import io.impalabalancer.core.Coordinator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets the share of a coordinator that came UP grow to 100 percent, in steps of 5. Lives on one
 * event loop.
 */
final class SlowStart {
  private static final int STEP_PERCENT = 5;

  private final Coordinator coordinator;
  private final EventLoop loop;
  private final long stepNanos;
  private @Nullable Future<?> timer;

  /**
   * Makes one that is not begun.
   *
   * @param over the time to the full share; zero: at once
   */
  SlowStart(Coordinator coordinator, Duration over, EventLoop loop) {
    this.coordinator = coordinator;
    this.loop = loop;
    stepNanos = over.toNanos() * STEP_PERCENT / 100;
  }

  /** Begins with the smallest share. */
  void begin() {
    end();
    if (stepNanos > 0) {
      coordinator.setSharePercent(1);
      next(STEP_PERCENT);
    }
  }

  /** Goes on from the share that the coordinator has. */
  void goOn() {
    int share = coordinator.sharePercent();
    if (stepNanos == 0) {
      coordinator.setSharePercent(100);
    } else if (share < 100) {
      next((share / STEP_PERCENT + 1) * STEP_PERCENT);
    }
  }

  private void next(int percent) {
    timer =
        loop.schedule(
            () -> {
              coordinator.setSharePercent(percent);
              if (percent < 100) {
                next(percent + STEP_PERCENT);
              }
            },
            stepNanos,
            TimeUnit.NANOSECONDS);
  }

  /** Ends it; the share stays as it is. */
  void end() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}
