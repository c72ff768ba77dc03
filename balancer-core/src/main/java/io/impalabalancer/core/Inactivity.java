package io.impalabalancer.core;

import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Timeouts;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long nothing has moved in a session that relays, whose turn it is to say something, and what
 * falls due meanwhile: keepalive towards the coordinator, the word that the session still lives,
 * and its end by a timeout. Touched on its loop only.
 */
final class Inactivity {
  /** A session this old gets keepalive on the coordinator's side; shorter ones need not pay. */
  private static final long KEEPALIVE_AFTER_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Session session;
  private final Relay client;
  private final Relay server;
  private long connectedNanos;
  private long movedNanos;
  private boolean keepaliveSet;
  private boolean aliveTold;

  Inactivity(Session session, Relay client, Relay server) {
    this.session = session;
    this.client = client;
    this.server = server;
  }

  /** The coordinator connection stands. */
  void begin(long nowNanos) {
    connectedNanos = nowNanos;
    movedNanos = nowNanos;
  }

  /** Bytes or an end moved, on either side. */
  void moved(long nowNanos) {
    movedNanos = nowNanos;
  }

  /** Returns when something moved last. */
  long sinceNanos() {
    return movedNanos;
  }

  /** The session's timer has fired. */
  void expired(long nowNanos) {
    if (!keepaliveSet && nowNanos - connectedNanos >= KEEPALIVE_AFTER_NANOS) {
      keepaliveSet = true;
      server.wire().keepalive(config().keepalive());
    }
    if (aliveLeftNanos(nowNanos) <= 0) {
      aliveTold = true;
      session.tellAlive(nowNanos);
    }
    long idleNanos = nowNanos - movedNanos;
    long clientNanos = clientTimeoutNanos();
    long serverNanos = serverTimeoutNanos();
    if (idleNanos >= clientNanos && clientNanos <= serverNanos) {
      session.close(
          server.inputEnded() ? Termination.CLIENT_FIN_TIMEOUT : Termination.CLIENT_TIMEOUT);
    } else if (idleNanos >= serverNanos) {
      session.close(
          client.inputEnded() ? Termination.SERVER_FIN_TIMEOUT : Termination.SERVER_TIMEOUT);
    } else {
      setTimer(nowNanos);
    }
  }

  /** Sets the session's timer to what is due next. */
  void setTimer(long nowNanos) {
    long limit = Math.min(clientTimeoutNanos(), serverTimeoutNanos());
    long left = limit == Long.MAX_VALUE ? limit : movedNanos + limit - nowNanos;
    if (!keepaliveSet) {
      left = Math.min(left, connectedNanos + KEEPALIVE_AFTER_NANOS - nowNanos);
    }
    session.setTimer(nowNanos, Math.min(left, aliveLeftNanos(nowNanos)));
  }

  /** Returns in how long it is to be told that the session still lives. */
  private long aliveLeftNanos(long nowNanos) {
    long after = aliveTold ? Long.MAX_VALUE : Timeouts.toNanos(config().logAfter());
    return after == Long.MAX_VALUE ? after : session.acceptedNanos() + after - nowNanos;
  }

  /** Returns how long the client may be silent, if it is the client that is waited for. */
  private long clientTimeoutNanos() {
    Timeouts timeouts = config().timeouts();
    return timeoutNanos(client, server, timeouts.client(), timeouts.clientFin());
  }

  /** Returns how long the coordinator may be silent, if it is the one that is waited for. */
  private long serverTimeoutNanos() {
    Timeouts timeouts = config().timeouts();
    return timeoutNanos(server, client, timeouts.server(), timeouts.serverFin());
  }

  /**
   * Returns how long a side may be silent. A side that has ended is waited for only until it has
   * taken what is held for it; and while bytes are held for the other side, nothing is read from
   * this one, so that its silence is not its own.
   */
  private static long timeoutNanos(Relay side, Relay other, Duration open, Duration halfClosed) {
    boolean waitedFor = side.pending() > 0 || (!side.inputEnded() && other.pending() == 0);
    return waitedFor ? Timeouts.toNanos(other.inputEnded() ? halfClosed : open) : Long.MAX_VALUE;
  }

  private ListenerConfig config() {
    return session.config();
  }
}
