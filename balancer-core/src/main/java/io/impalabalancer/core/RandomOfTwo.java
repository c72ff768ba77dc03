package io.impalabalancer.core;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The less loaded of two members drawn by weight. Needs no view of the whole, so that several
 * balancers in front of the same coordinators do not all run to the emptiest.
 */
final class RandomOfTwo implements Balance {
  /** Draws among all, before those are counted who are admitted. */
  private static final int DRAWS = 4;

  private final LongSupplier random;

  /** Takes a source of uniform 64-bit numbers that all loops may call. */
  RandomOfTwo(LongSupplier random) {
    this.random = random;
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    int one = draw(serving, choice);
    int two = one < 0 ? one : draw(serving, choice);
    if (two < 0) {
      return one < 0 ? null : serving.member(one);
    }
    Member first = serving.member(one);
    Member second = serving.member(two);
    long firstLoad = (first.coordinator().sessions() + 1L) * serving.weight(two);
    long secondLoad = (second.coordinator().sessions() + 1L) * serving.weight(one);
    return firstLoad <= secondLoad ? first : second;
  }

  /** Returns the index of an admitted member drawn by weight, negative if there is none. */
  private int draw(Serving serving, Choice choice) {
    for (int i = 0; i < DRAWS; i++) {
      int drawn = serving.drawn(random.getAsLong());
      if (choice.admits(serving.member(drawn).coordinator())) {
        return drawn;
      }
    }
    return drawOfAdmitted(serving, choice);
  }

  /** Draws of those admitted alone, where few are; the last of them if some filled meanwhile. */
  private int drawOfAdmitted(Serving serving, Choice choice) {
    long total = 0;
    for (int i = 0; i < serving.size(); i++) {
      if (choice.admits(serving.member(i).coordinator())) {
        total += serving.weight(i);
      }
    }
    if (total == 0) {
      return -1;
    }
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
