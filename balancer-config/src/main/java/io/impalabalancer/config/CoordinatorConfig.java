package io.impalabalancer.config;

import java.util.Map;
import java.util.OptionalInt;

/**
 * One impalad that accepts clients.
 *
 * @param name unique among the coordinators
 * @param host a name, an IPv4 or an IPv6 address, without brackets
 * @param ports the port of each protocol it offers, 1 to 65535; a protocol that is not there is not
 *     offered
 * @param webPort the port of its web pages; empty if it has none
 * @param weight 0 to 256; 0 takes no new sessions
 * @param maxconn most sessions over all its ports together; 0 means no limit
 * @param state what people say of it at start
 */
public record CoordinatorConfig(
    String name,
    String host,
    Map<Protocol, Integer> ports,
    OptionalInt webPort,
    int weight,
    int maxconn,
    AdminState state) {

  public CoordinatorConfig {
    ports = Map.copyOf(ports);
  }

  /** Returns the same place with what people say of another. */
  public CoordinatorConfig as(CoordinatorConfig other) {
    return new CoordinatorConfig(
        name, host, ports, webPort, other.weight, other.maxconn, other.state);
  }

  /** Returns whether another one cannot be on the same host: both have one port. */
  public boolean sharesPortWith(CoordinatorConfig other) {
    return host.equalsIgnoreCase(other.host)
        && (ports.values().stream().anyMatch(other.ports::containsValue)
            || (webPort.isPresent() && webPort.equals(other.webPort)));
  }

  /** Returns the port of a protocol, empty if it is not offered. */
  public OptionalInt port(Protocol protocol) {
    Integer port = ports.get(protocol);
    return port == null ? OptionalInt.empty() : OptionalInt.of(port);
  }
}
