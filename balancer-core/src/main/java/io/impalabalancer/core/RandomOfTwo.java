package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * The less loaded of two different members drawn by weight; where few have room, so that none is
 * drawn who has, the one with the fewest sessions. Needs no view of the whole, so that several
 * balancers in front of the same coordinators do not all run to the emptiest.
 */
final class RandomOfTwo implements Balance {
  /** Draws until it is plain that few are admitted. */
  private static final int DRAWS = 4;

  /** Tells whether the first of two members is loaded no more than the second, for its weight. */
  interface Order {
    boolean holds(Serving serving, int first, int second, Choice choice);
  }

  private final Order order;

  /** Chooses where few are admitted. */
  private final Balance fewest;

  RandomOfTwo(Order order) {
    this(order, new LeastConn());
  }

  private RandomOfTwo(Order order, Balance fewest) {
    this.order = order;
    this.fewest = fewest;
  }

  /** Compares by the sessions that each would have. */
  static boolean fewerSessions(Serving serving, int first, int second, Choice choice) {
    long firstLoad = choice.sessions(serving.coordinator(first)) + 1L;
    long secondLoad = choice.sessions(serving.coordinator(second)) + 1L;
    return firstLoad * serving.weight(second) <= secondLoad * serving.weight(first);
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    int found = betterOfTwo(serving, choice);
    return found < 0 ? fewest.choose(serving, choice) : serving.member(found);
  }

  @Override
  public @Nullable Member search(Serving serving, Choice choice) {
    int found = betterOfTwo(serving, choice);
    return found < 0 ? fewest.search(serving, choice) : serving.member(found);
  }

  private int betterOfTwo(Serving serving, Choice choice) {
    int one = draw(serving, choice);
    int two = one;
    for (int i = 0; i < DRAWS && two == one && one >= 0; i++) {
      two = draw(serving, choice);
    }
    return two < 0 || order.holds(serving, one, two, choice) ? one : two;
  }

  @Override
  public Balance copy() {
    return new RandomOfTwo(order, fewest.copy());
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "the better of two drawn by weight";
  }

  /** Returns the index of an admitted member drawn by weight, negative if none was drawn. */
  private static int draw(Serving serving, Choice choice) {
    for (int i = 0; i < DRAWS; i++) {
      int drawn = serving.drawn(choice.random());
      if (choice.admits(serving.coordinator(drawn))) {
        return drawn;
      }
    }
    return -1;
  }
}
