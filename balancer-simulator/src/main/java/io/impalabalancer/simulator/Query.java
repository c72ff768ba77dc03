package io.impalabalancer.simulator;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A statement that a session sent, from its start until it is closed. The connections of the
 * session read it, the capacity's thread ends it; its monitor guards it.
 */
final class Query {
  enum State {
    RUNNING,
    FINISHED,
    FAILED
  }

  /** Rows fetched, and whether there may be more. */
  record Rows(List<List<Object>> rows, long offset, boolean more) {}

  final UniqueId id;
  final Session session;

  /** What it answers with, or null for a statement without rows such as {@code use}. */
  final @Nullable Table table;

  private State state = State.RUNNING;
  private String error = "";
  private Capacity.@Nullable Work work;
  private int fetched;

  Query(Session session, @Nullable Table table) {
    UniqueId random = UniqueId.random();
    // The low half counts the fragments of a query; the query itself has 0 there.
    this.id = new UniqueId(random.hi(), random.lo() & 0xffffffff00000000L);
    this.session = session;
    this.table = table;
  }

  synchronized void running(Capacity.Work work) {
    this.work = work;
  }

  /** Ends it well. Returns whether it ran until now. */
  synchronized boolean finish() {
    return end(State.FINISHED, "");
  }

  /** Ends it with an error. Returns whether it ran until now. */
  synchronized boolean fail(String text) {
    return end(State.FAILED, text);
  }

  /** Ends it if it still runs. Returns the work to take back from the capacity, or null. */
  synchronized Capacity.@Nullable Work cancel() {
    Capacity.Work running = state == State.RUNNING ? work : null;
    end(State.FAILED, "Cancelled");
    return running;
  }

  private boolean end(State end, String text) {
    if (state != State.RUNNING) {
      return false;
    }
    state = end;
    error = text;
    work = null;
    notifyAll();
    return true;
  }

  synchronized State state() {
    return state;
  }

  synchronized String error() {
    return error;
  }

  /** Waits until it has ended, the time is over or the thread is told to stop. */
  synchronized void await(long timeoutMillis) {
    long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    try {
      while (state == State.RUNNING) {
        long leftNanos = deadlineNanos - System.nanoTime();
        if (leftNanos <= 0) {
          return;
        }
        TimeUnit.NANOSECONDS.timedWait(this, leftNanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes the next rows, none while it runs. */
  synchronized Rows fetch(long max) throws ImpalaException {
    if (state == State.FAILED) {
      throw new ImpalaException(error);
    }
    if (table == null) {
      return new Rows(List.of(), 0, false);
    }
    if (state == State.RUNNING) {
      return new Rows(List.of(), fetched, true);
    }
    int from = fetched;
    int size = table.rows().size();
    fetched = max <= 0 ? size : (int) Math.min(size, from + max);
    return new Rows(table.rows().subList(from, fetched), from, fetched < size);
  }

  /** Whether no row has been fetched. */
  synchronized boolean atStart() {
    return fetched == 0;
  }
}
