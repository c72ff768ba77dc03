package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * Fewest sessions for its weight, counted over all ports and listeners of the coordinator; ties go
 * round.
 */
class LeastConn implements Balance {
  /** What {@link #least} finds where nobody is admitted. */
  static final int NOBODY = -1;

  /** What {@link #least} finds where a load is not known. */
  static final int NOT_KNOWN = -2;

  /**
   * Where the one chosen last stands. The search begins behind it, so that of equals the next is
   * found first; loops that race over it at worst choose the same.
   */
  private volatile int last = -1;

  LeastConn() {}

  /** Makes one that chooses next as another would. */
  LeastConn(LeastConn other) {
    last = other.last;
  }

  /**
   * Returns what a coordinator would have to do with one session more, negative if that is not
   * known: with that one, of empty ones the heavier is better.
   */
  long load(Coordinator coordinator, Choice choice) {
    return choice.sessions(coordinator) + 1L;
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    return taken(serving, least(serving, choice));
  }

  /**
   * Returns who has the least load for its weight of those admitted, if all their loads are known.
   */
  final int least(Serving serving, Choice choice) {
    int size = serving.size();
    int start = last + 1 < size ? last + 1 : 0;
    int best = NOBODY;
    long bestLoad = 0;
    long bestWeight = 1;
    for (int i = 0; i < size; i++) {
      int index = start + i < size ? start + i : start + i - size;
      Coordinator coordinator = serving.coordinator(index);
      long load = load(coordinator, choice);
      long weight = serving.weight(index);
      if ((best < 0 || load * bestWeight < bestLoad * weight) && choice.admits(coordinator)) {
        if (load < 0) {
          return NOT_KNOWN;
        }
        best = index;
        bestLoad = load;
        bestWeight = weight;
      }
    }
    return best;
  }

  /** Notes who was found, and returns it. */
  final @Nullable Member taken(Serving serving, int found) {
    if (found < 0) {
      return null;
    }
    last = found;
    return serving.member(found);
  }

  @Override
  public Balance copy() {
    return new LeastConn(this);
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "fewest sessions for its weight";
  }

  @Override
  public double score(Serving serving, int index, Choice choice) {
    return score((double) load(serving.coordinator(index), choice), serving.weight(index));
  }

  /** Returns a load that a member would have, for its weight. */
  static double score(double load, int weight) {
    return load * 100 * 100 / weight;
  }
}
