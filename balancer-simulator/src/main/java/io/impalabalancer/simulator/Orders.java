package io.impalabalancer.simulator;

import java.time.Duration;

/**
 * What a running coordinator can be told to do. The same orders are given over HTTP by {@code POST
 * /orders/NAME}. An order returns when it is carried out; giving it twice changes nothing.
 */
public interface Orders {
  /** Dies as by {@code kill -9}: listens no more, resets every connection, forgets everything. */
  void die();

  /**
   * Ends whatever was ordered but a shutdown: listens on the same ports, answers, and tells the
   * truth. A coordinator that was dead comes back as a new process, healthy, with its catalog to
   * load and without sessions.
   */
  void revive();

  /** Dies and comes back as a new process. */
  default void restart() {
    die();
    revive();
  }

  /**
   * Accepts connections and answers nothing, as a coordinator in an endless pause does. The answers
   * come after {@link #revive}.
   *
   * @param web whether the web port hangs too; orders are always obeyed
   */
  void stall(boolean web);

  /** Closes the listening sockets of the client ports; connections and sessions live on. */
  void refuse();

  /**
   * Is not registered with the statestore: answers {@code /healthz} with 503 and is in no list of
   * backends; clients are served.
   */
  void unhealthy();

  /** Is registered with the statestore again. */
  void healthy();

  /** Shuts down as by {@code :shutdown()}, with the deadline of the options. */
  void quiesce();

  /**
   * Shuts down as by {@code :shutdown(DEADLINE)}: takes no new work, and ends when the grace period
   * is over and no query is left, or at the deadline. Only {@link #die} ends it sooner; another
   * deadline counts if it is nearer.
   */
  void quiesce(Duration deadline);

  /** Hears no more of the catalog's changes, as if the statestore's updates were lost. */
  void lag();

  /**
   * Takes all service threads of its client ports that are free now: connections are accepted and
   * wait.
   */
  void fillThreads();

  /** Forgets the cached metadata; loading it again takes so long for each table. */
  void slowCatalog(Duration perTable);

  /** Restarts catalogd, for all coordinators of the cluster: another service id. */
  void restartCatalog();

  /**
   * Answers a web page with a lie.
   *
   * @param page its path, such as {@code /jsonmetrics}; empty for all pages
   */
  void lie(String page, Lie lie);

  /**
   * Says something else than the truth on a page with {@code ?json}.
   *
   * @param page its path, such as {@code /}
   * @param key a key of the page, such as {@code is_coordinator}
   * @param json the value, such as {@code false}; empty to leave the key out
   * @throws IllegalArgumentException if the value is no JSON
   */
  void say(String page, String key, String json);

  /** Tells the truth again on all pages. */
  void truth();
}
