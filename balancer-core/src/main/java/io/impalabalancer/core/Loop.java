package io.impalabalancer.core;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.unix.Buffer;
import io.netty.util.concurrent.Ticker;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One event loop of the relay with what its sessions share: the read buffer, the timers, and the
 * lists in which they stand. Touched on the loop only, except where a method says otherwise.
 */
final class Loop {
  private static final long LAG_PROBE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** So many sessions are told of in one turn: far below a millisecond. */
  private static final int SNAPSHOTS_A_TURN = 256;

  private final IoEventLoop eventLoop;
  private final Ticker ticker;
  private final HeldBytes held;
  private final ByteBuffer readBuffer;
  private final long readBufferAddress;
  private final EpollPipes pipes;
  private final TimerWheel timers;
  private final SessionList silent = new SessionList();
  private final SessionList speaking = new SessionList();

  /** When the session that has been silent longest was accepted; read by other loops. */
  private volatile long oldestSilentNanos;

  private volatile boolean anySilent;
  private volatile long lagNanos;
  private volatile long probeDueNanos;
  private boolean ticking;

  /**
   * Makes one.
   *
   * @param nativeAddress whether the wire asks for the address of the read buffer
   * @param pipes what the wire splices through
   */
  Loop(
      IoEventLoop eventLoop,
      Ticker ticker,
      HeldBytes held,
      boolean nativeAddress,
      EpollPipes pipes) {
    this.eventLoop = eventLoop;
    this.ticker = ticker;
    this.held = held;
    readBuffer = ByteBuffer.allocateDirect(HeldBytes.READ_MAX_BYTES);
    readBufferAddress = nativeAddress ? Buffer.memoryAddress(readBuffer) : 0;
    this.pipes = pipes;
    timers = new TimerWheel(ticker.nanoTime());
  }

  /** Begins to measure how late the loop is. Any thread. */
  void probeLag() {
    long due = ticker.nanoTime() + LAG_PROBE_NANOS;
    probeDueNanos = due;
    eventLoop.schedule(
        () -> {
          lagNanos = Math.max(0, ticker.nanoTime() - due);
          probeLag();
        },
        LAG_PROBE_NANOS,
        TimeUnit.NANOSECONDS);
  }

  /** Returns how late the last probe was, or the one that is due already is. Any thread. */
  long lagNanos() {
    return Math.max(lagNanos, ticker.nanoTime() - probeDueNanos);
  }

  IoEventLoop eventLoop() {
    return eventLoop;
  }

  /** Registers a channel; done when this returns, if on the loop. */
  ChannelFuture register(Channel channel) {
    EventLoop channels = eventLoop;
    return channels.register(channel);
  }

  ByteBufAllocator allocator() {
    return ByteBufAllocator.DEFAULT;
  }

  HeldBytes held() {
    return held;
  }

  /** Returns the buffer that every read of this loop goes to; its position and limit never move. */
  ByteBuffer readBuffer() {
    return readBuffer;
  }

  long readBufferAddress() {
    return readBufferAddress;
  }

  EpollPipes pipes() {
    return pipes;
  }

  /** Returns the time of the injected clock. Any thread. */
  long nanoTime() {
    return ticker.nanoTime();
  }

  /** Sets a timer; a deadline that is out of reach leaves it unset. */
  void setTimer(TimerWheel.Timer timer, long nowNanos, long delayNanos) {
    if (delayNanos == Long.MAX_VALUE) {
      timers.cancel(timer);
      return;
    }
    timers.set(timer, nowNanos + Math.min(delayNanos, Long.MAX_VALUE / 4));
    if (!ticking) {
      ticking = true;
      scheduleTick();
    }
  }

  void cancelTimer(TimerWheel.Timer timer) {
    timers.cancel(timer);
  }

  int timers() {
    return timers.size();
  }

  private void scheduleTick() {
    eventLoop.schedule(this::tick, TimerWheel.TICK_NANOS, TimeUnit.NANOSECONDS);
  }

