package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * The less loaded of two different members drawn by weight. Needs no view of the whole, so that
 * several balancers in front of the same coordinators do not all run to the emptiest.
 */
final class RandomOfTwo implements Balance {
  /** Draws among all, before those are counted who are admitted. */
  private static final int DRAWS = 4;

  /** Tells whether the first of two members is loaded no more than the second, for its weight. */
  interface Order {
    boolean holds(Serving serving, int first, int second, Choice choice);
  }

  private final Order order;

  RandomOfTwo(Order order) {
    this.order = order;
  }

  /** Compares by the sessions that each would have. */
  static boolean fewerSessions(Serving serving, int first, int second, Choice choice) {
    long firstLoad = choice.sessions(serving.coordinator(first)) + 1L;
    long secondLoad = choice.sessions(serving.coordinator(second)) + 1L;
    return firstLoad * serving.weight(second) <= secondLoad * serving.weight(first);
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    int one = draw(serving, choice);
    int two = one < 0 ? one : draw(serving, choice);
    for (int i = 0; i < DRAWS && two == one && one >= 0; i++) {
      two = draw(serving, choice);
    }
    if (two < 0) {
      return one < 0 ? null : serving.member(one);
    }
    return serving.member(order.holds(serving, one, two, choice) ? one : two);
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "the better of two drawn by weight";
  }

  /** Returns the index of an admitted member drawn by weight, negative if there is none. */
  private int draw(Serving serving, Choice choice) {
    for (int i = 0; i < DRAWS; i++) {
      int drawn = serving.drawn(choice.random());
      if (choice.admits(serving.coordinator(drawn))) {
        return drawn;
      }
    }
    return drawOfAdmitted(serving, choice);
  }

  /** Draws of those admitted alone, where few are; the last of them if some filled meanwhile. */
  private int drawOfAdmitted(Serving serving, Choice choice) {
    long total = 0;
    for (int i = 0; i < serving.size(); i++) {
      if (choice.admits(serving.coordinator(i))) {
        total += serving.weight(i);
      }
    }
    if (total == 0) {
      return -1;
    }
    long left = Math.floorMod(choice.random(), total);
    int last = -1;
    for (int i = 0; i < serving.size(); i++) {
      if (choice.admits(serving.coordinator(i))) {
        last = i;
        left -= serving.weight(i);
        if (left < 0) {
          return i;
        }
      }
    }
    return last;
  }
}
