package io.impalabalancer.simulator;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A snapshot of what a coordinator has seen, over all its lives since it was created.
 *
 * @param beeswax the beeswax port
 * @param hiveserver2 the hiveserver2 port
 * @param hiveserver2Http the hiveserver2-http port
 * @param sessionsNow sessions open now, of all protocols
 * @param sessionsTotal sessions ever opened
 * @param queriesNow queries running now
 * @param queriesTotal statements ever received
 * @param queriesFailed statements that ended with an error, cancelled ones not counted
 */
public record Counts(
    Port beeswax,
    Port hiveserver2,
    Port hiveserver2Http,
    long sessionsNow,
    long sessionsTotal,
    long queriesNow,
    long queriesTotal,
    long queriesFailed) {

  /**
   * What one client port has seen.
   *
   * @param connectionsNow connections that have a service thread
   * @param connectionsWaiting connections accepted that have none yet: their login is not complete
   *     or all threads are in use
   * @param connectionsTotal connections ever accepted
   * @param connectionsTimedOut connections closed because no thread became free in time
   * @param setupFailures connections that ended before their login was complete, failed logins
   *     included
   * @param loginFailures logins that were refused
   * @param rpcs calls received
   */
  public record Port(
      long connectionsNow,
      long connectionsWaiting,
      long connectionsTotal,
      long connectionsTimedOut,
      long setupFailures,
      long loginFailures,
      long rpcs) {

    Map<String, Object> json() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("connections_now", connectionsNow);
      json.put("connections_waiting", connectionsWaiting);
      json.put("connections_total", connectionsTotal);
      json.put("connections_timed_out", connectionsTimedOut);
      json.put("setup_failures", setupFailures);
      json.put("login_failures", loginFailures);
      json.put("rpcs", rpcs);
      return json;
    }
  }

  /** Connections that have a service thread, of all ports. */
  public long connectionsNow() {
    return beeswax.connectionsNow + hiveserver2.connectionsNow + hiveserver2Http.connectionsNow;
  }

  /** Connections ever accepted, of all ports. */
  public long connectionsTotal() {
    return beeswax.connectionsTotal
        + hiveserver2.connectionsTotal
        + hiveserver2Http.connectionsTotal;
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("beeswax", beeswax.json());
    json.put("hiveserver2", hiveserver2.json());
    json.put("hiveserver2-http", hiveserver2Http.json());
    json.put("sessions_now", sessionsNow);
    json.put("sessions_total", sessionsTotal);
    json.put("queries_now", queriesNow);
    json.put("queries_total", queriesTotal);
    json.put("queries_failed", queriesFailed);
    return json;
  }
}
