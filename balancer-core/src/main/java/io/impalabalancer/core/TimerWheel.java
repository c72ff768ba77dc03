package io.impalabalancer.core;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The timers of one loop, in one coarse wheel: setting, moving and cancelling cost a few field
 * writes and allocate nothing. A timer fires up to one {@link #TICK_NANOS tick} late, never early.
 * Touched on the loop only; whoever owns it calls {@link #advance} about once a tick.
 */
final class TimerWheel {
  static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int SLOTS = 1024;

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

  private final @Nullable Timer[] slots = new @Nullable Timer[SLOTS];
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
    // Rounded up, and never into the tick that is being worked off.
    long due = Math.max((deadlineNanos - startNanos + TICK_NANOS - 1) / TICK_NANOS, tick + 1);
    int slot = (int) (due & (SLOTS - 1));
    Timer head = slots[slot];
    timer.deadlineNanos = deadlineNanos;
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

  /** Fires what is due. After a long pause every slot is looked at once. */
  void advance(long nowNanos) {
    long target = (nowNanos - startNanos) / TICK_NANOS;
    long first = Math.max(tick + 1, target - SLOTS + 1);
    for (long at = first; at <= target; at++) {
      tick = at;
      fire((int) (at & (SLOTS - 1)), nowNanos);
    }
    tick = Math.max(tick, target);
  }

  /** Fires what is due in a slot; a timer that fires may set and cancel any other. */
  private void fire(int slot, long nowNanos) {
    Timer timer = slots[slot];
    while (timer != null) {
      if (timer.deadlineNanos - nowNanos <= 0) {
        cancel(timer);
        timer.expired(nowNanos);
        timer = slots[slot];
      } else {
        timer = timer.next;
      }
    }
  }
}
