package io.impalabalancer.core;

import static java.util.concurrent.TimeUnit.SECONDS;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Ways to run what is under test: many times at random, by several threads, counting memory. */
final class Trial {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Trial() {}

  /** Runs a property for random seeds; the one that fails is named, {@code -Dseed} repeats it. */
  static void forSeeds(int count, Consumer<Random> property) {
    Long given = Long.getLong("seed");
    Random seeds = new Random();
    for (int i = 0; i < (given == null ? count : 1); i++) {
      long seed = given == null ? seeds.nextLong() : given;
      try {
        property.accept(new Random(seed));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("failed with -Dseed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }

  /** Runs the same by several threads at once, and fails if one of them does. */
  static void inParallel(int threads, Runnable work) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier start = new CyclicBarrier(threads);
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(
            executor.submit(() -> {
              start.await(10, SECONDS);
              work.run();
              return null;
            }));
      }
      for (Future<?> each : running) {
        each.get(60, SECONDS);
      }
    } finally {
      executor.shutdownNow();
    }
  }

  /** Returns the bytes that this thread allocates for the work. */
  static long allocatedBytes(Runnable work) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    work.run();
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
