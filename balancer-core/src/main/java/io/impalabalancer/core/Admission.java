package io.impalabalancer.core;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many clients the whole balancer has, and which acceptors wait for one to leave. Above its
 * limit nothing is accepted, and the kernel's backlog holds the clients. Shared by all loops: its
 * places are what they must agree on.
 */
final class Admission {
  private final Places places;
  private final AtomicInteger sessions = new AtomicInteger();
  private final Queue<Acceptor> waiting = new ConcurrentLinkedQueue<>();

  Admission(int maxconn) {
    places = new Places(maxconn);
  }

  Places places() {
    return places;
  }

  /** Sets the limit; clients above it stay. */
  void setMaxconn(int to) {
    places.setLimit(to);
    resumeAcceptors();
  }

  int sessions() {
    return sessions.get();
  }

  /** A client has come, and is a session. */
  void came() {
    sessions.incrementAndGet();
  }

  /** A session has ended; its place is to be given back. */
  void went() {
    sessions.decrementAndGet();
  }

  /** Takes an acceptor that was refused; the caller looks once more for room afterwards. */
  void addWaiting(Acceptor acceptor) {
    waiting.add(acceptor);
  }

  /** Lets the acceptors that wait try again; each that still finds no room waits anew. */
  void resumeAcceptors() {
    for (Acceptor next = waiting.poll(); next != null; next = waiting.poll()) {
      next.loop().eventLoop().execute(next::resume);
    }
  }
}
