package io.impalabalancer.core;

/**
 * Fewest sessions for its weight, counted over all ports and listeners of the coordinator; of
 * equals the one that was chosen the longest ago.
 */
class LeastConn extends Ranking {

  LeastConn() {}

  /** Makes one that chooses next as another would. */
  LeastConn(LeastConn other) {
    super(other);
  }

  /**
   * Returns what a coordinator would have to do with one session more: of empty ones the heavier is
   * better.
   */
  long load(Coordinator coordinator, Choice choice) {
    return choice.sessions(coordinator) + 1L;
  }

  @Override
  boolean better(Tournament among, int one, int other, Choice choice) {
    Serving serving = among.serving();
    long load = load(serving.coordinator(one), choice) * serving.weight(other);
    long otherLoad = load(serving.coordinator(other), choice) * serving.weight(one);
    return load < otherLoad || (load == otherLoad && among.mark(one) < among.mark(other));
  }

  /** Its mark is when it was chosen. Loops that race may give the same one. */
  @Override
  void chosen(Tournament among, int index) {
    long now = among.clock() + 1;
    among.setClock(now);
    among.setMark(index, now);
  }

  @Override
  public Balance copy() {
    return new LeastConn(this);
  }

  @Override
  public String rule(Serving serving, Choice choice) {
    return "fewest sessions for its weight";
  }

  @Override
  public double score(Serving serving, int index, Choice choice) {
    return score((double) load(serving.coordinator(index), choice), serving.weight(index));
  }

  /** Returns a load that a member would have, for its weight. */
  static double score(double load, int weight) {
    return load * 100 * 100 / weight;
  }
}
