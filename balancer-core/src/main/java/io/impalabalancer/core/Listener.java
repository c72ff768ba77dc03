package io.impalabalancer.core;

import io.impalabalancer.config.ListenerConfig;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Where clients arrive: its addresses, its pool and its algorithm, and what its sessions add up to. */
public final class Listener {
  private final ListenerConfig config;
  private final Pool pool;
  private final Map<Coordinator, SessionCounters> counters;
  final AtomicInteger sessions = new AtomicInteger();
  final AtomicInteger queued = new AtomicInteger();
  final LongAdder accepted = new LongAdder();
  private volatile List<InetSocketAddress> addresses = List.of();

  Listener(ListenerConfig config, Pool pool) {
    this.config = config;
    this.pool = pool;
    java.util.LinkedHashMap<Coordinator, SessionCounters> all = new java.util.LinkedHashMap<>();
    pool.members().forEach(m -> all.put(m.coordinator(), new SessionCounters()));
    counters = all;
  }

  /** Returns its name, unique among the listeners. */
  public String name() {
    return config.name();
  }

  /** Returns its configuration. */
  public ListenerConfig config() {
    return config;
  }

  /** Returns the pool that serves it. */
  public Pool pool() {
    return pool;
  }

  /** Returns the addresses that it is bound to now, with the ports that the kernel chose. */
  public List<InetSocketAddress> addresses() {
    return addresses;
  }

  /** Returns the sessions now, from accept to end. */
  public int sessions() {
    return sessions.get();
  }

  /** Returns the sessions that wait for a free slot now. */
  public int queued() {
    return queued.get();
  }

  /** Returns the sessions accepted, ever. */
  public long accepted() {
    return accepted.sum();
  }

  /** Returns whether a member of its pool is usable now. */
  public boolean available() {
    return !pool.serving(config.protocol()).isEmpty();
  }

  /** Returns what its sessions on a member of its pool add up to. */
  public SessionCounters counters(Coordinator coordinator) {
    return java.util.Objects.requireNonNull(counters.get(coordinator), coordinator.name());
  }
}
