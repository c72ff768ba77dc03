package io.impalabalancer.simulator;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A client's connection that has a service thread, and the sessions that it has carried ({@code
 * ThriftServer::ConnectionContext}). Its thread changes it; the web port reads it.
 */
final class Connection {
  private final UniqueId id = UniqueId.random();
  final String address;
  final ServerName server;
  final Set<Session> sessions = ConcurrentHashMap.newKeySet();
  volatile String user;
  volatile String delegatedUser = "";

  /**
   * Makes one.
   *
   * @param address the client's, as {@code ip:port}
   * @param user who logged in; empty if nobody did
   */
  Connection(ServerName server, String address, String user) {
    this.server = server;
    this.address = address;
    this.user = user;
  }

  /** Its name in {@code /sessions}, and that of a beeswax session. */
  UniqueId id() {
    return id;
  }
}
