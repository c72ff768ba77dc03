package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator's limited work and memory. Up to {@code units} queries run at full speed; more
 * share the units equally (processor sharing), so that each one slows down. Above {@code
 * maxQueries} there is no memory for another.
 *
 * <p>Every running query progresses at the same speed, so one number, the progress that a query
 * would have made since the beginning, says when each one ends: no thread per query, one timer. Any
 * thread may call; the monitor guards all state.
 */
final class Capacity implements AutoCloseable {
  /** A query's share of the work, in the capacity until it has ended. */
  final class Work {
    private final double end;
    private final Runnable done;
    private final Runnable lost;

    private Work(double end, Runnable done, Runnable lost) {
      this.end = end;
      this.done = done;
      this.lost = lost;
    }

    /** Takes it back before its end; work that has ended is left alone. */
    void cancel() {
      Capacity.this.cancel(this);
    }
  }

  private final String name;
  private final int units;
  private final int maxQueries;
  private final LongSupplier clock;
  private final ScheduledExecutorService timer;
  private final PriorityQueue<Work> running =
      new PriorityQueue<>(Comparator.comparingDouble((Work work) -> work.end));
  private double progressNanos;
  private long updatedNanos;
  private @Nullable ScheduledFuture<?> nextEnd;

  /**
   * @param name of the impalad
   * @param clock nanoseconds, as {@link System#nanoTime}
   */
  Capacity(String name, int units, int maxQueries, LongSupplier clock) {
    this.name = name;
    this.units = units;
    this.maxQueries = maxQueries;
    this.clock = clock;
    this.updatedNanos = clock.getAsLong();
    this.timer =
        Executors.newSingleThreadScheduledExecutor(task -> {
          Thread thread = new Thread(task, name + "-capacity");
          thread.setDaemon(true);
          return thread;
        });
  }

  String name() {
    return name;
  }

  /**
   * Starts work of so many nanoseconds at full speed. Returns null if there is no memory for it;
   * otherwise {@code done} runs on the capacity's thread when it has ended, or {@code lost} if the
   * impalad dies before.
   */
  @Nullable Work start(long nanos, Runnable done, Runnable lost) {
    Work work;
    synchronized (this) {
      progress();
      if (running.size() >= maxQueries) {
        return null;
      }
      work = new Work(progressNanos + nanos, done, lost);
      if (!timer.isShutdown()) {
        running.add(work);
        schedule();
        return work;
      }
    }
    lost.run();
    return work;
  }

  private synchronized void cancel(Work work) {
    progress();
    if (running.remove(work)) {
      schedule();
    }
  }

  /** Ends the work that is complete by now. Called by the timer, and by tests with their clock. */
  void advance() {
    List<Work> ended = new ArrayList<>();
    synchronized (this) {
      progress();
      for (Work next = running.peek();
          next != null && next.end <= progressNanos;
          next = running.peek()) {
        ended.add(running.remove());
      }
      schedule();
    }
    ended.forEach(work -> work.done.run());
  }

  /** How much work is here now. */
  synchronized int running() {
    return running.size();
  }

  private double speed() {
    return Math.min(1.0, (double) units / Math.max(1, running.size()));
  }

  private void progress() {
    long now = clock.getAsLong();
    progressNanos += (now - updatedNanos) * speed();
    updatedNanos = now;
  }

  private void schedule() {
    if (nextEnd != null) {
      nextEnd.cancel(false);
      nextEnd = null;
    }
    Work next = running.peek();
    if (next != null) {
      long delayNanos = (long) Math.ceil((next.end - progressNanos) / speed());
      nextEnd = timer.schedule(this::advance, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
    }
  }

  /** Dies; what runs is lost. */
  @Override
  public void close() {
    List<Work> lost;
    synchronized (this) {
      timer.shutdownNow();
      lost = List.copyOf(running);
      running.clear();
    }
    lost.forEach(work -> work.lost.run());
  }
}
