package io.impalabalancer.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.Pool;
import io.impalabalancer.discovery.Found;
import io.impalabalancer.health.HealthChecker;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What people said of coordinators, members and listeners beyond the configuration, and which
 * coordinators were found, as HOCON that outlives the process; for a successor also limits, whom
 * not to check, which listeners are disabled, and what checks found. Names that are not configured
 * any more are passed over.
 */
final class KeptState {
  private static final Logger LOG = LoggerFactory.getLogger(KeptState.class);

  /** The reason of everything that nobody has changed. */
  private static final String CONFIGURATION = "configuration";

  private static final String BEFORE = "it was before the upgrade";

  private static final String GLOBAL = "global";
  private static final String COORDINATOR = "coordinator ";
  private static final String LISTENER = "listener ";

  private static final String SINCE = ", since ";

  private final Config config;

  private KeptState(Config config) {
    this.config = config;
  }

  /** Returns the state of a balancer, without what only a successor needs. */
  static String ofPeople(Balancer balancer, List<Found> found) {
    return render(people(balancer, found));
  }

  /**
   * Returns the state of a balancer for its successor.
   *
   * @param found the coordinators that were found
   * @param unchecked names of coordinators whose checks people have ended
   * @param more is added to it
   */
  static String ofAll(
      Balancer balancer, List<Found> found, List<String> unchecked, Map<String, Object> more) {
    Map<String, Object> state = people(balancer, found);
    Map<String, Object> health = new LinkedHashMap<>();
    for (Coordinator each : balancer.coordinators()) {
      List<String> closed = new ArrayList<>();
      for (Protocol protocol : each.config().ports().keySet()) {
        if (!each.isOpen(protocol)) {
          closed.add(protocol.word());
        }
      }
      health.put(
          each.name(),
          Map.of(
              "host", each.config().host(),
              "status", each.status().name(),
              "reason", each.statusReason(),
              "closed", closed,
              "share", each.sharePercent()));
    }
    state.put("health", health);
    List<String> disabled =
        balancer.listeners().stream().filter(l -> !l.enabled()).map(Listener::name).toList();
    state.put("disabled-listeners", disabled);
    state.put("unchecked", unchecked);
    state.put("maxconn", limits(balancer));
    state.putAll(more);
    return render(state);
  }

  /**
   * Returns the limits that people have set, each with the configured one that it is instead of.
   */
  private static Map<String, Object> limits(Balancer balancer) {
    Map<String, Object> limits = new LinkedHashMap<>();
    addLimit(limits, GLOBAL, balancer.maxconn(), balancer.config().maxconn());
    balancer
        .coordinators()
        .forEach(c -> addLimit(limits, COORDINATOR + c, c.maxconn(), c.config().maxconn()));
    balancer
        .listeners()
        .forEach(l -> addLimit(limits, LISTENER + l.name(), l.maxconn(), l.config().maxconn()));
    return limits;
  }

  private static void addLimit(Map<String, Object> limits, String of, int limit, int configured) {
    if (limit != configured) {
      limits.put(of, Map.of("limit", limit, "configured", configured));
    }
  }

  private static Map<String, Object> people(Balancer balancer, List<Found> found) {
    Map<String, Object> coordinators = new LinkedHashMap<>();
    for (Coordinator each : balancer.coordinators()) {
      if (!each.adminReason().equals(CONFIGURATION) && !each.leaving()) {
        coordinators.put(
            each.name(),
            Map.of(
                "state", each.adminState().word(),
                "reason", reason(each.adminReason(), each.adminAge())));
      }
    }
    Map<String, Object> pools = new LinkedHashMap<>();
    for (Pool pool : balancer.pools()) {
      Map<String, Object> weights = new LinkedHashMap<>();
      for (Member each : pool.members()) {
        if (!each.weightReason().equals(CONFIGURATION)) {
          weights.put(
              each.coordinator().name(),
              Map.of(
                  "weight",
                  each.weight(),
                  "reason",
                  reason(each.weightReason(), each.weightAge())));
        }
      }
      if (!weights.isEmpty()) {
        pools.put(pool.name(), weights);
      }
    }
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("coordinators", coordinators);
    state.put("weights", pools);
    if (!found.isEmpty()) {
      state.put("found", FoundState.write(found));
    }
    return state;
  }

  private static String reason(String reason, Duration age) {
    return reason.contains(SINCE)
        ? reason
        : reason + SINCE + Instant.now().minus(age).truncatedTo(ChronoUnit.SECONDS);
  }

  private static String render(Map<String, Object> state) {
    return ConfigValueFactory.fromMap(state)
        .render(ConfigRenderOptions.defaults().setOriginComments(false).setJson(false));
  }