  private void tick() {
    timers.advance(ticker.nanoTime());
    ticking = timers.size() > 0;
    if (ticking) {
      scheduleTick();
    }
  }

  /** Adds a session, by whether it has said something already. */
  void add(Session session, boolean isSilent) {
    (isSilent ? silent : speaking).add(session);
    noteOldestSilent();
  }

  /** The session has said something. */
  void spoke(Session session) {
    if (session.list == silent) {
      silent.remove(session);
      speaking.add(session);
      noteOldestSilent();
    }
  }

  void remove(Session session) {
    SessionList list = session.list;
    if (list != null) {
      list.remove(session);
      noteOldestSilent();
    }
  }

  private void noteOldestSilent() {
    Session oldest = silent.first();
    if (oldest != null) {
      oldestSilentNanos = oldest.acceptedNanos();
    }
    boolean any = oldest != null;
    if (any != anySilent) {
      anySilent = any;
    }
  }

  /** Returns whether some session here has said nothing yet. Any thread. */
  boolean hasSilent() {
    return anySilent;
  }

  /** Returns when the session that has been silent longest was accepted. Any thread. */
  long oldestSilentNanos() {
    return oldestSilentNanos;
  }

  /**
   * Evicts the session that has been silent longest, to make room.
   *
   * @param of the listener that needs the room; null if the whole balancer does
   * @return false if there is no such session here
   */
  boolean evictSilent(@Nullable Listener of) {
    Session oldest = silent.first();
    while (oldest != null && of != null && oldest.listener() != of) {
      oldest = oldest.next;
    }
    if (oldest == null) {
      return false;
    }
    // It may get a moment yet; the next one to go is another then.
    spoke(oldest);
    oldest.evict();
    return true;
  }

  /** Ends the sessions that are meant, and returns how many. */
  int closeSessions(Predicate<Session> which, Termination termination) {
    int closed = 0;
    for (Session session : sessions()) {
      if (!session.ended() && which.test(session)) {
        session.close(termination);
        closed++;
      }
    }
    return closed;
  }

  /** Returns what the sessions are that are meant, their silence counted up to a moment. */
  List<SessionSnapshot> snapshots(Predicate<Session> which, long nowNanos) {
    return sessions().stream().filter(which).map(s -> s.snapshot(nowNanos)).toList();
  }

  private List<Session> sessions() {
    List<Session> all = new ArrayList<>(silent.size() + speaking.size());
    for (SessionList list : new SessionList[] {silent, speaking}) {
      for (Session session = list.first(); session != null; session = session.next) {
        all.add(session);
      }
    }
    return all;
  }

  /** Returns the newest sessions that have said something, so many at most. */
  List<Session> newest(int most) {
    List<Session> newest = new ArrayList<>();
    Session session = speaking.last();
    while (session != null && newest.size() < most) {
      newest.add(session);
      session = session.previous;
    }
    return newest;
  }

  /** Tells of its sessions, a few in each turn, so that none waits for that. */
  void snapshot(CompletableFuture<List<SessionSnapshot>> to) {
    List<Session> all = sessions();
    snapshot(all, 0, new ArrayList<>(all.size()), to);
  }

  private void snapshot(
      List<Session> all,
      int from,
      List<SessionSnapshot> told,
      CompletableFuture<List<SessionSnapshot>> to) {
    int end = Math.min(all.size(), from + SNAPSHOTS_A_TURN);
    for (Session session : all.subList(from, end)) {
      if (session.list != null) {
        told.add(session.snapshot());
      }
    }
    if (end == all.size()) {
      to.complete(told);
    } else {
      eventLoop.execute(() -> snapshot(all, end, told, to));
    }
  }

  /** Ends all sessions and waits for no peer: nothing is left of any when this returns. */
  void close() {
    closeSessions(session -> true, Termination.SHUTDOWN);
    sessions().forEach(Session::abandon);
    pipes.close();
  }
}
