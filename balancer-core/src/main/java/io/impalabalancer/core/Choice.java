package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a choice depends on besides the serving members and their weights. Algorithms look at
 * nothing else, so that who answers with the same numbers again is given the same member.
 */
interface Choice {

  /** Returns what the client speaks, and so which port it is given. */
  Protocol protocol();

  /** Returns a hash of the client's address, cut to the listener's prefix length. */
  long sourceHash();

  /** Returns whether a coordinator was tried already and failed. */
  boolean tried(Coordinator coordinator);

  /** Returns whether a coordinator may be chosen now: not tried, and with a free slot. */
  default boolean admits(Coordinator coordinator) {
    return coordinator.slots().anyFree(protocol()) && !tried(coordinator);
  }

  /** Returns the sessions of a coordinator. */
  default int sessions(Coordinator coordinator) {
    return coordinator.sessions();
  }

  /** Returns the load of a coordinator in thousandths of a query, negative if it is not known. */
  default long load(Coordinator coordinator) {
    return coordinator.load().thousandths();
  }

  /** Returns a uniform 64-bit number, another one each time. */
  default long random() {
    return ThreadLocalRandom.current().nextLong();
  }
}
