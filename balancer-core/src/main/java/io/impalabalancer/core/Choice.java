package io.impalabalancer.core;

/** What a choice depends on besides the members. */
interface Choice {

  /** Returns a hash of the client's address, cut to the listener's prefix length. */
  long sourceHash();

  /** Returns whether a coordinator was tried already and failed. */
  boolean tried(Coordinator coordinator);

  /** Returns whether a coordinator may be chosen now: not tried, and with a free slot. */
  default boolean admits(Coordinator coordinator) {
    return coordinator.hasRoom() && !tried(coordinator);
  }
}
