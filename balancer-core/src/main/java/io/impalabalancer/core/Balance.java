package io.impalabalancer.core;

import io.impalabalancer.config.BalanceKind;
import org.jspecify.annotations.Nullable;

/**
 * An algorithm that chooses among the serving members. One instance a listener; called by all loops
 * at once, for every session, so it allocates nothing and takes no lock that it could do without.
 */
interface Balance {

  /** Returns a member that {@code choice} admits, null if there is none. Takes no slot. */
  @Nullable Member choose(Serving serving, Choice choice);

  /**
   * Returns the same for a choice whose numbers are not the present ones, by a look at every
   * member.
   */
  default @Nullable Member search(Serving serving, Choice choice) {
    return choose(serving, choice);
  }

  /** Returns one that searches next as this one would; this one, if it remembers nothing. */
  default Balance copy() {
    return this;
  }

  /** Returns by what it chooses, for people. */
  String rule(Serving serving, Choice choice);

  /**
   * Returns the number by which it compares a member with others, the least of which wins; not a
   * number if it compares none.
   */
  default double score(Serving serving, int index, Choice choice) {
    return Double.NaN;
  }

  /**
   * Makes a new instance of an algorithm.
   *
   * @param balancers how many balancers share the coordinators
   */
  static Balance of(BalanceKind kind, int balancers) {
    return switch (kind) {
      case LEASTCONN -> new LeastConn();
      case LEASTLOAD -> balancers == 1 ? new LeastLoad() : LeastLoad.amongSeveral();
      case SOURCE -> new SourceHash();
      case ROUNDROBIN -> new RoundRobin();
      case RANDOM -> new RandomOfTwo(RandomOfTwo::fewerSessions);
      case FIRST -> new FirstFit();
    };
  }
}
