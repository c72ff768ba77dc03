package io.impalabalancer.cli.runtime;

import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.health.HealthChecker;
import io.impalabalancer.metrics.HaproxyStats;
import io.impalabalancer.who.Whois;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What commands act on: a balancer and what belongs to it. */
public record Target(
    Balancer balancer,
    HealthChecker health,
    HaproxyStats stats,
    Whois whois,
    Events events,
    Reloads reloads,
    Upgrades upgrades,
    String version) {

  /** A member as a command names it: {@code listener/alias}. */
  record Server(Listener listener, Member member) {
    Coordinator coordinator() {
      return member.coordinator();
    }
  }

  /** An answer instead of a result: what was asked for does not exist. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refused(String answer) {
      super(answer, null, false, false);
    }
  }

  /** Returns the listener of that name, null if there is none. */
  @Nullable Listener listener(String name) {
    return balancer.listeners().stream()
        .filter(listener -> listener.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /**
   * Returns the member that the first word names, by its alias or its coordinator's name.
   *
   * @throws Refused with HAProxy's text if there is none
   */
  Server server(List<String> words) {
    String name = words.isEmpty() ? "" : words.get(0);
    int slash = name.indexOf('/');
    if (slash < 0) {
      throw new Refused("Require 'backend/server'.\n");
    }
    Listener listener = listener(name.substring(0, slash));
    if (listener == null) {
      throw new Refused("No such backend.\n");
    }
    return member(listener.name(), name.substring(slash + 1))
        .orElseThrow(() -> new Refused("No such server.\n"));
  }

  /** Returns the member of a listener of that alias, or of that coordinator's name. */
  Optional<Server> member(String listenerName, String name) {
    Listener listener = listener(listenerName);
    if (listener == null) {
      return Optional.empty();
    }
    List<Member> members = listener.pool().members();
    return members.stream()
        .filter(member -> listener.config().alias(member.coordinator().name()).equals(name))
        .findFirst()
        .or(() ->
            members.stream().filter(each -> each.coordinator().name().equals(name)).findFirst())
        .map(member -> new Server(listener, member));
  }

  /**
   * Returns the coordinator that the first word names.
   *
   * @throws Refused if there is none
   */
  Coordinator coordinator(List<String> words) {
    String name = words.isEmpty() ? "" : words.get(0);
    return balancer.coordinators().stream()
        .filter(coordinator -> coordinator.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new Refused("No such coordinator.\n"));
  }

  /** Returns the names of the listeners that a coordinator serves. */
  List<String> listenersOf(Coordinator coordinator) {
    return balancer.listeners().stream()
        .filter(listener ->
            listener.pool().members().stream()
                .anyMatch(member -> member.coordinator() == coordinator))
        .map(Listener::name)
        .toList();
  }
}
