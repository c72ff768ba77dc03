package io.impalabalancer.simulator;

/**
 * What a running coordinator can be told to do. The same orders are given over HTTP by {@code POST
 * /orders/NAME}. An order returns when it is carried out; giving it twice changes nothing.
 */
public interface Orders {
  /** Dies as by {@code kill -9}: listens no more, resets every connection, forgets everything. */
  void die();

  /**
   * Ends {@link #die}, {@link #stall} and {@link #refuse}: listens on the same ports. A coordinator
   * that was dead comes back as a new process, healthy and without sessions.
   */
  void revive();

  /**
   * Accepts connections and answers nothing, as a coordinator in an endless pause does. The answers
   * come after {@link #revive}.
   *
   * @param web whether the web port hangs too; orders are always obeyed
   */
  void stall(boolean web);

  /** Closes the listening sockets of the client ports; connections and sessions live on. */
  void refuse();

  /** Answers {@code /healthz} with 503; clients are served. */
  void unhealthy();

  /** Answers {@code /healthz} with 200 again. */
  void healthy();
}
