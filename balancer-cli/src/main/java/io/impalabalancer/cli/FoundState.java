package io.impalabalancer.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.discovery.Found;
import java.net.URI;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The coordinators that were found, as a part of {@link KeptState}: where they are. */
final class FoundState {
  private static final String WEB = "web";

  private FoundState() {}

  static List<Map<String, Object>> write(List<Found> found) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (Found each : found) {
      CoordinatorConfig coordinator = each.coordinator();
      Map<String, Object> ports = new LinkedHashMap<>();
      coordinator.ports().forEach((protocol, port) -> ports.put(protocol.word(), port));
      coordinator.webPort().ifPresent(port -> ports.put(WEB, port));
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", coordinator.name());
      one.put("host", coordinator.host());
      one.put("ports", ports);
      each.web().ifPresent(web -> one.put("url", web.toString()));
      one.put("source", each.source());
      all.add(one);
    }
    return all;
  }

  /**
   * Reads them.
   *
   * @throws ConfigException if something else is written there
   */
  static List<Found> read(List<? extends Config> written) {
    List<Found> found = new ArrayList<>();
    for (Config each : written) {
      Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
      for (Protocol protocol : Protocol.values()) {
        port(each, protocol.word()).ifPresent(port -> ports.put(protocol, port));
      }
      // What people say of it is the configuration's to give.
      CoordinatorConfig coordinator =
          new CoordinatorConfig(
              each.getString("name"),
              each.getString("host"),
              ports,
              port(each, WEB),
              0,
              0,
              AdminState.READY);
      found.add(new Found(coordinator, url(each), each.getString("source")));
    }
    return found;
  }

  private static OptionalInt port(Config found, String key) {
    Config ports = found.getConfig("ports");
    return ports.hasPath(key) ? OptionalInt.of(ports.getInt(key)) : OptionalInt.empty();
  }

  private static Optional<URI> url(Config found) {
    try {
      return found.hasPath("url")
          ? Optional.of(URI.create(found.getString("url")))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new ConfigException.BadValue(found.origin(), "url", String.valueOf(e.getMessage()), e);
    }
  }
}
