package io.impalabalancer.simulator;

import java.util.concurrent.atomic.LongAdder;

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
  final LongAdder sessionsNow = new LongAdder();
  final LongAdder sessionsTotal = new LongAdder();
  final LongAdder queriesNow = new LongAdder();
  final LongAdder queriesTotal = new LongAdder();
  final LongAdder queriesFailed = new LongAdder();

  Counts snapshot() {
    return new Counts(
        beeswax.snapshot(),
        hiveserver2.snapshot(),
        sessionsNow.sum(),
        sessionsTotal.sum(),
        queriesNow.sum(),
        queriesTotal.sum(),
        queriesFailed.sum());
  }
}
