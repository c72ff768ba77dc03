package io.impalabalancer.simulator;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A client's session: its name, secret, options and queries. Any connection's thread may use it.
 */
final class Session {
  final UniqueId id = UniqueId.random();
  final UniqueId secret = UniqueId.random();
  volatile String user;
  final Map<String, String> options = new ConcurrentHashMap<>();
  final Set<Query> queries = ConcurrentHashMap.newKeySet();
  volatile String database = "default";

  Session(String user) {
    this.user = user;
  }
}
