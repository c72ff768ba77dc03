package io.impalabalancer.core;

import io.impalabalancer.config.BalancerConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a balancer is made of under one configuration, each kind in the order declared and by name.
 * Coordinators and listeners that are leaving come last. Immutable, swapped whole.
 */
record Parts(
    BalancerConfig config,
    Map<String, Coordinator> coordinators,
    Map<String, Pool> pools,
    Map<String, Listener> listeners) {

  Parts {
    coordinators = Collections.unmodifiableMap(new LinkedHashMap<>(coordinators));
    pools = Collections.unmodifiableMap(new LinkedHashMap<>(pools));
    listeners = Collections.unmodifiableMap(new LinkedHashMap<>(listeners));
  }

  /** Returns the pools declared, and those that only listeners that are leaving have. */
  Set<Pool> poolsInUse() {
    Set<Pool> used = new LinkedHashSet<>(pools.values());
    listeners.values().forEach(listener -> used.add(listener.pool()));
    return used;
  }

  /** Closes those pools of before that nobody has now. */
  void closeUnused(Set<Pool> before) {
    Set<Pool> used = poolsInUse();
    before.stream().filter(pool -> !used.contains(pool)).forEach(Pool::close);
  }

  /** Returns the same without those that have left: who was leaving and has no session now. */
  Parts withoutGone() {
    Map<String, Coordinator> coordinatorsLeft = new LinkedHashMap<>(coordinators);
    coordinatorsLeft.values().removeIf(c -> c.leaving() && c.sessions() == 0);
    Map<String, Listener> listenersLeft = new LinkedHashMap<>(listeners);
    listenersLeft.values().removeIf(l -> l.leaving() && l.sessions() == 0);
    return new Parts(config, coordinatorsLeft, pools, listenersLeft);
  }
}
