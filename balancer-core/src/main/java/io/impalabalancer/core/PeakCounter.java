package io.impalabalancer.core;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A number that goes up and down, and the most that it was: since the start, and since that was
 * cleared last. Any thread; loops pay one addition and one comparison.
 */
final class PeakCounter {
  private final AtomicInteger now = new AtomicInteger();
  private final AtomicInteger max = new AtomicInteger();

  /** The most before the last clearing. */
  private volatile int before;

  int get() {
    return now.get();
  }

  /** Adds one. */
  void enter() {
    int value = now.incrementAndGet();
    if (value > max.get()) {
      max.accumulateAndGet(value, Math::max);
    }
  }

  /** Takes one away. */
  void leave() {
    now.decrementAndGet();
  }

  /** Returns the most since {@link #clearMax}, or else since the start. */
  int max() {
    return max.get();
  }

  /** Returns the most since the start. */
  int peak() {
    return Math.max(before, max.get());
  }

  /** Begins anew with the number as it is. */
  synchronized void clearMax() {
    before = peak();
    max.set(now.get());
  }
}
