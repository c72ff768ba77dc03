package io.impalabalancer.core;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * In turn, by weight, and smooth: of weights 2 and 1 the order is A B A, not A A B. Whose turn it
 * is is one state that all loops share, hence the lock. It is held for one pass over the members,
 * or where their weights are even, for a step to the next.
 */
final class RoundRobin implements Balance {
  private Serving serving = Serving.NOBODY;

  /** Of even weights: who is next. */
  private int turn;

  /** Of other weights: what each has saved up. The sum is zero. */
  private long[] credits = {};

  @Override
  public synchronized @Nullable Member choose(Serving now, Choice choice) {
    if (now != serving) {
      follow(now);
    }
    return now.even() ? next(now, choice) : richest(now, choice);
  }

  private @Nullable Member next(Serving now, Choice choice) {
    for (int i = 0; i < now.size(); i++) {
      int index = turn + i < now.size() ? turn + i : turn + i - now.size();
      if (choice.admits(now.coordinator(index))) {
        turn = index + 1 < now.size() ? index + 1 : 0;
        return now.member(index);
      }
    }
    return null;
  }

  private @Nullable Member richest(Serving now, Choice choice) {
    int best = -1;
    long total = 0;
    for (int i = 0; i < credits.length; i++) {
      if (!choice.admits(now.coordinator(i))) {
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

  @Override
  public synchronized Balance copy() {
    RoundRobin copy = new RoundRobin();
    copy.serving = serving;
    copy.turn = turn;
    copy.credits = credits.clone();
    return copy;
  }

  @Override
  public String rule(Serving now, Choice choice) {
    return "its turn, by weight";
  }

  /** Goes on with others: who served before keeps its place in the order. */
  private void follow(Serving now) {
    Map<Member, Long> before = new HashMap<>();
    for (int i = 0; i < serving.size(); i++) {
      before.put(serving.member(i), credit(i));
    }
    long scale = weight(serving);
    long nowScale = weight(now);
    long[] next = new long[now.size()];
    long sum = 0;
    int stayed = 0;
    for (int i = 0; i < next.length; i++) {
      Long credit = before.get(now.member(i));
      if (credit != null) {
        next[i] = credit * nowScale / scale;
        sum += next[i];
        stayed++;
      }
    }
    // A newcomer has no credit: that shall be the middle of the others'.
    for (int i = 0; i < next.length; i++) {
      if (before.containsKey(now.member(i))) {
        next[i] -= sum / stayed;
      }
    }
    serving = now;
    credits = next;
    turn = 0;
    for (int i = 1; i < next.length; i++) {
      turn = next[i] > next[turn] ? i : turn;
    }
  }

  /** Returns what a member has saved up: of even ones, those before the turn have had theirs. */
  private long credit(int index) {
    if (!serving.even()) {
      return credits[index];
    }
    long weight = serving.weight(index);
    return turn * weight - (index < turn ? serving.size() * weight : 0);
  }

  private static long weight(Serving serving) {
    long sum = 0;
    for (int i = 0; i < serving.size(); i++) {
      sum += serving.weight(i);
    }
    return sum;
  }
}
