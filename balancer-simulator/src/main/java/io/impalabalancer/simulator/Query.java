package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A statement that a session sent, from its start until it is closed. The connections of the
 * session read it, the threads of the capacities end it; its monitor guards it.
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
  final String sql;
  final String database;
  final long startMillis = System.currentTimeMillis();

  /** What it answers with, or null for a statement without rows such as {@code use}. */
  final @Nullable Table table;

  /** How many rows it inserted; {@link Interpreter.Answer#NO_DML} if it is no INSERT. */
  final int inserted;

  private final List<Capacity.Work> work = new ArrayList<>();
  private State state = State.RUNNING;
  private String error = "";
  private int parts;
  private int fetched;
  private long endMillis;

  Query(Session session, String sql, @Nullable Table table, int inserted) {
    UniqueId random = UniqueId.random();
    // The low half counts the fragments of a query; the query itself has 0 there.
    this.id = new UniqueId(random.hi(), random.lo() & 0xffffffff00000000L);
    this.session = session;
    this.sql = sql;
    this.database = session.database;
    this.table = table;
    this.inserted = inserted;
  }

  /** {@code TDmlResult} of an INSERT. */
  ThriftStruct dmlResult() {
    return new ThriftStruct().with(1, Map.of("", (long) inserted));
  }

  /** It runs until so many parts of its work are done. */
  synchronized void expect(int parts) {
    this.parts = parts;
  }

  /** A part of its work runs; it is taken back at once if the query has ended meanwhile. */
  synchronized void running(Capacity.Work part) {
    if (state == State.RUNNING) {
      work.add(part);
    } else {
      part.cancel();
    }
  }

  /** A part of its work is done. Returns whether that ends it. */
  synchronized boolean partDone() {
    parts--;
    return parts == 0 && end(State.FINISHED, "");
  }

  /** Ends it well. */
  synchronized void finish() {
    end(State.FINISHED, "");
  }

  /** Ends it with an error, if it runs. Returns whether it ran until now. */
  synchronized boolean fail(String text) {
    return end(State.FAILED, text);
  }

  private boolean end(State end, String text) {
    if (state != State.RUNNING) {
      return false;
    }
    state = end;
    error = text;
    endMillis = System.currentTimeMillis();
    work.forEach(Capacity.Work::cancel);
    work.clear();
    notifyAll();
    return true;
  }

  synchronized State state() {
    return state;
  }

  synchronized String error() {
    return error;
  }

  /** When it ended; 0 while it runs. */
  synchronized long endMillis() {
    return endMillis;
  }

  /** How many of its rows were fetched. */
  synchronized int fetched() {
    return fetched;
  }

  /** Whether nothing is left but to close it ({@code QueryStateToJson}). */
  synchronized boolean isWaiting() {
    return state == State.FAILED
        || (state == State.FINISHED && (table == null || fetched == table.rows().size()));
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
