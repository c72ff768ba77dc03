package io.impalabalancer.core;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes held for all sessions together: read from one side, and not yet taken by the other.
 * Shared by all loops, and touched only when something has to be held, which a relay that keeps up
 * never does.
 */
final class HeldBytes {
  /** What one read may take when there is plenty of room; also the size of the read buffer. */
  static final int READ_MAX_BYTES = 64 * 1024;

  /** What one read takes however full it is: a session that keeps up must go on. */
  static final int READ_MIN_BYTES = 4 * 1024;

  private final AtomicLong held = new AtomicLong();
  private volatile long limitBytes;

  HeldBytes(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  void setLimit(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  long get() {
    return held.get();
  }

  void add(long bytes) {
    held.addAndGet(bytes);
  }

  /** Returns whether the limit is reached; then nothing is read that can wait. */
  boolean isFull() {
    return held.get() >= limitBytes;
  }

  /** Returns how much is left of the limit; negative above it. */
  long roomBytes() {
    return limitBytes - held.get();
  }

  /**
   * Returns how much one read may take, so that a write that fails at once leaves the sum below the
   * limit plus {@link #READ_MIN_BYTES} a session. Loops that ask at the same time are all told of
   * the same room, so each further one may add {@link #READ_MAX_BYTES} once.
   */
  int readBytes() {
    long room = roomBytes();
    return room >= READ_MAX_BYTES ? READ_MAX_BYTES : (int) Math.max(room, READ_MIN_BYTES);
  }
}
