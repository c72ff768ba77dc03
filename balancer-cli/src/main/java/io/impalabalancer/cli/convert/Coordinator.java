package io.impalabalancer.cli.convert;

import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** One impalad, made of the servers that name its host in several sections. */
final class Coordinator {
  private static final Map<Protocol, Integer> DEFAULT_PORTS =
      Map.of(
          Protocol.BEESWAX, 21000, Protocol.HIVESERVER2, 21050, Protocol.HIVESERVER2_HTTP, 28000);
  private static final int DEFAULT_WEB = 25000;

  /** A server that is this coordinator, and the section that it stands in. */
  record Use(Proxy back, Server server) {}

  final String host;
  final Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
  final List<Use> uses = new ArrayList<>();
  OptionalInt web = OptionalInt.empty();

  /** Whether checks must not go to the default web port. */
  boolean webIsNone;

  /** The other coordinators of its host. */
  final List<Coordinator> neighbours = new ArrayList<>();

  /** Whether it has the ports that servers name, and no other by default. */
  boolean onlyKnownPorts;

  String name = "";

  Coordinator(String host) {
    this.host = host;
  }

  boolean isTcp() {
    return ports.containsKey(Protocol.TCP);
  }

  Set<String> serverNames() {
    Set<String> names = new LinkedHashSet<>();
    uses.forEach(use -> names.add(use.server().name()));
    return names;
  }

  String hostAndPort() {
    return host + ":" + ports.values().iterator().next();
  }

  /** Returns the ports that differ from those it would have by default, as HOCON values. */
  Map<String, String> writtenPorts() {
    Map<String, String> written = new LinkedHashMap<>();
    for (Protocol protocol : Protocol.values()) {
      Integer standard = DEFAULT_PORTS.get(protocol);
      Integer port = ports.get(protocol);
      if (port != null && !port.equals(standard)) {
        written.put(protocol.word(), port.toString());
      } else if (port == null && standard != null && isNone(standard)) {
        written.put(protocol.word(), "none");
      }
    }
    if (web.isPresent() && web.getAsInt() != DEFAULT_WEB) {
      written.put("web", Integer.toString(web.getAsInt()));
    } else if (web.isEmpty() && (webIsNone || isNone(DEFAULT_WEB))) {
      written.put("web", "none");
    }
    return written;
  }

  private boolean isNone(int standard) {
    return onlyKnownPorts
        || neighbours.stream()
            .anyMatch(
                other -> other.ports.containsValue(standard) || other.web.orElse(0) == standard);
  }

  boolean isAlwaysDisabled() {
    return uses.stream().allMatch(use -> use.server().has("disabled"));
  }

  /**
   * Returns the sum of what the servers take, {@code none} if one has no limit, empty if none has
   * one.
   */
  String maxconn() {
    long sum = 0;
    boolean limited = false;
    boolean open = false;
    for (Use use : uses) {
      Setting maxconn = use.server().option("maxconn");
      if (maxconn == null || maxconn.value().equals("none")) {
        open = true;
      } else {
        limited = true;
        sum += Long.parseLong(maxconn.value());
      }
    }
    if (!limited) {
      return "";
    }
    return open ? "none" : Long.toString(Math.min(sum, 1_000_000));
  }

  /** Returns how {@link #maxconn} came about, empty if there was nothing to merge. */
  String maxconnReason() {
    if (uses.size() < 2 || maxconn().isEmpty()) {
      return "";
    }
    List<String> each = new ArrayList<>();
    for (Use use : uses) {
      Setting maxconn = use.server().option("maxconn");
      each.add((maxconn == null ? "none" : maxconn.value()) + " in " + use.back().name());
    }
    return "maxconn is for all listeners together: " + String.join(", ", each);
  }
}
