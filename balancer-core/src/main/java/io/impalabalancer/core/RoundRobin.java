package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * In turn, by weight, and smooth: of weights 2 and 1 the order is A B A, not A A B. The credits are
 * one state that all loops share, hence the lock, which is held for one pass over the members.
 */
final class RoundRobin implements Balance {
  private Serving serving = Serving.NOBODY;
  private long[] credits = {};

  @Override
  public synchronized @Nullable Member choose(Serving now, Choice choice) {
    if (now != serving) {
      serving = now;
      credits = new long[now.size()];
    }
    int best = -1;
    long total = 0;
    for (int i = 0; i < credits.length; i++) {
      if (!choice.admits(now.member(i).coordinator())) {
        continue;
      }
      credits[i] += now.weight(i);
      total += now.weight(i);
      if (best < 0 || credits[i] > credits[best]) {
        best = i;
      }
    }
    if (best < 0) {
      return null;
    }
    credits[best] -= total;
    return now.member(best);
  }
}
