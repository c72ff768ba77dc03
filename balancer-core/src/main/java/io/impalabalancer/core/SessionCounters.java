package io.impalabalancer.core;

import java.util.concurrent.atomic.LongAdder;

/**
 * What the sessions of one listener on one coordinator add up to. Written by all loops, read by any
 * thread; each value is exact once nothing moves.
 */
public final class SessionCounters {
  final PeakCounter sessions = new PeakCounter();
  final LongAdder assigned = new LongAdder();
  final LongAdder bytesToCoordinator = new LongAdder();
  final LongAdder bytesToClient = new LongAdder();
  final LongAdder connectErrors = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder redispatches = new LongAdder();

  SessionCounters() {}

  /** Returns the sessions that hold a slot now. */
  public int sessions() {
    return sessions.get();
  }

  /** Returns the most sessions that there were at once, since the start. */
  public int sessionsPeak() {
    return sessions.peak();
  }

  /** Returns the most sessions that there were at once, since {@link #clearMax} was called last. */
  public int sessionsMax() {
    return sessions.max();
  }

  /** Begins anew with the most sessions. */
  public void clearMax() {
    sessions.clearMax();
  }

  /** Returns the sessions whose coordinator connection came up, ever. */
  public long assigned() {
    return assigned.sum();
  }

  /** Returns the bytes written to the coordinator, ever, running sessions included. */
  public long bytesToCoordinator() {
    return bytesToCoordinator.sum();
  }

  /** Returns the bytes written to clients, ever, running sessions included. */
  public long bytesToClient() {
    return bytesToClient.sum();
  }

  /** Returns failed attempts to connect, ever. */
  public long connectErrors() {
    return connectErrors.sum();
  }

  /** Returns attempts made after a failed one, ever, counted where they failed. */
  public long retries() {
    return retries.sum();
  }

  /** Returns sessions that it was given after they had failed to connect to another, ever. */
  public long redispatches() {
    return redispatches.sum();
  }
}
