package io.impalabalancer.metrics;

import io.impalabalancer.core.SessionView;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * How long ended sessions waited, connected and lived: the average over about the last 1024, as
 * HAProxy's, and the most. Loops add; whoever owns it samples it about once a second.
 */
final class SessionTimes {
  private static final double OVER_SESSIONS = 1024;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final LongAdder count = new LongAdder();
  private final Time queue = new Time();
  private final Time connect = new Time();
  private final Time total = new Time();

  /** Adds a session that had a coordinator connection. */
  void add(SessionView session) {
    count.increment();
    queue.add(session.queueNanos());
    connect.add(session.connectNanos());
    total.add(session.durationNanos());
  }

  void sample() {
    long sessions = count.sumThenReset();
    queue.sample(sessions);
    connect.sample(sessions);
    total.sample(sessions);
  }

  void clearMax() {
    queue.max.reset();
    connect.max.reset();
    total.max.reset();
  }

  void fill(StatRow row) {
    row.set("qtime", queue.averageMillis).set("ctime", connect.averageMillis);
    row.set("ttime", total.averageMillis).set("qtime_max", queue.maxMillis());
    row.set("ctime_max", connect.maxMillis()).set("ttime_max", total.maxMillis());
  }

  private static final class Time {
    private final LongAdder nanos = new LongAdder();
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);
    private double average;
    private volatile long averageMillis;

    void add(long sessionNanos) {
      long taken = Math.max(0, sessionNanos);
      nanos.add(taken);
      max.accumulate(taken);
    }

    void sample(long sessions) {
      double sum = nanos.sumThenReset();
      if (sessions > 0) {
        double share = average == 0 ? 1 : Math.min(1, sessions / OVER_SESSIONS);
        average += share * (sum / sessions - average);
        averageMillis = Math.round(average / NANOS_PER_MILLI);
      }
    }

    long maxMillis() {
      return max.get() / NANOS_PER_MILLI;
    }
  }
}
