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
 * The last ten minutes of every coordinator, its last check, and the rates of the last seconds, its
 * and those of listeners. Kept here so that a page that is opened or refreshed has them at once.
 * Any thread; {@link #tick} comes once a second.
 */
final class Timeline {
  static final int STEP_SECONDS = 5;
  static final int POINTS = 120;

  /** What sessions add up to: on a coordinator, over all listeners, or of a listener. */
  record Totals(long sessions, long connectErrors, long bytesToClient, long bytesToCoordinator) {
    private static final Totals NONE = new Totals(0, 0, 0, 0);

    /** Returns them with its accepted sessions in the place of those that have a coordinator. */
    private Totals ofListener(long accepted) {
      return new Totals(accepted, connectErrors, bytesToClient, bytesToCoordinator);
    }

    private Totals plus(SessionCounters counters) {
      return new Totals(
          sessions + counters.assigned(),
          connectErrors + counters.connectErrors(),
          bytesToClient + counters.bytesToClient(),
          bytesToCoordinator + counters.bytesToCoordinator());
    }
  }

  /** A check and when it ended, in milliseconds since 1970. */
  record LastCheck(CheckReport report, long atMillis) {}

  /** Points from the oldest to the newest. */
  record Points(List<Integer> sessions, List<Integer> assigned, List<Integer> errors) {}

  /** What was added up in the last seconds, a ring that {@link #ticks} points into. */
  private static class Recent {
    final Totals[] totals = new Totals[STEP_SECONDS + 1];
    final long bornTicks;

    Recent(long bornTicks) {
      this.bornTicks = bornTicks;
    }
  }

  /** One coordinator: more rings. */
  private static final class Track extends Recent {
    final int[] sessions = new int[POINTS];
    final int[] assigned = new int[POINTS];
    final int[] errors = new int[POINTS];

    Track(long bornTicks) {
      super(bornTicks);
    }
  }

  private final Balancer balancer;
  private final Map<Coordinator, Track> tracks = new HashMap<>();
  private final Map<Listener, Recent> listeners = new HashMap<>();
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
      Totals all = Totals.NONE;
      for (Member member : listener.pool().members()) {
        Coordinator coordinator = member.coordinator();
        SessionCounters counters = listener.counters(coordinator);
        totals.merge(coordinator, Totals.NONE.plus(counters), (sum, one) -> sum.plus(counters));
        all = all.plus(counters);
      }
      Recent recent = listeners.computeIfAbsent(listener, one -> new Recent(ticks));
      recent.totals[index(ticks, recent.totals.length)] = all.ofListener(listener.accepted());
    }
    for (Coordinator coordinator : balancer.coordinators()) {
      Track track = tracks.computeIfAbsent(coordinator, one -> new Track(ticks));
      Totals now = totals.getOrDefault(coordinator, Totals.NONE);
      track.totals[index(ticks, track.totals.length)] = now;
      if (ticks % STEP_SECONDS == 0) {
        int point = index(ticks / STEP_SECONDS, POINTS);
        track.sessions[point] = coordinator.sessions();
        track.assigned[point] = (int) grown(track, Totals::sessions);
        track.errors[point] = (int) grown(track, Totals::connectErrors);
      }
    }
    if (ticks % STEP_SECONDS == 0) {
      tracks.keySet().retainAll(balancer.coordinators());
      listeners.keySet().retainAll(balancer.listeners());
      checks.keySet().retainAll(tracks.keySet());
    }
  }

  /** Returns by how much a total has grown over the last step, or since there are numbers. */
  private long grown(Recent track, ToLongFunction<Totals> total) {
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
    return rate(tracks.get(coordinator), total);
  }

  /** Returns a rate a second of a listener, over the same time. */
  synchronized double rate(Listener listener, ToLongFunction<Totals> total) {
    return rate(listeners.get(listener), total);
  }

  private double rate(@Nullable Recent track, ToLongFunction<Totals> total) {
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
