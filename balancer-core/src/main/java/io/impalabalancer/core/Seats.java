package io.impalabalancer.core;

import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Where a coordinator stands in the serving sets, which are told when a number changes that choices
 * compare. Any thread; loops at every begin and end of a session.
 */
final class Seats {
  private record Seat(Serving serving, int index) {
    void changed() {
      serving.changed(index);
    }
  }

  private final CopyOnWriteArrayList<Seat> seats = new CopyOnWriteArrayList<>();

  void add(Serving serving, int index) {
    seats.add(new Seat(serving, index));
  }

  void remove(Serving serving) {
    seats.removeIf(seat -> seat.serving == serving);
  }

  /** A number has changed: slots, limits or load. To be said after it has. */
  void changed() {
    seats.forEach(Seat::changed);
  }
}
