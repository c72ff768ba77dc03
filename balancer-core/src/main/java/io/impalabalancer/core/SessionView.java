package io.impalabalancer.core;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What can be known of a session from outside. Values that change while the session lives are to be
 * read on its event loop; after {@link BalancerListener#sessionEnded} nothing changes, and any
 * thread may read them that the session was handed to safely. Times of day are milliseconds since
 * 1970, durations nanoseconds; -1 stands for what was not reached.
 */
public interface SessionView {

  /** Returns its number, unique in the process, in the order of accepting. */
  long id();

  /** Returns where it came in. */
  Listener listener();

  /** Returns the client's address and port. */
  InetSocketAddress clientAddress();

  /** Returns the coordinator that it was assigned to last, null if it never was. */
  @Nullable Coordinator coordinator();

  /** Returns when it was accepted. */
  long acceptedMillis();

  /** Returns how long it waited in the queue over all attempts, -1 if it never came to choose. */
  long queueNanos();

  /**
   * Returns how long from the client's first bytes, or from accept if it was dialled then, to the
   * coordinator connection, less the wait in the queue; -1 if it never stood.
   */
  long connectNanos();

  /** Returns how long it lived, 0 while it does. */
  long durationNanos();

  /** Returns the bytes written to the coordinator. */
  long bytesToCoordinator();

  /** Returns the bytes written to the client. */
  long bytesToClient();

  /** Returns how it ended, null while it lives. */
  @Nullable Termination termination();

  /** Returns the phase that it is in or ended in. */
  Phase phase();

  /** Returns attempts to connect after the first one. */
  int retries();

  /** Returns whether it was given to another coordinator after a failed attempt. */
  boolean redispatched();

  /** Returns the sessions of the whole balancer when this one ended, itself included. */
  int balancerSessions();

  /** Returns the sessions of its listener when it ended, itself included. */
  int listenerSessions();

  /** Returns the other sessions of its listener that held a slot when it ended. */
  int assignedSessions();

  /** Returns the other sessions that held a slot of its coordinator, in its listener, then. */
  int coordinatorSessions();

  /** Returns how many waited before it in its listener's queue when it joined; 0 if it did not. */
  int queuePosition();
}
