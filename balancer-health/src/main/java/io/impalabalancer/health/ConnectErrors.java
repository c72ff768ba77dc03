package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.ConnectFailure;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * Failed connects of real sessions to one coordinator, and what they mean. The one place of that
 * rule:
 *
 * <ul>
 *   <li>A port is <b>gone</b> after {@code fall} connects in a row that were refused, or {@code
 *       observe-limit} in a row that failed in whatever way. Where the web page speaks for the
 *       process, such a port is closed.
 *   <li>The <b>limit</b> of {@code observe} is reached after {@code observe-limit} failures in a
 *       row over all ports, as HAProxy's {@code error-limit}: the next check comes soon.
 *   <li>The <b>process fails</b> if then each port that listeners use has failed since it last
 *       answered: {@code on-error} happens. One port alone says nothing of the process where the
 *       page speaks for it; closing it is enough, and the page is asked soon.
 * </ul>
 *
 * <p>A success clears its port and the row over all ports; a failure for lack of our own resources
 * does not count. Lives on one event loop.
 */
final class ConnectErrors {

  private static final class Port {
    int failed;
    int refused;
  }

  private final CheckConfig config;
  private final boolean pageSpeaks;
  private final Map<Protocol, Port> ports = new EnumMap<>(Protocol.class);
  private int inRow;

  /**
   * Makes one without failures.
   *
   * @param used the ports that listeners use
   * @param pageSpeaks whether checks ask a web page, and not these ports
   */
  ConnectErrors(CheckConfig config, Set<Protocol> used, boolean pageSpeaks) {
    this.config = config;
    this.pageSpeaks = pageSpeaks;
    used.forEach(p -> ports.put(p, new Port()));
  }

  /** Counts a failure. */
  void failed(Protocol protocol, ConnectFailure failure) {
    Port port = ports.get(protocol);
    if (port != null && failure != ConnectFailure.NO_RESOURCES) {
      port.failed++;
      port.refused = failure == ConnectFailure.REFUSED ? port.refused + 1 : 0;
      inRow++;
    }
  }

  /** Takes a success. */
  void connected(Protocol protocol) {
    Port port = ports.get(protocol);
    if (port != null) {
      port.failed = 0;
      port.refused = 0;
      inRow = 0;
    }
  }

  /** Takes it that a check passed: the row over all ports begins anew. */
  void checkPassed() {
    inRow = 0;
  }

  /** Forgets everything. */
  void clear() {
    ports.keySet().forEach(this::connected);
  }

  /** Returns whether nothing is counted. */
  boolean none() {
    return inRow == 0 && ports.values().stream().allMatch(p -> p.failed == 0);
  }

  /** Returns the failures in a row at one port. */
  int failures(Protocol protocol) {
    Port port = ports.get(protocol);
    return port == null ? 0 : port.failed;
  }

  /** Returns whether a port is gone. */
  boolean portGone(Protocol protocol) {
    Port port = ports.get(protocol);
    return port != null && (port.refused >= config.fall() || port.failed >= config.observeLimit());
  }

  /** Returns whether the limit is reached, and if so begins the row over all ports anew. */
  boolean takeLimit() {
    if (!config.observe() || inRow < config.observeLimit()) {
      return false;
    }
    inRow = 0;
    return true;
  }

  /** Returns whether the failures are the process's and not one port's. */
  boolean processFails() {
    return ports.values().stream().allMatch(p -> p.failed > 0) && (!pageSpeaks || ports.size() > 1);
  }
}
