package io.impalabalancer.core;

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

  Serving(List<Member> members) {
    this.members = members.toArray(Member[]::new);
    weights = new int[this.members.length];
    nameHashes = new long[this.members.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = members.get(i).effectiveWeight();
      nameHashes[i] = SourceHash.hash(members.get(i).coordinator().name());
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

  /** Returns the weight of a member in hundredths, at least 1. */
  int weight(int index) {
    return weights[index];
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
