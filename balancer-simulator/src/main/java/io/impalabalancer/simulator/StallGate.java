package io.impalabalancer.simulator;

/** What answers wait at while a coordinator is told to stall. Any thread may call. */
final class StallGate {
  private volatile boolean closed;

  /** Returns at once while open, else when opened. */
  void pass() throws InterruptedException {
    if (closed) {
      synchronized (this) {
        while (closed) {
          wait();
        }
      }
    }
  }

  synchronized void set(boolean closed) {
    this.closed = closed;
    notifyAll();
  }
}
