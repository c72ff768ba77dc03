package io.impalabalancer.core;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The less loaded of two members drawn by weight. Needs no view of the whole, so that several
 * balancers in front of the same coordinators do not all run to the emptiest.
 */
final class RandomOfTwo implements Balance {
  private final LongSupplier random;

  /** Takes a source of uniform 64-bit numbers that all loops may call. */
  RandomOfTwo(LongSupplier random) {
    this.random = random;
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    long total = 0;
    for (int i = 0; i < serving.size(); i++) {
      if (choice.admits(serving.member(i).coordinator())) {
        total += serving.weight(i);
      }
    }
    if (total == 0) {
      return null;
    }
    int one = draw(serving, choice, total);
    int two = draw(serving, choice, total);
    if (one < 0 || two < 0) {
      return one < 0 ? null : serving.member(one);
    }
    Member first = serving.member(one);
    Member second = serving.member(two);
    long firstLoad = (first.coordinator().sessions() + 1L) * serving.weight(two);
    long secondLoad = (second.coordinator().sessions() + 1L) * serving.weight(one);
    return firstLoad <= secondLoad ? first : second;
  }

  /** Returns the index of a member drawn by weight; the last admitted if some filled meanwhile. */
  private int draw(Serving serving, Choice choice, long total) {
    long left = Math.floorMod(random.getAsLong(), total);
    int last = -1;
    for (int i = 0; i < serving.size(); i++) {
      if (choice.admits(serving.member(i).coordinator())) {
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
