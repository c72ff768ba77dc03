package io.impalabalancer.metrics;

import io.impalabalancer.core.SessionCounters;

/** What sessions add up to since the start or since the counters were cleared. Immutable. */
record SessionTotals(
    long sessions,
    long bytesIn,
    long bytesOut,
    long connectErrors,
    long retries,
    long redispatches,
    long clientAborts,
    long serverAborts) {
  static final SessionTotals NONE = new SessionTotals(0, 0, 0, 0, 0, 0, 0, 0);

  static SessionTotals of(SessionCounters counters, long clientAborts, long serverAborts) {
    return new SessionTotals(
        counters.assigned(),
        counters.bytesToCoordinator(),
        counters.bytesToClient(),
        counters.connectErrors(),
        counters.retries(),
        counters.redispatches(),
        clientAborts,
        serverAborts);
  }

  SessionTotals plus(SessionTotals other) {
    return sum(other, 1);
  }

  SessionTotals minus(SessionTotals other) {
    return sum(other, -1);
  }

  private SessionTotals sum(SessionTotals other, int sign) {
    return new SessionTotals(
        sessions + sign * other.sessions,
        bytesIn + sign * other.bytesIn,
        bytesOut + sign * other.bytesOut,
        connectErrors + sign * other.connectErrors,
        retries + sign * other.retries,
        redispatches + sign * other.redispatches,
        clientAborts + sign * other.clientAborts,
        serverAborts + sign * other.serverAborts);
  }
}
