package io.impalabalancer.cli.convert;

import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes one coordinator of the servers that several sections have on one host, and names it. */
final class Coordinators {
  private final List<Listener> listeners;
  private final List<Coordinator> all = new ArrayList<>();
  private final Map<Proxy, Map<Server, Coordinator>> members = new LinkedHashMap<>();

  private Coordinators(List<Listener> listeners) {
    this.listeners = listeners;
  }

  static Coordinators of(List<Listener> listeners) {
    Coordinators coordinators = new Coordinators(listeners);
    for (Listener listener : listeners) {
      if (!coordinators.members.containsKey(listener.back())) {
        coordinators.addMembers(listener);
      }
    }
    coordinators.sharePorts();
    coordinators.name();
    coordinators.members.values().forEach(Coordinators::tell);
    return coordinators;
  }

  /** In the order of the servers. */
  List<Coordinator> all() {
    return all;
  }

  /** Returns the members of a listener's pool, by server, in their order. */
  Map<Server, Coordinator> members(Listener listener) {
    return Objects.requireNonNull(members.get(listener.back()));
  }

  /** Returns the listener's names for coordinators that have another one, by coordinator. */
  Map<String, String> aliases(Listener listener) {
    return aliases(listener, coordinator -> coordinator.name);
  }

  private Map<String, String> aliases(Listener listener, Function<Coordinator, String> naming) {
    Map<String, String> aliases = new LinkedHashMap<>();
    members(listener)
        .forEach((server, coordinator) -> {
          String name = naming.apply(coordinator);
          if (!name.equals(server.name()) && !aliases.containsValue(server.name())) {
            aliases.put(name, server.name());
          }
        });
    return aliases;
  }

  private void addMembers(Listener listener) {
    Map<Server, Coordinator> taken = new LinkedHashMap<>();
    for (Server server : listener.back().servers) {
      OptionalInt port = port(listener, server);
      if (port.isPresent()) {
        Server same = same(listener, taken, server, port.getAsInt());
        if (same != null) {
          server
              .line()
              .unsupported(
                  "it is %s again, and is not listed twice"
                      .formatted(same.line().asReference(server.line())));
        } else {
          Coordinator coordinator =
              coordinator(server.host(), listener.protocol(), port.getAsInt(), taken);
          coordinator.uses.add(new Coordinator.Use(listener.back(), server));
          taken.put(server, coordinator);
        }
      }
    }
    members.put(listener.back(), taken);
  }

  /** Returns the server's port; if it has none, the one that the client connected to. */
  private static OptionalInt port(Listener listener, Server server) {
    if (server.port().isPresent()) {
      return server.port();
    }
    Set<Integer> ports = new TreeSet<>();
    listener.front().binds.forEach(bind -> ports.add(bind.port()));
    if (ports.size() > 1) {
      server
          .line()
          .error(
              "found no port, and the listener has several: %s; expected host:port"
                  .formatted(ports));
      return OptionalInt.empty();
    }
    return OptionalInt.of(ports.iterator().next());
  }

  private static @Nullable Server same(
      Listener listener, Map<Server, Coordinator> taken, Server server, int port) {
    for (Map.Entry<Server, Coordinator> each : taken.entrySet()) {
      Integer other = each.getValue().ports.get(listener.protocol());
      if (isSameHost(each.getValue().host, server.host()) && other != null && other == port) {
        return each.getKey();
      }
    }
    return null;
  }

  private static boolean isSameHost(String one, String two) {
    return one.toLowerCase(Locale.ROOT).equals(two.toLowerCase(Locale.ROOT));
  }

  /**
   * Returns the one on that host with that port; else the first that has no port for the protocol
   * yet, so that several impalads of a host are paired in the order of their servers; else a new
   * one. Whatever speaks no protocol of Impala's is a coordinator of its own.
   */
  private Coordinator coordinator(
      String host, Protocol protocol, int port, Map<Server, Coordinator> taken) {
    Coordinator free = null;
    for (Coordinator each : all) {
      if (isSameHost(each.host, host)
          && !taken.containsValue(each)
          && each.isTcp() == (protocol == Protocol.TCP)) {
        Integer known = each.ports.get(protocol);
        if (known != null && known == port) {
          return each;
        }
        if (known == null && free == null) {
          free = each;
        }
      }
    }
    if (free == null) {
      free = new Coordinator(host);
      all.add(free);
    }
    free.ports.put(protocol, port);
    return free;
  }

  /** Two on one host cannot have the same port: the first of Impala's keeps the default ones. */
  private void sharePorts() {
    Map<String, List<Coordinator>> byHost = new LinkedHashMap<>();
    for (Coordinator each : all) {
      byHost
          .computeIfAbsent(each.host.toLowerCase(Locale.ROOT), host -> new ArrayList<>())
          .add(each);
    }
    for (List<Coordinator> group : byHost.values()) {
      Coordinator first =
          group.stream().filter(each -> !each.isTcp()).findFirst().orElse(group.get(0));
      for (Coordinator each : group) {
        each.onlyKnownPorts = each != first;
        group.stream().filter(other -> other != each).forEach(each.neighbours::add);
      }
    }
  }

  /**
   * Names them as all their servers are named; where that does not do, by host; by host and port.
   */
  private void name() {
    List<Function<Coordinator, String>> namings =
        List.of(
            each ->
                each.serverNames().size() == 1 ? each.serverNames().iterator().next() : each.host,
            each -> each.host,
            each -> isAlone(each) ? each.host : each.hostAndPort(),
            Coordinator::hostAndPort,
            each -> "coordinator-" + (all.indexOf(each) + 1));
    Function<Coordinator, String> naming =
        namings.stream()
            .filter(this::isUnique)
            .findFirst()
            .orElse(each -> "coordinator:" + (all.indexOf(each) + 1) + ":" + each.host);
    all.forEach(each -> each.name = naming.apply(each));
  }

  private boolean isAlone(Coordinator one) {
    return all.stream().filter(other -> isSameHost(other.host, one.host)).count() == 1;
  }

  /** Whether names are unique, and what each listener prints is too. */
  private boolean isUnique(Function<Coordinator, String> naming) {
    Set<String> names = new HashSet<>();
    for (Coordinator each : all) {
      if (!names.add(naming.apply(each))) {
        return false;
      }
    }
    for (Listener listener : listeners) {
      Map<String, String> aliases = aliases(listener, naming);
      Set<String> printed = new HashSet<>();
      for (String name : names) {
        if (!printed.add(aliases.getOrDefault(name, name))) {
          return false;
        }
      }
    }
    return true;
  }

  private static void tell(Map<Server, Coordinator> members) {
    members.forEach((server, coordinator) -> {
      server.line().carried("coordinator " + coordinator.name);
      Setting weight = server.option("weight");
      if (server.has("disabled") && !coordinator.isAlwaysDisabled()) {
        server
            .line()
            .warn("disabled here alone: weight = 0 in this pool, as a state is for all listeners");
      } else if (server.has("disabled") && weight == null) {
        server.line().warn("disabled: state = maint");
      }
      if (!coordinator.maxconnReason().isEmpty()) {
        server.line().warn(coordinator.maxconnReason() + ": " + coordinator.maxconn());
      }
    });
  }
}
