package io.impalabalancer.health;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tries a closed port by a bare connect, the first after {@code downinter}, then one every {@code
 * downinter} until one succeeds. Lives on one event loop.
 */
final class PortTrial {
  private final EventLoop loop;
  private final Duration downinter;
  private final Function<Consumer<CheckResult>, Probe> connect;
  private final Runnable opened;
  private @Nullable Future<?> timer;
  private @Nullable Probe probe;

  /**
   * Makes one that is not begun.
   *
   * @param connect starts one connect
   * @param opened told once, when a connect succeeded
   */
  PortTrial(
      EventLoop loop,
      Duration downinter,
      Function<Consumer<CheckResult>, Probe> connect,
      Runnable opened) {
    this.loop = loop;
    this.downinter = downinter;
    this.connect = connect;
    this.opened = opened;
  }

  /** Waits for the next trial. */
  void begin() {
    timer = loop.schedule(this::attempt, downinter.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void attempt() {
    probe = connect.apply(this::ended);
  }

  private void ended(CheckResult result) {
    probe = null;
    if (result.ok()) {
      opened.run();
    } else {
      begin();
    }
  }

  /** Ends it, whatever it does. */
  void end() {
    if (timer != null) {
      timer.cancel(false);
    }
    if (probe != null) {
      probe.cancel();
      probe = null;
    }
  }
}
