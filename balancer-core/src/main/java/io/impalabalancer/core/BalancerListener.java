package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;

/**
 * What happens in a balancer, for whoever listens: metrics, the session log, health. Every method
 * does nothing unless it is overridden. Those marked "on a loop" run on an event loop of the relay
 * and must return at once.
 */
public interface BalancerListener {

  /** A session's coordinator connection is up. On a loop. */
  default void sessionAssigned(SessionView session) {}

  /**
   * A session has reached the age of {@code log-after} and lives on. Once per session at most, on a
   * loop.
   *
   * @param session as it was then; it has no termination
   */
  default void sessionAlive(SessionView session) {}

  /** A session has ended; its fields will not change any more. Once per session, on a loop. */
  default void sessionEnded(SessionView session) {}

  /** An attempt to connect for a session succeeded. On a loop. */
  default void connected(Coordinator coordinator, Protocol protocol) {}

  /** An attempt to connect for a session failed. On a loop. */
  default void connectFailed(Coordinator coordinator, Protocol protocol, ConnectFailure failure) {}

  /** A coordinator's state changed. Any thread, never two at a time for one coordinator. */
  default void coordinatorChanged(CoordinatorEvent event) {}

  /**
   * A listener's clients go to coordinators whose verdicts say no, because nobody is better, or no
   * longer do. Any thread, never two at a time for one listener.
   *
   * @param reason the coordinators and why, for people
   */
  default void verdictsOverruled(Listener listener, boolean overruled, String reason) {}

  /**
   * Idle sessions of a listener begin to be closed so that a coordinator gets its share, or are
   * closed no more. Any thread, never two at a time.
   *
   * @param reason how many and why, for people
   */
  default void rebalance(
      Listener listener, Coordinator coordinator, boolean begins, String reason) {}

  /**
   * The balancer has other coordinators, listeners or members now, or other settings for them: it
   * has gone over to another configuration, or the last session of what was removed has ended. Any
   * thread but a loop, never two at a time.
   */
  default void partsChanged() {}

  /**
   * A coordinator's web page could not be read, or says what cannot be. Any thread.
   *
   * @param page its path
   * @param result why, a closed set of words
   */
  default void pageFailed(Coordinator coordinator, String page, String result) {}

  /** A check has ended. Any thread. */
  default void checked(Coordinator coordinator, CheckReport report) {}
}
