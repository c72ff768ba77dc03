package io.impalabalancer.config;

import static java.util.stream.Collectors.joining;

import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Judges what concerns several parts of a configuration at once. */
final class Validation {
  private final Problems problems;
  private final Section root;

  Validation(Problems problems, Section root) {
    this.problems = problems;
    this.root = root;
  }

  void judge(
      BalancerConfig config,
      List<Placed<CoordinatorConfig>> coordinators,
      List<Placed<ListenerConfig>> listeners,
      List<Bound> bounds) {
    noAddressTwice(bounds);
    noPortTwice(coordinators);
    for (Placed<ListenerConfig> listener : listeners) {
      everyMemberHasThePort(config, listener);
      everyLoadCanBeKnown(config, listener);
    }
    if (config.check().type() == CheckKind.HTTP) {
      everyCoordinatorHasAWebPort(config);
    }
    seedsSpeakAsWebPortsDo(config);
    if (coordinators.size() == 1 && !config.discover().isOn()) {
      Placed<CoordinatorConfig> only = coordinators.get(0);
      problems.warning(
          only.place(),
          "coordinators: \""
              + only.value().name()
              + "\" is the only one: nothing is balanced, and nobody takes over when it is down");
    }
  }

  private void seedsSpeakAsWebPortsDo(BalancerConfig config) {
    boolean tls = config.check().web().tls();
    for (URI seed : config.discover().seeds()) {
      if (seed.getScheme().equals("https") != tls) {
        root.section("discover")
            .get("seeds")
            .error(
                "found \"%s\", but check.web.tls is %b, and all web ports are reached alike"
                    .formatted(seed, tls));
      }
    }
  }

  private void noAddressTwice(List<Bound> bounds) {
    for (int second = 1; second < bounds.size(); second++) {
      for (int first = 0; first < second; first++) {
        collide(bounds.get(first), bounds.get(second));
      }
    }
  }

  private void collide(Bound first, Bound second) {
    if (!sameAddress(first.address(), second.address())) {
      return;
    }
    if (second.place().isBuiltIn()) {
      taken(first, second);
    } else {
      taken(second, first);
    }
  }

  private void taken(Bound bound, Bound by) {
    problems.error(
        bound.place(),
        "%s: %s is taken by %s (%s) at %s, expected another address or port"
            .formatted(bound.owner(), bound.address(), by.owner(), by.address(), by.place()));
  }

  private static boolean sameAddress(BindAddress one, BindAddress two) {
    InetAddress a = one.toSocketAddress().getAddress();
    InetAddress b = two.toSocketAddress().getAddress();
    return one.port() == two.port()
        && one.port() != 0
        && a.getClass() == b.getClass()
        && (a.equals(b) || a.isAnyLocalAddress() || b.isAnyLocalAddress());
  }

  private void noPortTwice(List<Placed<CoordinatorConfig>> coordinators) {
    for (int second = 1; second < coordinators.size(); second++) {
      for (int first = 0; first < second; first++) {
        collide(coordinators.get(first), coordinators.get(second));
      }
    }
  }

  private void collide(Placed<CoordinatorConfig> first, Placed<CoordinatorConfig> second) {
    CoordinatorConfig a = first.value();
    CoordinatorConfig b = second.value();
    if (a.name().equals(b.name())
        || !a.host().toLowerCase(Locale.ROOT).equals(b.host().toLowerCase(Locale.ROOT))) {
      return;
    }
    Map<String, Integer> taken = ports(a);
    String same =
        ports(b).entrySet().stream()
            .filter(port -> taken.containsValue(port.getValue()))
            .map(port -> port.getKey() + " " + port.getValue())
            .collect(joining(", "));
    if (!same.isEmpty()) {
      problems.error(
          second.place(),
          ("coordinators[%s]: %s at %s is on the same host, %s, and has the same port: %s;"
                  + " expected another host, another port or none")
              .formatted(b.name(), a.name(), first.place(), b.host(), same));
    }
  }

  private static Map<String, Integer> ports(CoordinatorConfig coordinator) {
    Map<String, Integer> ports = new TreeMap<>();
    coordinator.ports().forEach((protocol, port) -> ports.put(protocol.word(), port));
    coordinator.webPort().ifPresent(port -> ports.put("web", port));
    return ports;
  }

  private void everyMemberHasThePort(BalancerConfig config, Placed<ListenerConfig> placed) {
    ListenerConfig listener = placed.value();
    String without =
        members(config, listener)
            .filter(coordinator -> coordinator.port(listener.protocol()).isEmpty())
            .map(CoordinatorConfig::name)
            .collect(joining(", "));
    if (!without.isEmpty()) {
      String word = listener.protocol().word();
      problems.error(
          placed.place(),
          ("listeners[%s]: pool %s has coordinators without a port for %s: %s;"
                  + " expected ports.%s of each, or another pool")
              .formatted(listener.name(), listener.pool(), word, without, word));
    }
  }

  /** Under {@code leastload} one coordinator whose load is not known makes it leastconn. */
  private void everyLoadCanBeKnown(BalancerConfig config, Placed<ListenerConfig> placed) {
    ListenerConfig listener = placed.value();
    if (listener.balance() != BalanceKind.LEASTLOAD) {
      return;
    }
    CheckKind type = config.check().type();
    List<CoordinatorConfig> members = members(config, listener).toList();
    List<CoordinatorConfig> unknown;
    String why;
    String remedy;
    if (type != CheckKind.IMPALA && type != CheckKind.AUTO) {
      unknown = members;
      why = "check.type = " + type.word() + " reads no page that tells it";
      remedy = "check.type = impala";
    } else {
      unknown = members.stream().filter(c -> c.webPort().isEmpty()).toList();
      why = "it has no web port, whose pages tell it";
      remedy = "ports.web of each";
      if (unknown.isEmpty() && type == CheckKind.AUTO) {
        unknown = members.stream().filter(c -> servesOnlyTcp(config, c)).toList();
        why = "check.type = auto reads no pages of one that only tcp listeners use";
        remedy = "check.type = impala, if it is an impalad";
      }
    }
    if (!unknown.isEmpty()) {
      problems.warning(
          placed.place(),
          ("listeners[%s].balance: leastload, but the load of %s cannot be known: %s; the fewest"
                  + " sessions decide instead; expected %s, or balance = leastconn")
              .formatted(
                  listener.name(),
                  unknown.stream().map(CoordinatorConfig::name).collect(joining(", ")),
                  why,
                  remedy));
    }
  }

  private static Stream<CoordinatorConfig> members(BalancerConfig config, ListenerConfig of) {
    return config.pool(of.pool()).members().stream()
        .map(member -> config.coordinator(member.coordinator()));
  }

  private static boolean servesOnlyTcp(BalancerConfig config, CoordinatorConfig coordinator) {
    return config.listeners().stream()
        .filter(listener -> members(config, listener).anyMatch(coordinator::equals))
        .allMatch(listener -> listener.protocol() == Protocol.TCP);
  }

  private void everyCoordinatorHasAWebPort(BalancerConfig config) {
    String without =
        config.coordinators().stream()
            .filter(coordinator -> coordinator.webPort().isEmpty())
            .map(CoordinatorConfig::name)
            .collect(joining(", "));
    if (!without.isEmpty()) {
      root.section("check")
          .get("type")
          .error(
              "http needs a web port, and these coordinators have none: "
                  + without
                  + "; expected ports.web of each, or another type");
    }
  }
}
