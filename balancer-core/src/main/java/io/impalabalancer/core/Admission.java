package io.impalabalancer.core;

import io.netty.util.concurrent.Ticker;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many clients the whole balancer has, and which acceptors wait for one to leave. Above its
 * limit nothing is accepted, and the kernel's backlog holds the clients. Shared by all loops: its
 * count is what they must agree on.
 */
final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  private static final long DESCRIPTOR_RETRY_MILLIS = 100;

  /**
   * While one is short of descriptors each session that ends lets another in: that is no end of it.
   */
  private static final long DESCRIPTORS_BACK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private volatile int maxconn;
  private final Ticker ticker;
  private final AtomicInteger sessions = new AtomicInteger();
  private final Queue<Acceptor> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean descriptorsOut = new AtomicBoolean();
  private volatile long descriptorsOutNanos;

  Admission(int maxconn, Ticker ticker) {
    this.maxconn = maxconn;
    this.ticker = ticker;
  }

  int maxconn() {
    return maxconn;
  }

  /** Sets the limit; clients above it stay. */
  void setMaxconn(int to) {
    maxconn = to;
    resumeAcceptors();
  }

  int sessions() {
    return sessions.get();
  }

  boolean hasRoom() {
    return sessions.get() < maxconn;
  }

  /** Returns whether seven eighths of the places are taken. */
  boolean nearlyFull() {
    return nearlyFull(sessions.get(), maxconn);
  }

  static boolean nearlyFull(int sessions, int maxconn) {
    return sessions >= maxconn - maxconn / 8;
  }

  /** Counts one more, unless the limit is reached. */
  boolean enter() {
    if (sessions.incrementAndGet() <= maxconn) {
      return true;
    }
    sessions.decrementAndGet();
    return false;
  }

  void leave() {
    sessions.decrementAndGet();
  }

  /** Lets the acceptors that wait try again; each that still finds no room waits anew. */
  void resumeAcceptors() {
    for (Acceptor next = waiting.poll(); next != null; next = waiting.poll()) {
      next.loop().eventLoop().execute(next::resume);
    }
  }

  /** Takes an acceptor that was refused; the caller looks once more for room afterwards. */
  void addWaiting(Acceptor acceptor) {
    waiting.add(acceptor);
  }

  /** Lets an acceptor try again in a while, because the process has no descriptor left. */
  void waitForDescriptors(Listener listener, Acceptor acceptor) {
    descriptorsOutNanos = ticker.nanoTime();
    if (descriptorsOut.compareAndSet(false, true)) {
      LOG.error(
          "event=descriptors-exhausted listener={} sessions={} action=\"accepting pauses; raise"
              + " the limit of open files or lower maxconn\"",
          listener.name(),
          sessions.get());
    }
    acceptor
        .loop()
        .eventLoop()
        .schedule(acceptor::resume, DESCRIPTOR_RETRY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** An accept went well. */
  void acceptedOne() {
    if (descriptorsOut.get()
        && ticker.nanoTime() - descriptorsOutNanos >= DESCRIPTORS_BACK_NANOS
        && descriptorsOut.compareAndSet(true, false)) {
      LOG.info("event=descriptors-back action=\"accepting goes on\"");
    }
  }

  /** Returns whether an exception means that the process or the system has no descriptor left. */
  static boolean outOfDescriptors(Exception e) {
    return String.valueOf(e.getMessage()).contains("Too many open files");
  }
}
