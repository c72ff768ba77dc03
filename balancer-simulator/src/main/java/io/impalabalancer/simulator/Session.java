package io.impalabalancer.simulator;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client's session: its name, secret, options and queries. Any connection's thread may use it.
 */
final class Session {
  final UniqueId id;
  final UniqueId secret = UniqueId.random();
  final boolean beeswax;
  final long startMillis = System.currentTimeMillis();
  final Map<String, String> options = new ConcurrentHashMap<>();
  final Set<Query> queries = ConcurrentHashMap.newKeySet();
  final AtomicLong totalQueries = new AtomicLong();

  /** The connections that have used it and live. */
  final Set<Connection> connections = ConcurrentHashMap.newKeySet();

  /** The address of the connection that opened it. */
  final String address;

  volatile String user;
  volatile String delegatedUser = "";
  volatile String database = "default";
  volatile long accessedMillis = startMillis;

  /** Opens one on a connection; a beeswax session has the connection's id. */
  Session(Connection connection, String user) {
    this.beeswax = connection.server == ServerName.BEESWAX;
    this.id = beeswax ? connection.id() : UniqueId.random();
    this.address = connection.address;
    this.user = user;
    attach(connection);
  }

  /** A connection uses it ({@code ImpalaServer::AddSessionToConnection}). */
  void attach(Connection connection) {
    accessedMillis = System.currentTimeMillis();
    connections.add(connection);
    connection.sessions.add(this);
  }
}
