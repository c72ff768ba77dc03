package io.impalabalancer.core;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a coordinator has to do, in queries: what its page told, less what of that has ended, plus
 * what it was sent since that page was asked for. A session counts as one query from its begin
 * until a page is read that would show it; after that an idle connection weighs next to nothing.
 *
 * <p>Sessions are counted by any loop. One thread at a time asks and tells; where it does so, a
 * reader may for an instant see a session twice.
 */
public final class Load {
  /** The unit: thousandths of a query, of which a connection is one. */
  static final int QUERY = 1_000;

  /** More queries than any coordinator has, and so few that no sum overflows. */
  private static final long MOST = 10_000_000;

  /**
   * What is known of the moment when the page was asked for last.
   *
   * @param work what there was to do, in thousandths of a query
   * @param sessions how many sessions there were
   * @param told what the last page told, in thousandths of a query
   */
  private record Known(long work, int sessions, long told, long toldNanos) {}

  private final Coordinator coordinator;
  private final Seats seats;

  /**
   * How often the page was asked for, and in the lower half, sessions begun since and not ended.
   */
  private final AtomicLong sent = new AtomicLong();

  private volatile @Nullable Known known;
  private int sessionsAsked;

  Load(Coordinator coordinator, Seats seats) {
    this.coordinator = coordinator;
    this.seats = seats;
  }

  /** Says that the page is asked for: it will not show what is sent from now on. */
  public void asked() {
    Known before = known;
    sessionsAsked = coordinator.sessions();
    if (before != null) {
      known = new Known(work(before), sessionsAsked, before.told, before.toldNanos);
    }
    sent.set(((sent.get() >>> 32) + 1) << 32);
    seats.changed();
  }

  /**
   * Says what the page told that was asked for last. A query that is registered but neither
   * executes nor waits is being planned, or was left open by a client that has its rows: it counts
   * half. On a coordinator that executes for others too, all that is registered counts.
   *
   * @param registered {@code impala-server.num-queries-registered}, not negative
   * @param executing {@code impala-server.backend-num-queries-executing}, negative if not known
   * @param queued those that admission control holds back, negative if not known
   */
  public void told(long registered, long executing, long queued) {
    long all = Math.min(MOST, registered);
    long busy =
        executing < 0
            ? all
            : Math.min(all, Math.min(MOST, executing) + Math.max(0, Math.min(MOST, queued)));
    long work = busy * QUERY + (all - busy) * (QUERY / 2);
    known = new Known(work, sessionsAsked, work, coordinator.ticker().nanoTime());
    seats.changed();
  }

  /** Says that the page cannot be read any more. */
  public void lost() {
    known = null;
    seats.changed();
  }

  /** Returns what the last page told, in queries; negative if none is known. */
  public double told() {
    Known now = known;
    return now == null ? -1 : (double) now.told / QUERY;
  }

  /** Returns how old that number is; 0 if none is known. */
  public Duration age() {
    Known now = known;
    return now == null
        ? Duration.ZERO
        : Duration.ofNanos(coordinator.ticker().nanoTime() - now.toldNanos);
  }

  /** Returns the sessions that began since the page was asked for last, and have not ended. */
  public int sent() {
    return (int) sent.get();
  }

  /** Counts a session; what it returns is {@link #ended}'s. */
  int began() {
    // Before the first page is asked for, as where none ever is, nothing is counted.
    if (sent.get() == 0) {
      return 0;
    }
    int began = (int) (sent.getAndIncrement() >>> 32);
    seats.changed();
    return began;
  }

  /** Counts a session no more. */
  void ended(int began) {
    long now = sent.get();
    while (began != 0 && (int) (now >>> 32) == began) {
      long seen = sent.compareAndExchange(now, now - 1);
      if (seen == now) {
        seats.changed();
        return;
      }
      now = seen;
    }
  }

  /** Returns the load in thousandths of a query, negative if it is not known. */
  long thousandths() {
    Known now = known;
    return now == null ? -1 : work(now) + coordinator.sessions();
  }

  private long work(Known from) {
    int since = sent();
    int ended = from.sessions - (coordinator.sessions() - since);
    long left = from.work;
    if (ended > 0) {
      // Each that ended had, for all that is known, as much to do as the others, one query at most.
      left -= Math.min(left, ended * Math.min(QUERY, left / Math.max(1, from.sessions)));
    }
    return left + (long) QUERY * since;
  }
}
