package io.impalabalancer.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A whole, valid configuration. Names are unique among their kind and every reference between the
 * parts leads somewhere: {@link ConfigLoader} refuses everything else.
 *
 * @param coordinators in the order declared, then those that were found; never empty unless
 *     coordinators are looked for
 * @param pools in the order declared, never empty; the pool {@code all} is always there, first
 * @param listeners in the order declared, never empty
 * @param maxconn most client connections of all listeners together, at least 1
 * @param threads event loops of the relay; 0 means one per core
 * @param bufferLimit most bytes held for all sessions together before reading slows, see {@code
 *     reference.conf}
 * @param maxpipes most pipes to splice through; 0 copies everything
 * @param stateFile where what people said of coordinators outlives the process
 * @param watch between two looks whether the file has changed
 */
public record BalancerConfig(
    List<CoordinatorConfig> coordinators,
    DiscoverConfig discover,
    List<PoolConfig> pools,
    List<ListenerConfig> listeners,
    CheckConfig check,
    ResolveConfig resolve,
    StatsConfig stats,
    RuntimeConfig runtime,
    LogConfig log,
    ShutdownConfig shutdown,
    int maxconn,
    int threads,
    WireKind wire,
    long bufferLimit,
    int maxpipes,
    Optional<Path> stateFile,
    Duration watch) {

  /** The name of the pool that holds every coordinator in the order declared. */
  public static final String POOL_ALL = "all";

  public BalancerConfig {
    coordinators = List.copyOf(coordinators);
    pools = List.copyOf(pools);
    listeners = List.copyOf(listeners);
  }

  /**
   * Returns the same with coordinators that were found. What is found of them is where they are;
   * the rest is the template's. One that is declared, by its name, by an alias or by a port on its
   * host, is what was declared, and not found.
   */
  public BalancerConfig with(List<CoordinatorConfig> found) {
    if (!discover.isOn()) {
      return this;
    }
    List<CoordinatorConfig> all = new ArrayList<>(coordinators);
    found.stream()
        .filter(each -> !isDeclared(each))
        .map(each -> each.as(discover.template()))
        .forEach(all::add);
    List<PoolConfig> filled =
        pools.stream()
            .map(pool ->
                new PoolConfig(
                    pool.name(),
                    MemberRule.members(discover.pools().getOrDefault(pool.name(), List.of()), all)))
            .toList();
    return new BalancerConfig(
        all,
        discover,
        filled,
        listeners,
        check,
        resolve,
        stats,
        runtime,
        log,
        shutdown,
        maxconn,
        threads,
        wire,
        bufferLimit,
        maxpipes,
        stateFile,
        watch);
  }

  private boolean isDeclared(CoordinatorConfig found) {
    return coordinators.stream()
            .anyMatch(c -> c.name().equals(found.name()) || c.sharesPortWith(found))
        || listeners.stream().anyMatch(l -> l.aliases().containsValue(found.name()));
  }

  /** Returns the coordinator of that name; it must exist. */
  public CoordinatorConfig coordinator(String name) {
    return coordinators.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
  }

  /** Returns the pool of that name; it must exist. */
  public PoolConfig pool(String name) {
    return pools.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }
}
