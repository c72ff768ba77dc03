package io.impalabalancer.core;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Fewest sessions for its weight, counted over all ports and listeners of the coordinator; ties go
 * round.
 */
final class LeastConn implements Balance {
  private final AtomicInteger turn = new AtomicInteger();

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    int size = serving.size();
    int start = Math.floorMod(turn.getAndIncrement(), size);
    Member best = null;
    long bestLoad = 0;
    long bestWeight = 1;
    for (int i = 0; i < size; i++) {
      int index = start + i < size ? start + i : start + i - size;
      Member member = serving.member(index);
      if (!choice.admits(member.coordinator())) {
        continue;
      }
      // The load that it would have: with that, of empty ones the heavier is better.
      long load = member.coordinator().sessions() + 1L;
      long weight = serving.weight(index);
      if (best == null || load * bestWeight < bestLoad * weight) {
        best = member;
        bestLoad = load;
        bestWeight = weight;
      }
    }
    return best;
  }
}
