package io.impalabalancer.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Where clients arrive, and how they are routed.
 *
 * @param name unique among the listeners
 * @param binds addresses to listen on, never empty; no two listeners share one
 * @param pool name of the pool that serves it
 * @param sourcePrefix4 bits of an IPv4 client address that count under {@code source}, 0 to 32
 * @param sourcePrefix6 bits of an IPv6 client address that count under {@code source}, 0 to 128
 * @param balancers how many balancers share the coordinators, this one among them, 1 to 100
 * @param maxconn most client connections of this listener; above it the kernel's backlog holds them
 * @param backlog length of the kernel's accept queue
 * @param retries connection attempts after the first failed one, 0 to 100
 * @param aliases coordinator name to the name that log, CSV and runtime commands print for it here;
 *     a coordinator that is not in it keeps its own name
 * @param acceptProxy networks whose connections begin with a PROXY header; if there are any, other
 *     connections are closed
 * @param rebalance when idle sessions are closed for a coordinator that stays nearly empty
 * @param logAfter age at which a session that still lives is logged
 * @param logNull whether a session that carried no byte is logged; {@code dontlognull} of HAProxy
 *     is the opposite
 */
public record ListenerConfig(
    String name,
    List<BindAddress> binds,
    Protocol protocol,
    String pool,
    BalanceKind balance,
    int sourcePrefix4,
    int sourcePrefix6,
    int balancers,
    int maxconn,
    int backlog,
    Timeouts timeouts,
    int retries,
    KeepaliveConfig keepalive,
    Dial dial,
    Unavailable unavailable,
    Map<String, String> aliases,
    List<Network> acceptProxy,
    RebalanceConfig rebalance,
    Duration logAfter,
    boolean logNull) {

  public ListenerConfig {
    binds = List.copyOf(binds);
    acceptProxy = List.copyOf(acceptProxy);
    aliases = Map.copyOf(aliases);
  }

  /** Returns the name that this listener prints for a coordinator. */
  public String alias(String coordinator) {
    return aliases.getOrDefault(coordinator, coordinator);
  }
}
