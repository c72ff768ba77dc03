package io.impalabalancer.simulator;

import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The live numbers behind {@link Counts}. Any thread counts; they outlive a coordinator's death.
 */
final class Counters {
  /** The live numbers of one client port. */
  static final class Port {
    final LongAdder connectionsNow = new LongAdder();
    final LongAdder connectionsWaiting = new LongAdder();
    final LongAdder connectionsTotal = new LongAdder();
    final LongAdder connectionsTimedOut = new LongAdder();
    final LongAdder setupFailures = new LongAdder();
    final LongAdder loginFailures = new LongAdder();
    final LongAdder rpcs = new LongAdder();

    /** Accepted and not yet taken by a setup thread. */
    final LongAdder queued = new LongAdder();

    /** How long logins took, in this life. */
    final Histogram setupMicros = new ConcurrentHistogram(1);

    /** How long connections waited for a service thread, in this life. */
    final Histogram threadWaitMicros = new ConcurrentHistogram(1);

    private long totalBefore;
    private long timedOutBefore;

    /** A new process starts: Impala's own metrics begin at 0. */
    synchronized void begin() {
      totalBefore = connectionsTotal.sum();
      timedOutBefore = connectionsTimedOut.sum();
      setupMicros.reset();
      threadWaitMicros.reset();
    }

    synchronized long totalOfThisLife() {
      return connectionsTotal.sum() - totalBefore;
    }

    synchronized long timedOutOfThisLife() {
      return connectionsTimedOut.sum() - timedOutBefore;
    }

    private Counts.Port snapshot() {
      return new Counts.Port(
          connectionsNow.sum(),
          connectionsWaiting.sum(),
          connectionsTotal.sum(),
          connectionsTimedOut.sum(),
          setupFailures.sum(),
          loginFailures.sum(),
          rpcs.sum());
    }
  }

  final Port beeswax = new Port();
  final Port hiveserver2 = new Port();
  final Port hiveserver2Http = new Port();

  /** Logins of hiveserver2-http in this life. */
  final LongAdder basicSuccess = new LongAdder();

  final LongAdder basicFailure = new LongAdder();
  final LongAdder cookieSuccess = new LongAdder();
  final LongAdder cookieFailure = new LongAdder();
  final LongAdder sessionsNow = new LongAdder();
  final LongAdder sessionsTotal = new LongAdder();
  final LongAdder queriesNow = new LongAdder();
  final LongAdder queriesTotal = new LongAdder();
  final LongAdder queriesFailed = new LongAdder();
  private long queriesBefore;

  /** A new process starts: Impala's own metrics begin at 0. */
  synchronized void begin() {
    beeswax.begin();
    hiveserver2.begin();
    hiveserver2Http.begin();
    basicSuccess.reset();
    basicFailure.reset();
    cookieSuccess.reset();
    cookieFailure.reset();
    queriesBefore = queriesTotal.sum();
  }

  synchronized long queriesOfThisLife() {
    return queriesTotal.sum() - queriesBefore;
  }

  Counts snapshot() {
    return new Counts(
        beeswax.snapshot(),
        hiveserver2.snapshot(),
        hiveserver2Http.snapshot(),
        sessionsNow.sum(),
        sessionsTotal.sum(),
        queriesNow.sum(),
        queriesTotal.sum(),
        queriesFailed.sum());
  }
}
