package io.impalabalancer.core;

import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pipes of one loop, and the rule when they are used. A pipe is taken for one move and given
 * back once it is empty: only a direction whose receiver does not keep up has one for longer.
 * Touched on the loop only.
 *
 * <p>How far a direction is on its way to bulk, or from it, is a number that starts at 0 and that
 * {@link #next} moves on.
 */
class EpollPipes {
  private static final Logger LOG = LoggerFactory.getLogger(EpollPipes.class);

  /** What a pipe is made to hold: the most that an unprivileged user may ask for (pipe(7)). */
  private static final int CAPACITY_BYTES = 1024 * 1024;

  /** What a pipe must hold to be of use; one that is made above the user's share holds less. */
  private static final int LEAST_CAPACITY_BYTES = 64 * 1024;

  /** So many reads that fill the read buffer, and no short one between, make a direction bulk. */
  private static final int FULL_READS = 4;

  /** Fewer bytes are no bulk; what is left after a full read is often more. */
  private static final int SHORT_READ_BYTES = 16 * 1024;

  /** Fewer bytes are moved more cheaply by copying. */
  private static final int SMALL_MOVE_BYTES = 32 * 1024;

  /** So many small moves in a row, and a direction is bulk no more. */
  private static final int SMALL_MOVES = 8;

  /** How long no pipe is made after one could not be. */
  private static final long SHORTAGE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private int most;
  private final LongAdder splicedBytes;
  private final Ticker ticker;
  private final Deque<EpollPipe> idle = new ArrayDeque<>();
  private int made;
  private boolean shortage;
  private boolean shortageLogged;
  private long shortageNanos;

  /**
   * Makes a pool that is empty.
   *
   * @param most pipes; with 0 nothing is spliced
   * @param splicedBytes where the bytes are counted that have gone through pipes
   */
  EpollPipes(int most, LongAdder splicedBytes, Ticker ticker) {
    this.most = most;
    this.splicedBytes = splicedBytes;
    this.ticker = ticker;
  }

  /** Sets another limit; pipes above it are closed as soon as they are empty. */
  final void setMost(int most) {
    this.most = most;
    while (made > most && !idle.isEmpty()) {
      discard(idle.removeLast());
    }
  }

  /** Returns whether a direction that has come so far is bulk, and to be spliced. */
  final boolean splices(int bulk) {
    return bulk >= FULL_READS && most > 0;
  }

  /** Returns how far a direction is after another move, spliced or copied. */
  int next(int bulk, int movedBytes) {
    if (bulk < FULL_READS) {
      return movedBytes < SHORT_READ_BYTES ? 0 : bulk + movedBytes / HeldBytes.READ_MAX_BYTES;
    } else if (movedBytes >= SMALL_MOVE_BYTES) {
      return FULL_READS;
    }
    return bulk + 1 < FULL_READS + SMALL_MOVES ? bulk + 1 : 0;
  }

  /** Returns an empty pipe, or null if there is none to be had: then bytes are copied. */
  final @Nullable EpollPipe take() {
    EpollPipe pipe = idle.pollLast();
    return pipe == null && made < most && PipeSize.ready() ? make() : pipe;
  }

  private @Nullable EpollPipe make() {
    if (shortage && ticker.nanoTime() - shortageNanos < SHORTAGE_NANOS) {
      return null;
    }
    try {
      FileDescriptor[] ends = FileDescriptor.pipe();
      int capacity = PipeSize.enlarge(ends[1].intValue(), CAPACITY_BYTES);
      EpollPipe pipe = new EpollPipe(ends[0], ends[1], capacity);
      if (capacity >= LEAST_CAPACITY_BYTES) {
        made++;
        shortage = false;
        return pipe;
      }
      pipe.close();
      shortOf(
          "the user's share of pipe memory is used up; lower maxpipes or raise"
              + " fs.pipe-user-pages-soft");
    } catch (IOException e) {
      shortOf(e.getMessage());
    }
    return null;
  }

  private void shortOf(@Nullable String reason) {
    shortage = true;
    shortageNanos = ticker.nanoTime();
    if (!shortageLogged) {
      shortageLogged = true;
      LOG.warn(
          "event=pipe-shortage pipes={} action=\"further bulk is copied\" reason=\"{}\"",
          made,
          reason);
    }
  }

  /** Takes back a pipe that is empty. */
  final void giveBack(EpollPipe pipe) {
    assert pipe.pending() == 0 : "given back with bytes in it";
    if (made > most) {
      discard(pipe);
    } else {
      idle.addLast(pipe);
    }
  }

  /** Closes a pipe; what is in it is lost. */
  final void discard(EpollPipe pipe) {
    made--;
    try {
      pipe.close();
    } catch (IOException e) {
      LOG.debug("event=close-failed reason=\"{}\"", e.getMessage());
    }
  }

  /** Counts bytes that have left a pipe for a socket. */
  final void count(int bytes) {
    splicedBytes.add(bytes);
  }

  /** Returns the pipes that are in use, with bytes in them. */
  final int inUse() {
    return made - idle.size();
  }

  /** Closes those that are not in use, and makes no more. */
  final void close() {
    setMost(0);
  }
}
