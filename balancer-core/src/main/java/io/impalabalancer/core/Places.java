package io.impalabalancer.core;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The places for clients of a listener, or of the whole balancer. One is taken before the kernel is
 * asked for a client, so that the limit holds whichever loops accept at once; who has come is
 * counted apart. Any thread.
 */
final class Places {
  private final AtomicInteger taken = new AtomicInteger();
  private volatile int limit;

  Places(int limit) {
    this.limit = limit;
  }

  int limit() {
    return limit;
  }

  /** Sets another limit; clients above it stay. */
  void setLimit(int limit) {
    this.limit = limit;
  }

  /** Takes one; false if the limit is reached. */
  boolean take() {
    if (taken.incrementAndGet() <= limit) {
      return true;
    }
    taken.decrementAndGet();
    return false;
  }

  void giveBack() {
    taken.decrementAndGet();
  }

  boolean anyFree() {
    return taken.get() < limit;
  }

  /** Returns whether seven eighths are taken. */
  boolean nearlyAllTaken() {
    int now = limit;
    return taken.get() >= now - now / 8;
  }
}
