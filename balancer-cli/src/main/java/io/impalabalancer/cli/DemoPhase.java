package io.impalabalancer.cli;

import io.impalabalancer.simulator.SimulatedClientException.Reason;
import java.net.InetSocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A part of the demo: where its clients go, and what became of their queries. Any thread; the
 * monitor guards all counts.
 */
final class DemoPhase {
  private final String letter;
  private final String title;
  private final InetSocketAddress address;
  private final Histogram answerMicros = new Histogram(3);
  private final Map<String, Integer> answers = new TreeMap<>();
  private final Map<Reason, Integer> failures = new EnumMap<>(Reason.class);
  private int failed;
  private long startNanos;
  private long runNanos = -1;

  /**
   * Makes one that has not begun.
   *
   * @param address where the clients connect
   */
  DemoPhase(String letter, String title, InetSocketAddress address) {
    this.letter = letter;
    this.title = title;
    this.address = address;
  }

  String letter() {
    return letter;
  }

  String title() {
    return title;
  }

  InetSocketAddress address() {
    return address;
  }

  synchronized void begin() {
    startNanos = System.nanoTime();
    runNanos = 0;
  }

  /** No query starts any more; those that run still count. */
  synchronized void end() {
    runNanos = System.nanoTime() - startNanos;
  }

  /** Counts a query that was answered, with the time from asking, connecting included. */
  synchronized void answered(String coordinator, long nanos) {
    answerMicros.recordValue(TimeUnit.NANOSECONDS.toMicros(nanos));
    answers.merge(coordinator, 1, Integer::sum);
  }

  /** Counts a query that failed. */
  synchronized void failed(Reason reason) {
    failures.merge(reason, 1, Integer::sum);
    failed++;
  }

  /** Returns what it adds up to by now. */
  synchronized Result result() {
    long nanos = runNanos == 0 ? System.nanoTime() - startNanos : runNanos;
    return new Result(
        runNanos >= 0,
        nanos <= 0 ? 0 : answerMicros.getTotalCount() * 1e9 / nanos,
        answerMicros.getMean() / 1e6,
        answerMicros.getValueAtPercentile(95) / 1e6,
        answerMicros.getTotalCount(),
        failed,
        Map.copyOf(answers),
        Map.copyOf(failures));
  }

  /**
   * What a phase adds up to.
   *
   * @param begun false if no number means anything yet
   * @param perSecond queries answered in a second
   * @param average seconds from asking to the answer, of the queries that were answered
   * @param p95 seconds within which 95 of 100 of them were answered
   * @param answers by coordinator
   */
  record Result(
      boolean begun,
      double perSecond,
      double average,
      double p95,
      long answered,
      int failed,
      Map<String, Integer> answers,
      Map<Reason, Integer> failures) {

    /** Returns the failed ones of 100 queries. */
    double failedPercent() {
      return answered + failed == 0 ? 0 : 100.0 * failed / (answered + failed);
    }

    /** Returns how many of 100 answers a coordinator gave. */
    double sharePercent(String coordinator) {
      return answered == 0 ? 0 : 100.0 * answers.getOrDefault(coordinator, 0) / answered;
    }
  }
}
