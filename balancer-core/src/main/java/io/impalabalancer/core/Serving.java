package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Collectors;

/**
 * The members that serve at one moment, in the order declared, with the weights of that moment.
 * Immutable but for its counts of changes: where there are many members, they form groups, those
 * form groups and so on up to a last one, and of each group but that it is known how often a number
 * of its members has changed.
 */
final class Serving {
  static final Serving NOBODY = new Serving(List.of());

  /** Nobody yet: some were neither checked nor looked up. Their clients wait in line for that. */
  static final Serving UNDECIDED = new Serving(List.of());

  /** So many members, or groups, form a group: 2 to this. */
  static final int GROUP_BITS = 3;

  private final Member[] members;
  private final Coordinator[] coordinators;
  private final boolean overruled;
  private final int[] weights;
  private final long[] nameHashes;

  /** Of each member, the sum of the weights up to it and with it. */
  private final long[] sums;

  private final AtomicIntegerArray[] changes;

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
    List<AtomicIntegerArray> rounds = new ArrayList<>();
    for (int size = weights.length; size > 1 << GROUP_BITS; ) {
      size = ((size - 1) >> GROUP_BITS) + 1;
      rounds.add(new AtomicIntegerArray(size));
    }
    changes = rounds.toArray(AtomicIntegerArray[]::new);
  }

  /** Has its members' coordinators tell it of changes, if it counts any. */
  void open() {
    for (int i = 0; i < coordinators.length && changes.length > 0; i++) {
      coordinators[i].seats().add(this, i);
    }
  }

  /** Is told of no more changes. */
  void close() {
    for (int i = 0; i < coordinators.length && changes.length > 0; i++) {
      coordinators[i].seats().remove(this);
    }
  }

  /** Returns how often members are put in groups: 0 for so few that they are the last one. */
  int rounds() {
    return changes.length;
  }

  /** Returns how many groups there are, of members in round 0, of the groups before in others. */
  int groups(int round) {
    return changes[round].length();
  }

  /** Counts a change of a member's numbers. Any thread. */
  void changed(int index) {
    int group = index;
    for (AtomicIntegerArray round : changes) {
      group >>= GROUP_BITS;
      round.getAndIncrement(group);
    }
  }

  /** Returns how often something has changed in a group. */
  int changes(int round, int group) {
    return changes[round].get(group);
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
