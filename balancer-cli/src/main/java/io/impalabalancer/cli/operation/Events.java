package io.impalabalancer.cli.operation;

import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.CoordinatorEvent;
import io.impalabalancer.core.Listener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happened last, for people: changes of coordinators, and what operators did to sessions,
 * listeners and the process. Each event once, the newest {@link #MOST} are kept. Any thread.
 */
public final class Events implements BalancerListener {
  private static final Logger LOG = LoggerFactory.getLogger(Events.class);

  /** Events that are kept. */
  public static final int MOST = 500;

  /**
   * One of them.
   *
   * @param id counts from 1
   * @param kind the axis of a coordinator that changed, or {@code overruled}, {@code rebalance},
   *     {@code cut}, {@code listener}, {@code discovery}, {@code reload}, {@code upgrade}
   * @param coordinator its name, empty for none
   * @param subject the protocol of a port, the pool of a weight, the name of a listener, else empty
   * @param from the state before, empty for none
   * @param to the state now, the number of sessions cut, or what came of it
   * @param reason who and why
   */
  public record Event(
      long id,
      long atMillis,
      String kind,
      String coordinator,
      String subject,
      String from,
      String to,
      String reason) {}

  private final Deque<Event> events = new ArrayDeque<>();
  private long lastId;

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    add(
        event.axis().name().toLowerCase(Locale.ROOT),
        event.coordinator().name(),
        event.subject(),
        event.from(),
        event.to(),
        event.reason());
  }

  @Override
  public void verdictsOverruled(Listener listener, boolean overruled, String reason) {
    add("overruled", "", listener.name(), "", overruled ? "OVERRULED" : "OBEYED", reason);
  }

  @Override
  public void rebalance(Listener listener, Coordinator coordinator, boolean begins, String reason) {
    String from = begins ? "" : "BEGUN";
    add("rebalance", coordinator.name(), listener.name(), from, begins ? "BEGUN" : "ENDED", reason);
  }

  /**
   * People have cut sessions; it is logged here.
   *
   * @param coordinator whose, empty for those of any
   * @param reason who cut what
   */
  public void cut(String coordinator, int sessions, String reason) {
    LOG.info(
        "event=sessions-cut coordinator={} sessions={} reason=\"{}\"",
        coordinator,
        sessions,
        reason);
    add("cut", coordinator, "", "", Integer.toString(sessions), reason);
  }

  /** People have changed whether a listener accepts. */
  public void listener(String name, boolean enabled, String reason) {
    String now = enabled ? "ENABLED" : "DISABLED";
    add("listener", "", name, enabled ? "DISABLED" : "ENABLED", now, reason);
  }

  /** A coordinator that nobody declared was found, or is gone. */
  public void discovery(String coordinator, boolean found, String reason) {
    add("discovery", coordinator, "", "", found ? "FOUND" : "GONE", reason);
  }

  /** The process did something with itself: {@code reload} or {@code upgrade}. */
  public void process(String kind, String result, String reason) {
    add(kind, "", "", "", result, reason);
  }

  private synchronized void add(
      String kind, String coordinator, String subject, String from, String to, String reason) {
    if (events.size() == MOST) {
      events.removeLast();
    }
    long now = System.currentTimeMillis();
    events.addFirst(new Event(++lastId, now, kind, coordinator, subject, from, to, reason));
  }

  /** Returns the id of the newest, 0 if there was none ever. */
  public synchronized long lastId() {
    return lastId;
  }

  /** Returns the newest ones, the newest first. */
  public synchronized List<Event> newest(int most) {
    List<Event> newest = new ArrayList<>();
    for (Event event : events) {
      if (newest.size() == most) {
        break;
      }
      newest.add(event);
    }
    return newest;
  }
}
