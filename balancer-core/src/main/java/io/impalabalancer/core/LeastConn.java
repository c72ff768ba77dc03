package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * Fewest sessions for its weight, counted over all ports and listeners of the coordinator; ties go
 * round.
 */
final class LeastConn implements Balance {
  /**
   * Where the one chosen last stands. The search begins behind it, so that of equals the next is
   * found first; loops that race over it at worst choose the same.
   */
  private volatile int last = -1;

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
      // The load that it would have: with that, of empty ones the heavier is better.
      long load = choice.sessions(coordinator) + 1L;
      long weight = serving.weight(index);
      if ((best < 0 || load * bestWeight < bestLoad * weight) && choice.admits(coordinator)) {
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
  public LeastConn copy() {
    LeastConn copy = new LeastConn();
    copy.last = last;
    return copy;
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "fewest sessions for its weight";
  }

  @Override
  public double score(Serving serving, int index, Choice choice) {
    return score(choice.sessions(serving.member(index).coordinator()) + 1, serving.weight(index));
  }

  /** Returns a load that a member would have, for its weight. */
  static double score(double load, int weight) {
    return load * 100 * 100 / weight;
  }
}
