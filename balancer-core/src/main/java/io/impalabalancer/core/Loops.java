package io.impalabalancer.core;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All event loops of the relay: they take turns with what is new, and each is asked for its part of
 * what concerns every session. Any thread.
 */
final class Loops implements Iterable<Loop>, AutoCloseable {
  private final MultiThreadIoEventLoopGroup group;
  private final List<Loop> loops = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * Starts them.
   *
   * @param maxpipes pipes of all of them together
   * @param splicedBytes where the bytes are counted that have gone through pipes
   */
  Loops(
      int threads,
      Wires wires,
      int maxpipes,
      HeldBytes held,
      LongAdder splicedBytes,
      Ticker ticker) {
    group =
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory(Balancer.THREAD_NAME), wires.ioHandlers());
    boolean nativeAddress = wires instanceof EpollWires;
    for (EventExecutor each : group) {
      EpollPipes pipes = wires.pipes(share(maxpipes, loops.size(), threads), splicedBytes, ticker);
      Loop loop = new Loop((IoEventLoop) each, ticker, held, nativeAddress, pipes);
      loop.probeLag();
      loops.add(loop);
    }
  }

  /** Returns what one loop gets of a limit; the shares add up to it. */
  private static int share(int limit, int loop, int loops) {
    return (limit + loop) / loops;
  }

  /** Sets how many pipes all of them have together. */
  void setMaxpipes(int maxpipes) {
    for (int i = 0; i < loops.size(); i++) {
      EpollPipes pipes = loops.get(i).pipes();
      int most = share(maxpipes, i, loops.size());
      loops.get(i).eventLoop().execute(() -> pipes.setMost(most));
    }
  }

  int size() {
    return loops.size();
  }

  @Override
  public Iterator<Loop> iterator() {
    return Collections.unmodifiableList(loops).iterator();
  }

  /** Returns the loop for the next session or address: one after the other. */
  Loop next() {
    return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
  }

  /** Returns the living sessions, as {@link Balancer#snapshot}. */
  CompletionStage<List<SessionSnapshot>> snapshot() {
    CompletionStage<List<SessionSnapshot>> all = CompletableFuture.completedFuture(List.of());
    for (Loop loop : loops) {
      CompletableFuture<List<SessionSnapshot>> part = new CompletableFuture<>();
      loop.eventLoop().execute(() -> loop.snapshot(part));
      all =
          all.thenCombine(
              part, (some, more) -> Stream.concat(some.stream(), more.stream()).toList());
    }
    return all.thenApply(sessions ->
        sessions.stream().sorted(Comparator.comparingLong(SessionSnapshot::id)).toList());
  }

  /** Ends the sessions that are meant; the answer is how many. */
  CompletionStage<Integer> closeSessions(Predicate<Session> which, Termination termination) {
    CompletionStage<Integer> sum = CompletableFuture.completedFuture(0);
    for (Loop loop : loops) {
      sum =
          sum.thenCombine(
              CompletableFuture.supplyAsync(
                  () -> loop.closeSessions(which, termination), loop.eventLoop()),
              Integer::sum);
    }
    return sum;
  }

  /**
   * Evicts the session that has been silent longest, of all loops. Any loop.
   *
   * @param of the listener that needs the room; null if the whole balancer does
   */
  void evictSilent(@Nullable Listener of) {
    int oldest = -1;
    for (int i = 0; i < loops.size(); i++) {
      if (loops.get(i).hasSilent()
          && (oldest < 0
              || loops.get(i).oldestSilentNanos() - loops.get(oldest).oldestSilentNanos() < 0)) {
        oldest = i;
      }
    }
    if (oldest >= 0) {
      evictSilent(of, oldest, loops.size());
    }
  }

  /** Asks a loop, and if it has no such session, the next ones. */
  private void evictSilent(@Nullable Listener of, int at, int left) {
    Loop loop = loops.get(at);
    loop.eventLoop()
        .execute(() -> {
          if (!loop.evictSilent(of) && left > 1) {
            evictSilent(of, (at + 1) % loops.size(), left - 1);
          }
        });
  }

  /** Returns the pipes with bytes in them, of all sessions. */
  int pipesInUse() {
    return sum(loop -> loop.pipes().inUse());
  }

  /** Returns the timers that are set, of all sessions. */
  int timers() {
    return sum(Loop::timers);
  }

  private int sum(ToIntFunction<Loop> of) {
    int sum = 0;
    for (Loop loop : loops) {
      sum += loop.eventLoop().submit(() -> of.applyAsInt(loop)).syncUninterruptibly().getNow();
    }
    return sum;
  }

  /** Returns how late they are, the worst of them, as {@link Balancer#loopLagNanos}. */
  long lagNanos() {
    return loops.stream().mapToLong(Loop::lagNanos).max().orElse(0);
  }

  /** Ends all sessions at once; nothing is left of any when this returns. */
  void closeSessionsNow() {
    for (Loop loop : loops) {
      loop.eventLoop().submit(loop::close).syncUninterruptibly();
    }
  }

  /** Waits for their threads to end. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
