package io.impalabalancer.metrics;

import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Phase;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An ended session whose every field a test can set. */
final class FakeSession implements SessionView {
  private final Listener listener;
  InetSocketAddress client = new InetSocketAddress("10.1.2.3", 50001);
  @Nullable Coordinator coordinator;
  long acceptedMillis = 1_800_000_000_123L;
  long queueNanos;
  long connectNanos = millis(1);
  long durationNanos = millis(250);
  long bytesToCoordinator = 10;
  long bytesToClient = 3000;
  @Nullable Termination termination = Termination.COMPLETED;
  Phase phase = Phase.DATA;
  int retries;
  boolean redispatched;
  int balancerSessions = 1;
  int listenerSessions = 1;
  int assignedSessions;
  int coordinatorSessions;
  int queuePosition;

  FakeSession(Listener listener, @Nullable Coordinator coordinator) {
    this.listener = listener;
    this.coordinator = coordinator;
  }

  /** Makes a session that ended before it had a coordinator. */
  static FakeSession withoutCoordinator(Listener listener, Termination termination, Phase phase) {
    FakeSession session = new FakeSession(listener, null);
    session.termination = termination;
    session.phase = phase;
    session.queueNanos = -1;
    session.connectNanos = -1;
    session.bytesToCoordinator = 0;
    session.bytesToClient = 0;
    return session;
  }

  static long millis(long millis) {
    return Duration.ofMillis(millis).toNanos();
  }

  @Override
  public long id() {
    return 1;
  }

  @Override
  public Listener listener() {
    return listener;
  }

  @Override
  public InetSocketAddress clientAddress() {
    return client;
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
