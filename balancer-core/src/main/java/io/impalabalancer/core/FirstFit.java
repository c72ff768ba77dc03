package io.impalabalancer.core;

/** The first that has room, in the order declared: fills one before it uses the next. */
final class FirstFit extends Ranking {

  @Override
  boolean better(Tournament among, int one, int other, Choice choice) {
    return false;
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "the first in the order declared";
  }
}
