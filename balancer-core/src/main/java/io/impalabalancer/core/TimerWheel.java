package io.impalabalancer.core;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timers of one loop, in one coarse wheel: setting, moving and cancelling cost a few field
 * writes and allocate nothing. A timer fires in the first {@link #advance} after the {@link
 * #TICK_NANOS tick} of its deadline has ended, never early. Touched on the loop only; whoever owns
 * it advances it about once a tick.
 */
final class TimerWheel {
  private static final Logger LOG = LoggerFactory.getLogger(TimerWheel.class);

  static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int SLOTS = 1024;

  /** The list, behind the slots, of those that fire in this advance and have not fired yet. */
  private static final int FIRING = SLOTS;

  /** A timer, made once by its owner and set again and again. */
  abstract static class Timer {
    private @Nullable Timer previous;
    private @Nullable Timer next;
    private int slot = -1;
    private long deadlineNanos;

    /** The deadline has passed; the timer is no longer set. */
    abstract void expired(long nowNanos);

    final boolean isSet() {
      return slot >= 0;
    }
  }

  private final @Nullable Timer[] slots = new @Nullable Timer[SLOTS + 1];
  private final long startNanos;
  private long tick;
  private int size;

  TimerWheel(long nowNanos) {
    startNanos = nowNanos;
  }

  /** Returns how many timers are set. */
  int size() {
    return size;
  }

  /** Sets a timer, or moves one that is set. A deadline beyond one turn just stays for the next. */
  void set(Timer timer, long deadlineNanos) {
    cancel(timer);
    // Rounded up, and never into a tick that is over.
    long due = Math.max((deadlineNanos - startNanos + TICK_NANOS - 1) / TICK_NANOS, tick + 1);
    timer.deadlineNanos = deadlineNanos;
    add(timer, slot(due));
  }

  private static int slot(long tick) {
    return (int) (tick & (SLOTS - 1));
  }

  private void add(Timer timer, int slot) {
    Timer head = slots[slot];
    timer.slot = slot;
    timer.previous = null;
    timer.next = head;
    if (head != null) {
      head.previous = timer;
    }
    slots[slot] = timer;
    size++;
  }

  /** Cancels a timer; nothing happens if it is not set. */
  void cancel(Timer timer) {
    if (timer.slot < 0) {
      return;
    }
    Timer previous = timer.previous;
    Timer next = timer.next;
    if (previous != null) {
      previous.next = next;
    } else {
      slots[timer.slot] = next;
    }
    if (next != null) {
      next.previous = previous;
    }
    timer.previous = null;
    timer.next = null;
    timer.slot = -1;
    size--;
  }

  /**
   * Fires what is due, each timer once whatever it is set to meanwhile, the earlier ticks first.
   * After a long pause every slot is looked at once. A timer that fires may set and cancel any
   * other; one that throws is logged, and the others fire all the same.
   */
  void advance(long nowNanos) {
    long target = (nowNanos - startNanos) / TICK_NANOS;
    for (long at = target; at > tick && at > target - SLOTS; at--) {
      collect(slot(at), nowNanos);
    }
    tick = Math.max(tick, target);
    for (Timer due = slots[FIRING]; due != null; due = slots[FIRING]) {
      cancel(due);
      try {
        due.expired(nowNanos);
      } catch (RuntimeException e) {
        LOG.error("event=timer-failed timer={}", due.getClass().getName(), e);
      }
    }
  }

  /** Puts what is due in a slot in front of those that fire. */
  private void collect(int slot, long nowNanos) {
    Timer timer = slots[slot];
    while (timer != null) {
      Timer next = timer.next;
      if (timer.deadlineNanos - nowNanos <= 0) {
        cancel(timer);
        add(timer, FIRING);
      }
      timer = next;
    }
  }
}
