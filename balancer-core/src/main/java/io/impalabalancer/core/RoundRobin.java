package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * In turn, by weight, and smooth: each is due in even steps, which are the shorter the heavier it
 * is, and the one that has been due the longest is chosen. One that has room again is chosen at
 * once, but not for all the turns that it has missed.
 *
 * <p>Whose turn it is is one state that all loops share, hence the lock.
 */
final class RoundRobin extends Ranking {
  /** In what time each is due as often as its weight in hundredths says. */
  private static final long ROUND = 1L << 40;

  RoundRobin() {}

  private RoundRobin(RoundRobin other) {
    super(other);
  }

  private static long step(Serving serving, int index) {
    return ROUND / serving.weight(index);
  }

  /** The mark is when a member is due; the clock may pass the end of the numbers. */
  @Override
  boolean better(Tournament among, int one, int other, Choice choice) {
    return among.mark(one) - among.mark(other) < 0;
  }

  @Override
  void chosen(Tournament among, int index) {
    long step = step(among.serving(), index);
    long late = among.clock() - among.mark(index);
    if (late <= 0) {
      among.setClock(among.mark(index));
    }
    among.setMark(index, among.mark(index) + Math.max(late, 0) / step * step + step);
  }

  /** In its first step, the earlier the earlier it was declared, so that equals are spread out. */
  @Override
  long firstMark(Tournament among, int index) {
    long size = among.serving().size();
    return among.clock() + step(among.serving(), index) / (2 * size) * (2 * index + 1);
  }

  @Override
  long markOf(Tournament before, int was, Serving serving, int index) {
    return before.mark(was) - step(before.serving(), was) + step(serving, index);
  }

  @Override
  public synchronized @Nullable Member choose(Serving serving, Choice choice) {
    return super.choose(serving, choice);
  }

  @Override
  public synchronized @Nullable Member search(Serving serving, Choice choice) {
    return super.search(serving, choice);
  }

  @Override
  public synchronized Balance copy() {
    return new RoundRobin(this);
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "its turn, by weight";
  }
}
