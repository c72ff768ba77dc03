package io.impalabalancer.core;

import io.impalabalancer.config.RebalanceConfig;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes idle sessions, a few a second, so that a coordinator which stays nearly empty gets its
 * share: clients that keep their connections do not come by themselves to one that was restarted or
 * added. One is helped at a time, by the sessions that were idle when that began; and not again
 * until it has had half of its share, for clients that do not come back were not needed.
 *
 * <p>Each {@link #step} is one second's. Any thread but a loop.
 */
public final class Rebalance {
  private static final Logger LOG = LoggerFactory.getLogger(Rebalance.class);

  /** Knows of queries that sessions run. */
  public interface Queries {
    /** Returns the ids of those of which it is known that they run one. */
    CompletionStage<Set<Long>> running(List<SessionSnapshot> sessions);
  }

  /** A coordinator in the place of a member that serves a listener. */
  private record Place(Listener listener, Coordinator coordinator) {}

  /** The help that one coordinator is given. */
  private static final class Help {
    final Place place;

    /** Sessions that are still to be closed; null until they were looked for. */
    @Nullable Deque<Long> left;

    int closed;

    Help(Place place) {
      this.place = place;
    }
  }

  private final Balancer balancer;
  private final Queries queries;

  /** Since when each has had less than half of its share. */
  private final Map<Place, Long> nearlyEmpty = new HashMap<>();

  /** Those among them that were helped. */
  private final Set<Place> helped = new HashSet<>();

  private @Nullable Help help;

  /** Makes one that does nothing until it is asked to. */
  public Rebalance(Balancer balancer, Queries queries) {
    this.balancer = balancer;
    this.queries = queries;
  }

  /** Looks who needs help, or goes on with it; done when this second's sessions are closed. */
  public synchronized CompletionStage<Void> step() {
    Help current = help;
    if (current == null) {
      Place due = due(balancer.ticker().nanoTime());
      return due == null ? CompletableFuture.completedFuture(null) : begin(due);
    }
    Deque<Long> left = current.left;
    return left == null ? CompletableFuture.completedFuture(null) : goOn(current, left);
  }

  /** Notes who is nearly empty, and returns one who has been so for long enough. */
  private @Nullable Place due(long nowNanos) {
    Place due = null;
    Set<Place> seen = new HashSet<>();
    for (Listener listener : balancer.listeners()) {
      RebalanceConfig config = listener.config().rebalance();
      if (!isWanted(listener)) {
        continue;
      }
      Shares shares = Shares.of(listener);
      for (int i = 0; i < shares.size(); i++) {
        if (shares.isNearlyEmpty(i)) {
          Place place = new Place(listener, shares.coordinator(i));
          seen.add(place);
          long since = nearlyEmpty.computeIfAbsent(place, first -> nowNanos);
          if (due == null
              && nowNanos - since >= config.after().toNanos()
              && !helped.contains(place)) {
            due = place;
          }
        }
      }
    }
    nearlyEmpty.keySet().retainAll(seen);
    helped.retainAll(seen);
    return due;
  }

  /** Returns whether sessions may be closed: whoever is closed has to be able to come back. */
  private boolean isWanted(Listener listener) {
    return listener.config().rebalance().isOn()
        && balancer.accepting()
        && listener.enabled()
        && !listener.leaving();
  }

  private CompletionStage<Void> begin(Place place) {
    Help begun = new Help(place);
    help = begun;
    return idleSessions(place.listener)
        .thenCompose(idle ->
            queries
                .running(idle)
                .exceptionally(notKnown -> Set.of())
                .thenAccept(running -> begin(begun, idle, running)))
        .exceptionally(defect -> {
          LOG.error("event=rebalance-failed", defect);
          stop(begun);
          return null;
        });
  }

  private CompletionStage<List<SessionSnapshot>> idleSessions(Listener listener) {
    long silenceNanos = listener.config().rebalance().silence().toNanos();
    // One moment for all: a loop that is late would else find its own to be silent for longer.
    long now = balancer.ticker().nanoTime();
    CompletionStage<List<SessionSnapshot>> all = CompletableFuture.completedFuture(List.of());
    for (Loop loop : balancer.loops()) {
      all =
          all.thenCombine(
              CompletableFuture.supplyAsync(
                  () ->
                      loop.snapshots(s -> s.listener() == listener && s.isIdle(silenceNanos), now),
                  loop.eventLoop()),
              (some, more) -> Stream.concat(some.stream(), more.stream()).toList());
    }
    return all;
  }

  private synchronized void begin(Help begun, List<SessionSnapshot> idle, Set<Long> running) {
    Listener listener = begun.place.listener;
    Shares shares = Shares.of(listener);
    int place = shares.indexOf(begun.place.coordinator);
    Deque<Long> chosen = new ArrayDeque<>();
    if (place >= 0 && shares.isNearlyEmpty(place)) {
      List<SessionSnapshot> free = new ArrayList<>(idle);
      free.removeIf(session -> running.contains(session.id()));
      chosen = shares.surplus(free, shares.missing(place));
    }
    if (chosen.isEmpty()) {
      // None is idle: it is looked again when as much time has passed.
      nearlyEmpty.remove(begun.place);
      stop(begun);
      return;
    }
    helped.add(begun.place);
    begun.left = chosen;
    RebalanceConfig config = listener.config().rebalance();
    tell(
        begun.place,
        true,
        "it has had less than half of its share for %d s, now %d of %d: %d sessions of others, idle"
                .formatted(
                    config.after().toSeconds(),
                    shares.sessions(place),
                    shares.share(place),
                    chosen.size())
            + " for %d s or more, are closed, %d a second"
                .formatted(config.silence().toSeconds(), config.rate()));
  }

  private CompletionStage<Void> goOn(Help current, Deque<Long> left) {
    Listener listener = current.place.listener;
    RebalanceConfig config = listener.config().rebalance();
    Shares shares = Shares.of(listener);
    int place = shares.indexOf(current.place.coordinator);
    String over = "";
    if (!isWanted(listener)) {
      over = "the listener takes no clients, or rebalance is switched off";
    } else if (place < 0 || !shares.hasRoom(place)) {
      over = "it takes no more sessions";
    } else if (shares.missing(place) <= 0) {
      over = "it has its share, " + shares.sessions(place) + " sessions";
    } else if (left.isEmpty()) {
      over =
          "no other was idle when it began; it has %d of %d sessions"
              .formatted(shares.sessions(place), shares.share(place));
    }
    if (!over.isEmpty()) {
      tell(current.place, false, current.closed + " sessions were closed: " + over);
      stop(current);
      return CompletableFuture.completedFuture(null);
    }
    Set<Long> now = new HashSet<>();
    int most = Math.min(config.rate(), shares.missing(place));
    while (now.size() < most && !left.isEmpty()) {
      now.add(left.remove());
    }
    long silenceNanos = config.silence().toNanos();
    return balancer
        .loops()
        .closeSessions(
            session -> now.contains(session.id()) && session.isIdle(silenceNanos),
            Termination.REBALANCED)
        .thenAccept(closed -> count(current, closed));
  }

  private synchronized void count(Help current, int closed) {
    current.closed += closed;
  }

  private synchronized void stop(Help which) {
    if (help == which) {
      help = null;
    }
  }

  private void tell(Place place, boolean begins, String reason) {
    LOG.info(
        "event=rebalance-{} listener={} coordinator={} reason=\"{}\"",
        begins ? "begun" : "ended",
        place.listener.name(),
        place.coordinator,
        reason);
    balancer.events().rebalance(place.listener, place.coordinator, begins, reason);
  }
}
