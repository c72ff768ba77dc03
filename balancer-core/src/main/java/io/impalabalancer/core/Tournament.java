package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Who is the best of those who serve, by one {@link Ranking}, without a look at each: the best of
 * every group of the {@link Serving} is kept, and looked for again only if something has changed in
 * the group. So a choice among many looks at the groups of those who have changed, and at a few
 * bests; among so few that they are one group, at all of them.
 *
 * <p>Any loop, without a lock. What is kept says up to which change it holds, so that one who was
 * slow to look cannot have the last word.
 */
final class Tournament {
  /** What is found where nobody is admitted. */
  static final int NOBODY = -1;

  private final Serving serving;
  private final Ranking ranking;
  private final Choice anyone;

  /** The bests of groups, of groups of groups and so on; each with the changes that it knows of. */
  private final AtomicLongArray[] bests;

  /** A number that the ranking gives each member, and compares. */
  private final AtomicLongArray marks;

  /** The time of the marks, as the ranking counts it. */
  private volatile long clock;

  /** Stands for a client that has tried nobody. */
  private record Anyone(Protocol protocol) implements Choice {
    @Override
    public long sourceHash() {
      return 0;
    }

    @Override
    public boolean tried(Coordinator coordinator) {
      return false;
    }
  }

  /** Makes one of nobody. */
  Tournament(Ranking ranking) {
    this(ranking, Serving.NOBODY, Protocol.TCP);
  }

  private Tournament(Ranking ranking, Serving serving, Protocol protocol) {
    this.serving = serving;
    this.ranking = ranking;
    anyone = new Anyone(protocol);
    marks = new AtomicLongArray(serving.size());
    bests = new AtomicLongArray[serving.rounds()];
    for (int round = 0; round < bests.length; round++) {
      bests[round] = new AtomicLongArray(serving.groups(round));
    }
  }

  /** Makes one of others, where those who stay have the marks that they had. */
  Tournament(Tournament before, Serving serving, Protocol protocol) {
    this(before.ranking, serving, protocol);
    clock = before.clock;
    Map<Member, Integer> stayed = new HashMap<>();
    for (int i = 0; i < before.serving.size(); i++) {
      stayed.put(before.serving.member(i), i);
    }
    for (int i = 0; i < serving.size(); i++) {
      Integer was = stayed.get(serving.member(i));
      marks.set(
          i, was == null ? ranking.firstMark(this, i) : ranking.markOf(before, was, serving, i));
    }
  }

  /** Makes a copy for another ranking of the same kind. */
  Tournament(Tournament of, Ranking ranking) {
    this(ranking, of.serving, of.anyone.protocol());
    clock = of.clock;
    for (int i = 0; i < serving.size(); i++) {
      marks.set(i, of.marks.get(i));
    }
  }

  Serving serving() {
    return serving;
  }

  long clock() {
    return clock;
  }

  void setClock(long clock) {
    this.clock = clock;
  }

  long mark(int index) {
    return marks.get(index);
  }

  void setMark(int index, long mark) {
    marks.setRelease(index, mark);
    serving.changed(index);
  }

  /** Returns the index of the best of those admitted, by the present numbers. */
  int best(Choice choice) {
    return best(bests.length, 0, choice);
  }

  /** Returns the same by a look at all, and by the numbers that {@code choice} gives. */
  int search(Choice choice) {
    return best(0, 0, serving.size(), choice);
  }

  private int best(int round, int group, Choice choice) {
    int from = group << Serving.GROUP_BITS;
    int all = round == 0 ? serving.size() : serving.groups(round - 1);
    return best(round, from, Math.min(all, from + (1 << Serving.GROUP_BITS)), choice);
  }

  /** Returns the best of members, or of the bests of groups. */
  private int best(int round, int from, int to, Choice choice) {
    int best = NOBODY;
    for (int i = from; i < to; i++) {
      int one = round == 0 ? i : bestOf(round - 1, i, choice);
      // Few are better than those before them, so that few are asked whether they have room.
      if (one != NOBODY
          && (best == NOBODY || ranking.better(this, one, best, choice))
          && (round > 0 || choice.admits(serving.coordinator(one)))) {
        best = one;
      }
    }
    return best;
  }

  private int bestOf(int round, int group, Choice choice) {
    int best = kept(round, group);
    return best == NOBODY || !choice.tried(serving.coordinator(best))
        ? best
        : best(round, group, choice);
  }

  private int kept(int round, int group) {
    // Zero says that nothing is kept.
    int changes = serving.changes(round, group) + 1;
    long kept = bests[round].get(group);
    if ((int) (kept >>> Integer.SIZE) == changes) {
      return (int) kept;
    }
    int best = best(round, group, anyone);
    bests[round].set(group, ((long) changes << Integer.SIZE) | (best & 0xffff_ffffL));
    return best;
  }
}
