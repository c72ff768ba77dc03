package io.impalabalancer.cli;

import io.impalabalancer.metrics.UnixDatagrams;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the process tells systemd of itself: the protocol of {@code sd_notify(3)}. It tells nobody
 * where the environment has no {@code NOTIFY_SOCKET}. Any thread; nothing here waits or throws.
 *
 * <p>With {@code WATCHDOG_USEC} it feeds the watchdog, as long as every event loop answers: a loop
 * that does not, or the timer's own loop, lets it starve. A process that is started to take over
 * must not inherit {@code WATCHDOG_PID}, which names its predecessor.
 */
final class Notify implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Notify.class);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** How much longer than the unit says an ordered end may take; asked for anew at each turn. */
  private static final Duration EXTENSION = LONGEST_PAUSE.multipliedBy(6);

  private final Duration watchdog;
  private @Nullable UnixDatagrams systemd;
  private @Nullable ScheduledFuture<?> turns;
  private String status = "";
  private boolean stopping;
  private boolean failed;

  /**
   * Returns the one that a process's environment asks for.
   *
   * @param pid of the process
   */
  static Notify of(Map<String, String> environment, long pid) {
    String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
    try {
      return new Notify(
          socket.isEmpty() ? null : new UnixDatagrams(socket), watchdog(environment, pid));
    } catch (IOException e) {
      LOG.warn("event=notify-failed socket={} reason=\"{}\"", socket, e.getMessage());
      return new Notify(null, Duration.ZERO);
    }
  }

  private static Duration watchdog(Map<String, String> environment, long pid) {
    String of = environment.getOrDefault("WATCHDOG_PID", "");
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    boolean ours = of.isEmpty() || of.equals(Long.toString(pid));
    return ours && micros.matches("\\d{1,15}")
        ? Duration.of(Long.parseLong(micros), ChronoUnit.MICROS)
        : Duration.ZERO;
  }

  private Notify(@Nullable UnixDatagrams systemd, Duration watchdog) {
    this.systemd = systemd;
    this.watchdog = watchdog;
  }

  /**
   * Says that the process serves, and from now on what it does.
   *
   * @param timer where the turns are taken
   * @param status tells what it does, in a line
   * @param loopLag how late the latest event loop is, in nanoseconds
   */
  synchronized void begin(
      ScheduledExecutorService timer, Supplier<String> status, LongSupplier loopLag) {
    send("READY=1\n");
    if (systemd != null) {
      long pause = LONGEST_PAUSE.toNanos();
      if (!watchdog.isZero()) {
        pause = Math.min(pause, watchdog.toNanos() / 2);
      }
      turns =
          timer.scheduleWithFixedDelay(
              () -> turn(status.get(), loopLag.getAsLong()), 0, pause, TimeUnit.NANOSECONDS);
    }
  }

  private synchronized void turn(String now, long loopLagNanos) {
    StringBuilder message = new StringBuilder();
    if (!now.equals(status)) {
      status = now;
      message.append("STATUS=").append(now).append('\n');
    }
    if (!watchdog.isZero() && loopLagNanos < watchdog.toNanos() / 2) {
      message.append("WATCHDOG=1\n");
    }
    if (stopping) {
      message.append("EXTEND_TIMEOUT_USEC=").append(micros(EXTENSION)).append('\n');
    }
    if (!message.isEmpty()) {
      send(message.toString());
    }
  }

  /** Says that a reload has begun; {@link #reloaded} ends it. */
  void reloading() {
    // System.nanoTime is CLOCK_MONOTONIC on Linux, the clock that systemd means.
    send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000 + "\n");
  }

  /** Says that the reload is over, whatever came of it. */
  void reloaded() {
    send("READY=1\n");
  }

  /**
   * Says that an end was ordered. Systemd then waits for the process as long as the configuration
   * does, and not only for the unit's {@code TimeoutStopSec}.
   */
  synchronized void stopping() {
    stopping = true;
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + micros(EXTENSION) + "\n");
  }

  /** Returns whether systemd has started the process, and looks after it. */
  synchronized boolean isListenedTo() {
    return systemd != null;
  }

  /** Says that another process is the main one from now on, and says no more. */
  synchronized void handOver(long pid) {
    send("MAINPID=" + pid + "\n");
    close();
  }

  private static long micros(Duration duration) {
    return TimeUnit.NANOSECONDS.toMicros(duration.toNanos());
  }

  private synchronized void send(String message) {
    if (systemd == null) {
      return;
    }
    try {
      if (!systemd.send(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)))) {
        throw new IOException("its queue is full");
      }
      failed = false;
    } catch (IOException e) {
      if (!failed) {
        LOG.warn("event=notify-failed reason=\"{}\"", e.getMessage());
      }
      failed = true;
    }
  }

  /** Says no more. */
  @Override
  public synchronized void close() {
    if (turns != null) {
      turns.cancel(false);
    }
    UnixDatagrams open = systemd;
    systemd = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        LOG.debug("event=close-failed reason=\"{}\"", e.toString());
      }
    }
  }
}
