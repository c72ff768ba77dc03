package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The members that serve at one moment, in the order declared, with the weights of that moment.
 * Immutable.
 */
final class Serving {
  static final Serving NOBODY = new Serving(List.of());

  /** Nobody yet: some were neither checked nor looked up. Their clients wait in line for that. */
  static final Serving UNDECIDED = new Serving(List.of());

  private final Member[] members;
  private final Coordinator[] coordinators;
  private final boolean overruled;
  private final int[] weights;
  private final boolean even;
  private final long[] nameHashes;

  /** Of each member, the sum of the weights up to it and with it. */
  private final long[] sums;

  Serving(List<Member> members) {
    this(members, false);
  }

  /**
   * Makes one.
   *
   * @param overruled whether they serve although their verdicts say no
   */
  Serving(List<Member> members, boolean overruled) {
    this.members = members.toArray(Member[]::new);
    coordinators = members.stream().map(Member::coordinator).toArray(Coordinator[]::new);
    this.overruled = overruled;
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
    even = Arrays.stream(weights).allMatch(weight -> weight == weights[0]);
  }

  /** Returns whether its members serve although their verdicts say no: nobody is better. */
  boolean overruled() {
    return overruled;
  }

  /** Returns the members with their verdicts on one port, for people. */
  String verdicts(Protocol protocol) {
    return Arrays.stream(members)
        .map(Member::coordinator)
        .map(c -> c + " " + c.verdict(protocol).word() + ": " + c.verdictReason(protocol))
        .collect(Collectors.joining("; "));
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

  /** Returns who a member is; as it is asked for every member at every choice, without a hop. */
  Coordinator coordinator(int index) {
    return coordinators[index];
  }

  /** Returns whether all have the same weight. */
  boolean even() {
    return even;
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
    for (Coordinator coordinator : coordinators) {
      if (!choice.tried(coordinator)) {
        return false;
      }
    }
    return true;
  }
}
