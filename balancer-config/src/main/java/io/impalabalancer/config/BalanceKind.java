package io.impalabalancer.config;

/** The algorithms that choose a coordinator. */
public enum BalanceKind {
  /** Fewest sessions for its weight, over all ports of a coordinator. */
  LEASTCONN("leastconn"),
  /** Least to do for its weight, by what the coordinator's page says and what it was sent since. */
  LEASTLOAD("leastload"),
  /** By the client's address: the same coordinator as long as it is usable. */
  SOURCE("source"),
  /** In turn, by weight. */
  ROUNDROBIN("roundrobin"),
  /** The less loaded of two drawn by weight. */
  RANDOM("random"),
  /** The first that has room, in the order declared. */
  FIRST("first");

  private final String word;

  BalanceKind(String word) {
    this.word = word;
  }

  /** Returns the word that the configuration uses. */
  public String word() {
    return word;
  }
}
