package io.impalabalancer.core;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.PoolConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The way of a balancer from one configuration to the next: makes what is new, binds the addresses
 * that are new, and only if that went well changes anything. What has the same name is the same
 * thing with another configuration record; an address that is still wanted keeps its socket, even
 * if another listener has it now. Used once, by one thread that may block.
 */
final class Reload {
  private final Balancer balancer;
  private final Parts before;
  private final BalancerConfig config;
  private final Map<String, Coordinator> coordinators = new LinkedHashMap<>();
  private final Map<String, Pool> pools = new LinkedHashMap<>();
  private final Map<String, Listener> listeners = new LinkedHashMap<>();

  /** What each listener that is bound shall be bound to. */
  private final Map<Listener, Map<BindAddress, Acceptor>> wanted = new LinkedHashMap<>();

  private final List<Acceptor> bound = new ArrayList<>();

  /** Makes what is new; nothing else has changed. */
  Reload(Balancer balancer, Parts before, BalancerConfig config) {
    this.balancer = balancer;
    this.before = before;
    this.config = config;
    for (CoordinatorConfig each : config.coordinators()) {
      Coordinator same = before.coordinators().get(each.name());
      coordinators.put(each.name(), same == null ? balancer.makeCoordinator(each) : same);
    }
    for (PoolConfig each : config.pools()) {
      Pool same = before.pools().get(each.name());
      pools.put(each.name(), same == null ? new Pool(each, List.of()) : same);
    }
    for (ListenerConfig each : config.listeners()) {
      Listener same = before.listeners().get(each.name());
      listeners.put(
          each.name(), same == null ? new Listener(each, pool(each.pool()), balancer) : same);
    }
  }

  private Coordinator coordinator(String name) {
    return Objects.requireNonNull(coordinators.get(name), name);
  }

  private Pool pool(String name) {
    return Objects.requireNonNull(pools.get(name), name);
  }

  private Listener listener(String name) {
    return Objects.requireNonNull(listeners.get(name), name);
  }

  /**
   * Binds the addresses that nobody has yet. Until {@link #apply} no listener binds or unbinds by
   * itself.
   *
   * @throws BindException for the first that cannot be bound; everything is as it was then
   */
  void bind() throws BindException {
    Map<BindAddress, Acceptor> now = new LinkedHashMap<>();
    before.listeners().values().forEach(listener -> now.putAll(listener.acceptors().hold()));
    try {
      for (ListenerConfig each : config.listeners()) {
        Listener listener = listener(each.name());
        boolean isNew = !before.listeners().containsKey(each.name());
        if (isNew || listener.leaving() || listener.acceptors().anyBound()) {
          wanted.put(listener, sockets(listener, each, now));
        }
      }
    } catch (BindException e) {
      bound.forEach(Acceptors::closeOnLoop);
      before.listeners().values().forEach(listener -> listener.acceptors().release());
      throw e;
    }
  }

  private Map<BindAddress, Acceptor> sockets(
      Listener listener, ListenerConfig next, Map<BindAddress, Acceptor> now) throws BindException {
    Map<BindAddress, Acceptor> sockets = new LinkedHashMap<>();
    for (BindAddress address : next.binds()) {
      Acceptor socket = listener.acceptors().at(address);
      if (socket == null && address.port() != 0) {
        socket = now.get(address);
      }
      if (socket == null && !sockets.containsKey(address)) {
        socket = listener.acceptors().bind(address);
        bound.add(socket);
      }
      sockets.putIfAbsent(address, Objects.requireNonNull(socket));
    }
    return sockets;
  }

  /** Goes over to the next configuration. */
  void apply() {
    Set<Pool> poolsBefore = before.poolsInUse();
    List<Coordinator> toLookUp = new ArrayList<>();
    for (CoordinatorConfig each : config.coordinators()) {
      Coordinator coordinator = coordinator(each.name());
      boolean isNew = !before.coordinators().containsKey(each.name());
      if (isNew || coordinator.leaving() || !each.host().equals(coordinator.config().host())) {
        toLookUp.add(coordinator);
      }
      coordinator.setLeaving(false);
      if (!isNew && !each.equals(coordinator.config())) {
        coordinator.setConfig(each);
      }
    }
    List<Coordinator> leaving =
        before.coordinators().values().stream()
            .filter(c -> !coordinators.containsValue(c))
            .toList();
    applyPools(leaving);
    leaving.forEach(coordinator -> coordinator.setLeaving(true));
    List<Acceptor> superfluous = applyListeners();
    leaving.forEach(coordinator -> coordinators.put(coordinator.name(), coordinator));
    Parts next = new Parts(config, coordinators, pools, listeners);
    balancer.goOver(next, toLookUp, leaving);
    next.closeUnused(poolsBefore);
    superfluous.forEach(Acceptors::closeOnLoop);
  }

  private void applyPools(List<Coordinator> leaving) {
    for (PoolConfig each : config.pools()) {
      Pool pool = pool(each.name());
      List<Member> members = new ArrayList<>();
      for (MemberConfig next : each.members()) {
        Member same = pool.member(coordinator(next.coordinator()));
        if (same == null) {
          members.add(new Member(coordinator(next.coordinator()), each.name(), next));
        } else {
          same.setConfig(next);
          members.add(same);
        }
      }
      pool.setMembers(members);
    }
    // Listeners that are leaving may still choose from a pool that was removed.
    for (Pool pool : before.poolsInUse()) {
      if (!pools.containsValue(pool)) {
        pool.setMembers(
            pool.members().stream().filter(m -> !leaving.contains(m.coordinator())).toList());
      }
    }
  }

  /** Returns the sockets that nobody wants any more. */
  private List<Acceptor> applyListeners() {
    Set<Acceptor> used = Collections.newSetFromMap(new IdentityHashMap<>());
    wanted.values().forEach(sockets -> used.addAll(sockets.values()));
    List<Acceptor> superfluous = new ArrayList<>();
    for (Listener listener : before.listeners().values()) {
      superfluous.addAll(listener.acceptors().all());
      if (!listeners.containsValue(listener)) {
        listener.leave();
        listeners.put(listener.name(), listener);
      }
    }
    superfluous.removeIf(used::contains);
    for (ListenerConfig each : config.listeners()) {
      Listener listener = listener(each.name());
      listener.setConfig(each, pool(each.pool()));
      Map<BindAddress, Acceptor> sockets = wanted.get(listener);
      if (sockets != null) {
        listener.acceptors().open(sockets);
      }
    }
    return superfluous;
  }
}
