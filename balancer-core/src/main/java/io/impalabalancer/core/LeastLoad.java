package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * Least {@link Load} for its weight; of equals the one that was chosen the longest ago. While the
 * load of one of those who could be chosen is not known, they cannot be compared by it, and the
 * fewest sessions decide.
 */
final class LeastLoad extends LeastConn {
  private final Balance blind;

  LeastLoad() {
    blind = new LeastConn();
  }

  private LeastLoad(LeastLoad other) {
    super(other);
    blind = other.blind.copy();
  }

  /**
   * Returns one for a balancer among several, which would all send to the one that was the emptiest
   * when they looked: it takes the better of two drawn.
   */
  static Balance amongSeveral() {
    return new RandomOfTwo(LeastLoad::lessLoad);
  }

  private static boolean lessLoad(Serving serving, int first, int second, Choice choice) {
    long firstLoad = choice.load(serving.coordinator(first));
    long secondLoad = choice.load(serving.coordinator(second));
    if (firstLoad < 0 || secondLoad < 0) {
      return RandomOfTwo.fewerSessions(serving, first, second, choice);
    }
    return (firstLoad + Load.QUERY) * serving.weight(second)
        <= (secondLoad + Load.QUERY) * serving.weight(first);
  }

  /** Negative if it is not known: who is not known comes first, and shows so. */
  @Override
  long load(Coordinator coordinator, Choice choice) {
    long known = choice.load(coordinator);
    return known < 0 ? known : known + Load.QUERY;
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    Tournament among = among(serving, choice.protocol());
    int best = among.best(choice);
    return isKnown(among, best, choice) ? member(among, best) : blind.choose(serving, choice);
  }

  @Override
  public @Nullable Member search(Serving serving, Choice choice) {
    Tournament among = among(serving, choice.protocol());
    int best = among.search(choice);
    return isKnown(among, best, choice) ? member(among, best) : blind.search(serving, choice);
  }

  private boolean isKnown(Tournament among, int best, Choice choice) {
    return best == Tournament.NOBODY || choice.load(among.serving().coordinator(best)) >= 0;
  }

  @Override
  public Balance copy() {
    return new LeastLoad(this);
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
    double load = load(serving.coordinator(index), choice);
    return score(load / Load.QUERY, serving.weight(index));
  }

  private static @Nullable Member unknown(Serving serving, Choice choice) {
    for (int i = 0; i < serving.size(); i++) {
      Coordinator coordinator = serving.coordinator(i);
      if (choice.admits(coordinator) && choice.load(coordinator) < 0) {
        return serving.member(i);
      }
    }
    return null;
  }
}
