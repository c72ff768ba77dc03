package io.impalabalancer.core;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a session leaves for log and metrics: plain fields, written on its loop while it lives.
 * Apart from the session, so that a line that waits for the disk keeps nothing else alive.
 */
final class SessionRecord implements SessionView, Cloneable {
  final long id;
  final Listener listener;
  InetSocketAddress clientAddress;
  final long acceptedMillis = System.currentTimeMillis();
  final long acceptedNanos;
  @Nullable Coordinator coordinator;
  Phase phase = Phase.FIRST_BYTES;
  @Nullable Termination termination;
  long queueNanos = -1;
  long connectNanos = -1;
  long durationNanos;
  long bytesToCoordinator;
  long bytesToClient;
  int retries;
  boolean redispatched;
  int balancerSessions;
  int listenerSessions;
  int assignedSessions;
  int coordinatorSessions;
  int queuePosition;

  SessionRecord(long id, Listener listener, InetSocketAddress clientAddress, long acceptedNanos) {
    this.id = id;
    this.listener = listener;
    this.clientAddress = clientAddress;
    this.acceptedNanos = acceptedNanos;
  }

  /** Returns what it is now. */
  SessionRecord copy() {
    try {
      return (SessionRecord) clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public Listener listener() {
    return listener;
  }

  @Override
  public InetSocketAddress clientAddress() {
    return clientAddress;
  }

  @Override
  public @Nullable Coordinator coordinator() {
    return coordinator;
  }

  @Override
  public long acceptedMillis() {
    return acceptedMillis;
  }

  @Override
  public long queueNanos() {
    return queueNanos;
  }

  @Override
  public long connectNanos() {
    return connectNanos;
  }

  @Override
  public long durationNanos() {
    return durationNanos;
  }

  @Override
  public long bytesToCoordinator() {
    return bytesToCoordinator;
  }

  @Override
  public long bytesToClient() {
    return bytesToClient;
  }

  @Override
  public @Nullable Termination termination() {
    return termination;
  }

  @Override
  public Phase phase() {
    return phase;
  }

  @Override
  public int retries() {
    return retries;
  }

  @Override
  public boolean redispatched() {
    return redispatched;
  }

  @Override
  public int balancerSessions() {
    return balancerSessions;
  }

  @Override
  public int listenerSessions() {
    return listenerSessions;
  }

  @Override
  public int assignedSessions() {
    return assignedSessions;
  }

  @Override
  public int coordinatorSessions() {
    return coordinatorSessions;
  }

  @Override
  public int queuePosition() {
    return queuePosition;
  }
}
