package io.impalabalancer.cli.web;

import io.impalabalancer.core.CoordinatorEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/** What happened last to coordinators and their sessions, for people. Any thread. */
final class Events {
  /** Events that are kept. */
  static final int MOST = 500;

  /**
   * One of them.
   *
   * @param id counts from 1
   * @param kind {@code status}, {@code port}, {@code admin}, {@code weight}, {@code cut} or {@code
   *     reload}
   * @param coordinator its name, empty for none
   * @param subject the protocol of a port, the pool of a weight, else empty
   */
  record Event(
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

  void changed(CoordinatorEvent event) {
    add(
        event.axis().name().toLowerCase(Locale.ROOT),
        event.coordinator().name(),
        event.subject(),
        event.from(),
        event.to(),
        event.reason());
  }

  synchronized void add(
      String kind, String coordinator, String subject, String from, String to, String reason) {
    if (events.size() == MOST) {
      events.removeLast();
    }
    long now = System.currentTimeMillis();
    events.addFirst(new Event(++lastId, now, kind, coordinator, subject, from, to, reason));
  }

  synchronized long lastId() {
    return lastId;
  }

  /** Returns the newest ones, the newest first. */
  synchronized List<Event> newest(int most) {
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
