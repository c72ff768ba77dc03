package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The slots of a coordinator: what sessions hold of it, over all its ports and at each, up to which
 * limits, and who at a port waits for a first answer. Any thread; loops take and give back without
 * a lock.
 */
public final class Slots {
  private static final long NEVER = Long.MIN_VALUE;

  private final Ticker ticker;
  private final Seats seats;
  private final Runnable roomGrew;
  private final AtomicInteger taken = new AtomicInteger();
  private final Map<Protocol, Port> ports = new EnumMap<>(Protocol.class);
  private volatile int maxconn;

  private static final class Port {
    final AtomicInteger taken = new AtomicInteger();
    final AtomicInteger unanswered = new AtomicInteger();
    volatile int limit = Integer.MAX_VALUE;

    /** When somebody was answered, or when somebody began to wait while nobody did. */
    volatile long lastAnswerNanos;

    /** When a session had its first answer, the last that had one; {@link #NEVER} before that. */
    volatile long answeredNanos = NEVER;
  }

  /**
   * Makes those of a coordinator without sessions.
   *
   * @param maxconn most over all ports, 0 for no limit
   * @param seats told of every change
   * @param roomGrew what is done when a port has room for more sessions than before
   */
  Slots(int maxconn, Ticker ticker, Seats seats, Runnable roomGrew) {
    this.maxconn = maxconn;
    this.ticker = ticker;
    this.seats = seats;
    this.roomGrew = roomGrew;
    for (Protocol protocol : Protocol.values()) {
      ports.put(protocol, new Port());
    }
  }

  private Port port(Protocol protocol) {
    return Objects.requireNonNull(ports.get(protocol));
  }

  /** Returns how many are taken, over all listeners and ports. */
  int taken() {
    return taken.get();
  }

  /** Returns how many are taken at one port, over all listeners. */
  public int taken(Protocol protocol) {
    return port(protocol).taken.get();
  }

  int maxconn() {
    return maxconn;
  }

  void setMaxconn(int maxconn) {
    this.maxconn = maxconn;
    seats.changed();
  }

  /** Returns the most at one port; {@link Integer#MAX_VALUE} for no limit. */
  public int limit(Protocol protocol) {
    return port(protocol).limit;
  }

  /**
   * Sets the most at one port, which stands beside {@link Coordinator#maxconn}. Loops that race for
   * the last slot may exceed it by one each.
   *
   * @param to {@link Integer#MAX_VALUE} for no limit
   */
  public void setLimit(Protocol protocol, int to) {
    Port port = port(protocol);
    int from = port.limit;
    port.limit = to;
    seats.changed();
    if (to > from) {
      roomGrew.run();
    }
  }

  /** Returns whether there is a free one at this moment for a session at one port. */
  boolean anyFree(Protocol protocol) {
    Port port = port(protocol);
    int limit = maxconn;
    return port.taken.get() < port.limit && (limit == 0 || taken.get() < limit);
  }

  /** Takes one for a session at one port; false if there is none. */
  boolean take(Protocol protocol) {
    Port port = port(protocol);
    if (port.taken.get() >= port.limit || !take()) {
      return false;
    }
    port.taken.incrementAndGet();
    seats.changed();
    return true;
  }

  private boolean take() {
    int limit = maxconn;
    if (limit == 0) {
      taken.incrementAndGet();
      return true;
    }
    int now = taken.get();
    while (now < limit) {
      int seen = taken.compareAndExchange(now, now + 1);
      if (seen == now) {
        return true;
      }
      now = seen;
    }
    return false;
  }

  /** Gives back one that {@link #take} gave; returns how many are still taken. */
  int giveBack(Protocol protocol) {
    port(protocol).taken.decrementAndGet();
    int now = taken.decrementAndGet();
    seats.changed();
    assert now >= 0 : "a slot was given back twice";
    return now;
  }

  /** Returns the sessions at one port that were sent something and have no answer yet. */
  public int unanswered(Protocol protocol) {
    return port(protocol).unanswered.get();
  }

  /**
   * Returns how long nobody at one port was answered, though there was somebody to be answered;
   * zero while there is nobody.
   */
  public Duration silence(Protocol protocol) {
    Port port = port(protocol);
    return port.unanswered.get() == 0
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(0, ticker.nanoTime() - port.lastAnswerNanos));
  }

  /** Returns whether a session at one port had its first answer within that time. */
  public boolean answeredWithin(Protocol protocol, Duration time) {
    long last = port(protocol).answeredNanos;
    return last != NEVER && ticker.nanoTime() - last < time.toNanos();
  }

  /** A session at one port is connected and waits for its first answer. On its loop. */
  void awaitsAnswer(Protocol protocol) {
    Port port = port(protocol);
    if (port.unanswered.getAndIncrement() == 0) {
      port.lastAnswerNanos = ticker.nanoTime();
    }
  }

  /**
   * A session has its first answer, or ends without one. On its loop.
   *
   * @param answered whether it has one
   */
  void awaitsNoMore(Protocol protocol, boolean answered) {
    Port port = port(protocol);
    port.unanswered.decrementAndGet();
    if (answered) {
      port.lastAnswerNanos = ticker.nanoTime();
      port.answeredNanos = port.lastAnswerNanos;
    }
  }
}
