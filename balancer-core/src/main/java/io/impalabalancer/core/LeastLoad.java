package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * Least {@link Load} for its weight; ties go round. While the load of one of those who could be
 * chosen is not known, they cannot be compared by it, and the fewest sessions decide.
 */
final class LeastLoad implements Balance {
  private final LeastConn blind;

  /** Where the one chosen last stands, as in {@link LeastConn}. */
  private volatile int last = -1;

  LeastLoad() {
    this(new LeastConn());
  }

  private LeastLoad(LeastConn blind) {
    this.blind = blind;
  }

  /**
   * Returns one for a balancer among several, which would all send to the one that was the emptiest
   * when they looked: it takes the better of two drawn.
   */
  static Balance amongSeveral() {
    return new RandomOfTwo(LeastLoad::lessLoad);
  }

  private static boolean lessLoad(Serving serving, int first, int second, Choice choice) {
    long firstLoad = choice.load(serving.member(first).coordinator());
    long secondLoad = choice.load(serving.member(second).coordinator());
    if (firstLoad < 0 || secondLoad < 0) {
      return RandomOfTwo.fewerSessions(serving, first, second, choice);
    }
    return (firstLoad + Load.QUERY) * serving.weight(second)
        <= (secondLoad + Load.QUERY) * serving.weight(first);
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    int size = serving.size();
    int start = last + 1 < size ? last + 1 : 0;
    int best = -1;
    long bestLoad = 0;
    long bestWeight = 1;
    for (int i = 0; i < size; i++) {
      int index = start + i < size ? start + i : start + i - size;
      Coordinator coordinator = serving.member(index).coordinator();
      if (!choice.admits(coordinator)) {
        continue;
      }
      long known = choice.load(coordinator);
      if (known < 0) {
        return blind.choose(serving, choice);
      }
      long load = known + Load.QUERY;
      long weight = serving.weight(index);
      if (best < 0 || load * bestWeight < bestLoad * weight) {
        best = index;
        bestLoad = load;
        bestWeight = weight;
      }
    }
    if (best < 0) {
      return null;
    }
    last = best;
    return serving.member(best);
  }

  @Override
  public Balance copy() {
    LeastLoad copy = new LeastLoad(blind.copy());
    copy.last = last;
    return copy;
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    Member unknown = unknown(serving, choice);
    return unknown == null
        ? "least load for its weight"
        : "fewest sessions for its weight, as the load of " + unknown + " is not known";
  }

  @Override
  public double score(Serving serving, int index, Choice choice) {
    if (unknown(serving, choice) != null) {
      return blind.score(serving, index, choice);
    }
    double load = choice.load(serving.member(index).coordinator()) + Load.QUERY;
    return LeastConn.score(load / Load.QUERY, serving.weight(index));
  }

  private static @Nullable Member unknown(Serving serving, Choice choice) {
    for (int i = 0; i < serving.size(); i++) {
      Coordinator coordinator = serving.member(i).coordinator();
      if (choice.admits(coordinator) && choice.load(coordinator) < 0) {
        return serving.member(i);
      }
    }
    return null;
  }
}