  /**
   * Reads a state.
   *
   * @throws IOException if it is none; the message says why
   */
  static KeptState parse(String text) throws IOException {
    try {
      Config config = ConfigFactory.parseString(text);
      KeptState state = new KeptState(config);
      // What is wrong shows when it is read; nothing is applied before that.
      state.forEach(
          "coordinators",
          (name, each) -> {
            adminState(each);
            each.getString("reason");
          });
      state.forEach(
          "weights",
          (pool, weights) ->
              new KeptState(weights)
                  .forEach(
                      "",
                      (name, each) -> {
                        weight(each);
                        each.getString("reason");
                      }));
      state.found();
      return state;
    } catch (ConfigException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Returns the coordinators that were found. */
  List<Found> found() {
    return config.hasPath("found") ? FoundState.read(config.getConfigList("found")) : List.of();
  }

  /** Returns a list of the state, empty if it has none. */
  List<String> list(String key) {
    return config.hasPath(key) ? config.getStringList(key) : List.of();
  }

  /** Returns a text of the state, empty if it has none. */
  String text(String key) {
    return config.hasPath(key) ? config.getString(key) : "";
  }

  private interface Entry {
    void take(String name, Config value);
  }

  private void forEach(String path, Entry entry) {
    ConfigObject object =
        path.isEmpty()
            ? config.root()
            : config.hasPath(path) ? config.getObject(path) : ConfigFactory.empty().root();
    for (String name : object.keySet()) {
      if (!(object.get(name) instanceof ConfigObject value)) {
        throw new ConfigException.WrongType(object.origin(), name + " is no record");
      }
      entry.take(name, value.toConfig());
    }
  }

  private static AdminState adminState(Config entry) {
    String word = entry.getString("state");
    for (AdminState state : AdminState.values()) {
      if (state.word().equals(word)) {
        return state;
      }
    }
    throw new ConfigException.BadValue(entry.origin(), "state", "found " + word);
  }

  private static int weight(Config entry) {
    int weight = entry.getInt("weight");
    if (weight < 0 || weight > Member.WEIGHT_MAX) {
      throw new ConfigException.BadValue(entry.origin(), "weight", "found " + weight);
    }
    return weight;
  }

  /** Gives a balancer that is not open yet this state. */
  void restore(Balancer balancer) {
    Map<String, Coordinator> coordinators = new LinkedHashMap<>();
    balancer.coordinators().forEach(each -> coordinators.put(each.name(), each));
    forEach(
        "coordinators",
        (name, each) ->
            known(
                name,
                coordinators,
                c -> c.setAdminState(adminState(each), each.getString("reason"))));
    forEach(
        "weights",
        (poolName, weights) -> {
          for (Pool pool : balancer.pools()) {
            if (pool.name().equals(poolName)) {
              new KeptState(weights)
                  .forEach(
                      "",
                      (name, each) ->
                          pool.members().stream()
                              .filter(member -> member.coordinator().name().equals(name))
                              .forEach(m -> m.setWeight(weight(each), each.getString("reason"))));
            }
          }
        });
    forEach("health", (name, each) -> known(name, coordinators, c -> restoreHealth(c, each)));
    List<String> disabled = list("disabled-listeners");
    balancer.listeners().stream()
        .filter(listener -> disabled.contains(listener.name()))
        .forEach(listener -> listener.disable(BEFORE));
    limit(GLOBAL, balancer.config().maxconn(), to -> balancer.setMaxconn(to, BEFORE));
    balancer
        .coordinators()
        .forEach(c -> limit(COORDINATOR + c, c.config().maxconn(), to -> c.setMaxconn(to, BEFORE)));
    balancer
        .listeners()
        .forEach(
            l -> limit(LISTENER + l.name(), l.config().maxconn(), to -> l.setMaxconn(to, BEFORE)));
  }

  /** Sets a limit that people had set, unless the configuration has another one since. */
  private void limit(String of, int configured, IntConsumer set) {
    forEach(
        "maxconn",
        (name, each) -> {
          if (name.equals(of) && each.getInt("configured") == configured) {
            set.accept(each.getInt("limit"));
          }
        });
  }

  /** Ends the checks that people had ended; they have not begun yet. */
  void restore(HealthChecker health, Balancer balancer) {
    List<String> unchecked = list("unchecked");
    balancer.coordinators().stream()
        .filter(coordinator -> unchecked.contains(coordinator.name()))
        .forEach(coordinator -> health.setEnabled(coordinator, false, BEFORE));
  }

  private static void known(
      String name, Map<String, Coordinator> coordinators, Consumer<Coordinator> restore) {
    Coordinator coordinator = coordinators.get(name);
    if (coordinator == null) {
      LOG.info("event=state-passed-over coordinator={} reason=\"it is not configured\"", name);
    } else {
      restore.accept(coordinator);
    }
  }

  private static void restoreHealth(Coordinator coordinator, Config health) {
    if (!coordinator.config().host().equals(health.getString("host"))) {
      return;
    }
    List<String> closed = health.getStringList("closed");
    for (Protocol protocol : coordinator.config().ports().keySet()) {
      if (closed.contains(protocol.word())) {
        coordinator.setOpen(protocol, false, BEFORE);
      }
    }
    coordinator.setSharePercent(health.getInt("share"));
    coordinator.setStatus(
        Coordinator.Status.valueOf(health.getString("status")), health.getString("reason"));
  }
}
