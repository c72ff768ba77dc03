package io.impalabalancer.core;

import java.util.Arrays;
import java.util.List;

/**
 * The members that serve at one moment, in the order declared, with the weights of that moment.
 * Immutable.
 */
final class Serving {
  static final Serving NOBODY = new Serving(List.of());

  private final Member[] members;
  private final int[] weights;
  private final long[] nameHashes;

  /** Of each member, the sum of the weights up to it and with it. */
  private final long[] sums;

  Serving(List<Member> members) {
    this.members = members.toArray(Member[]::new);
    weights = new int[this.members.length];
    nameHashes = new long[this.members.length];
    sums = new long[this.members.length];
    long sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = members.get(i).effectiveWeight();
      sum += weights[i];
      sums[i] = sum;
      nameHashes[i] = members.get(i).nameHash();
    }
  }

  boolean isEmpty() {
    return members.length == 0;
  }

  int size() {
    return members.length;
  }

  Member member(int index) {
    return members[index];
  }

  /** Returns where a member stands, negative if it does not serve. */
  int indexOf(Member member) {
    return Arrays.asList(members).indexOf(member);
  }

  /** Returns the weight of a member in hundredths, at least 1. */
  int weight(int index) {
    return weights[index];
  }

  /** Returns the index of the member that a uniform 64-bit number draws by weight. */
  int drawn(long random) {
    long point = Math.floorMod(random, sums[sums.length - 1]);
    int found = Arrays.binarySearch(sums, point);
    // The sum that is the point belongs to the one before.
    return found < 0 ? -found - 1 : found + 1;
  }

  /** Returns the hash of a member's name. */
  long nameHash(int index) {
    return nameHashes[index];
  }

  boolean allTried(Choice choice) {
    for (Member member : members) {
      if (!choice.tried(member.coordinator())) {
        return false;
      }
    }
    return true;
  }
}
