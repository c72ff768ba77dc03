package io.impalabalancer.cli.web;

import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.SessionCounters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The last ten minutes of every coordinator, its rates of the last seconds, and its last check.
 * Kept here so that a page that is opened or refreshed has them at once. Any thread; {@link #tick}
 * comes once a second.
 */
final class Timeline {
  static final int STEP_SECONDS = 5;
  static final int POINTS = 120;

  /** What the sessions on a coordinator add up to, over all listeners. */
  record Totals(long assigned, long connectErrors, long bytesToClient, long bytesToCoordinator) {
    private static final Totals NONE = new Totals(0, 0, 0, 0);

    private Totals plus(SessionCounters counters) {
      return new Totals(
          assigned + counters.assigned(),
          connectErrors + counters.connectErrors(),
          bytesToClient + counters.bytesToClient(),
          bytesToCoordinator + counters.bytesToCoordinator());
    }
  }

  /** A check and when it ended, in milliseconds since 1970. */
  record LastCheck(CheckReport report, long atMillis) {}

  /** Points from the oldest to the newest. */
  record Points(List<Integer> sessions, List<Integer> assigned, List<Integer> errors) {}

  /** One coordinator: rings that {@link #ticks} points into. */
  private static final class Track {
    final Totals[] totals = new Totals[STEP_SECONDS + 1];
    final int[] sessions = new int[POINTS];
    final int[] assigned = new int[POINTS];
    final int[] errors = new int[POINTS];
    long bornTicks;
  }

  private final Balancer balancer;
  private final Map<Coordinator, Track> tracks = new HashMap<>();
  private final Map<Coordinator, LastCheck> checks = new ConcurrentHashMap<>();
  private long ticks;

  Timeline(Balancer balancer) {
    this.balancer = balancer;
  }

  void checked(Coordinator coordinator, CheckReport report) {
    checks.put(coordinator, new LastCheck(report, System.currentTimeMillis()));
  }

  @Nullable LastCheck lastCheck(Coordinator coordinator) {
    return checks.get(coordinator);
  }

  /** Takes the numbers of this second, and every {@link #STEP_SECONDS} a point. */
  synchronized void tick() {
    ticks++;
    Map<Coordinator, Totals> totals = new HashMap<>();
    for (Listener listener : balancer.listeners()) {
      for (Member member : listener.pool().members()) {
        Coordinator coordinator = member.coordinator();
        Totals sum = totals.getOrDefault(coordinator, Totals.NONE);
        totals.put(coordinator, sum.plus(listener.counters(coordinator)));
      }
    }
    for (Coordinator coordinator : balancer.coordinators()) {
      Track track = tracks.get(coordinator);
      if (track == null) {
        track = new Track();
        track.bornTicks = ticks;
        tracks.put(coordinator, track);
      }
      Totals now = totals.getOrDefault(coordinator, Totals.NONE);
      track.totals[index(ticks, track.totals.length)] = now;
      if (ticks % STEP_SECONDS == 0) {
        int point = index(ticks / STEP_SECONDS, POINTS);
        track.sessions[point] = coordinator.sessions();
        track.assigned[point] = (int) grown(track, Totals::assigned);
        track.errors[point] = (int) grown(track, Totals::connectErrors);
      }
    }
    if (ticks % STEP_SECONDS == 0) {
      tracks.keySet().retainAll(balancer.coordinators());
      checks.keySet().retainAll(tracks.keySet());
    }
  }

  /** Returns by how much a total has grown over the last step, or since there are numbers. */
  private long grown(Track track, ToLongFunction<Totals> total) {
    long since = Math.max(track.bornTicks, ticks - STEP_SECONDS);
    Totals before = track.totals[index(since, track.totals.length)];
    Totals now = track.totals[index(ticks, track.totals.length)];
    return Math.max(0, total.applyAsLong(now) - total.applyAsLong(before));
  }

  private static int index(long number, int length) {
    return (int) (number % length);
  }

  /** Returns a rate a second, over the last {@link #STEP_SECONDS}. */
  synchronized double rate(Coordinator coordinator, ToLongFunction<Totals> total) {
    Track track = tracks.get(coordinator);
    if (track == null || track.bornTicks == ticks) {
      return 0;
    }
    double seconds = Math.min(STEP_SECONDS, ticks - track.bornTicks);
    return grown(track, total) / seconds;
  }

  /** Returns the number of the newest point: how many there were ever. */
  synchronized long newest() {
    return ticks / STEP_SECONDS;
  }

  /** Returns the points of a coordinator, {@link #POINTS} at most. */
  synchronized Points points(Coordinator coordinator, int most) {
    Track track = tracks.get(coordinator);
    long newest = ticks / STEP_SECONDS;
    long first = track == null ? newest + 1 : (track.bornTicks + STEP_SECONDS - 1) / STEP_SECONDS;
    int length = (int) Math.min(Math.min(most, POINTS), Math.max(0, newest - first + 1));
    Points points = new Points(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (long number = newest - length + 1; number <= newest && track != null; number++) {
      int from = index(number, POINTS);
      points.sessions.add(track.sessions[from]);
      points.assigned.add(track.assigned[from]);
      points.errors.add(track.errors[from]);
    }
    return points;
  }
}
