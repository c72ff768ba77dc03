package io.impalabalancer.config;

import com.typesafe.config.ConfigObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads {@code listeners} and {@code defaults}. */
final class ListenerReader {
  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration YEAR = Duration.ofDays(365);
  private static final String EXPECTED_PROTOCOL =
      "one of beeswax, hiveserver2, hiveserver2-http, tcp";

  /** These move a client's next connection to another coordinator. */
  private static final Set<BalanceKind> NOT_STICKY =
      EnumSet.of(
          BalanceKind.LEASTCONN, BalanceKind.LEASTLOAD, BalanceKind.ROUNDROBIN, BalanceKind.RANDOM);

  private final Section root;
  private final Section defaults;
  private final int globalMaxconn;
  private final List<String> coordinators;
  private final boolean discovers;
  private final List<String> pools;
  private final Map<String, Place> names = new HashMap<>();
  private final List<Placed<ListenerConfig>> listeners = new ArrayList<>();
  private final List<Bound> bounds = new ArrayList<>();

  private ListenerReader(
      Section root,
      int globalMaxconn,
      List<CoordinatorConfig> coordinators,
      boolean discovers,
      List<PoolConfig> pools) {
    this.root = root;
    this.globalMaxconn = globalMaxconn;
    this.defaults = root.section("defaults");
    this.discovers = discovers;
    this.coordinators = coordinators.stream().map(CoordinatorConfig::name).distinct().toList();
    this.pools = pools.stream().map(PoolConfig::name).distinct().toList();
  }

  /** Reads all; {@link #listeners} and {@link #bounds} have it. */
  static ListenerReader read(
      Section root,
      int globalMaxconn,
      List<CoordinatorConfig> coordinators,
      boolean discovers,
      List<PoolConfig> pools) {
    ListenerReader reader = new ListenerReader(root, globalMaxconn, coordinators, discovers, pools);
    reader.read();
    return reader;
  }

  List<Placed<ListenerConfig>> listeners() {
    return listeners;
  }

  List<Bound> bounds() {
    return bounds;
  }

  private void read() {
    Value list = root.get("listeners");
    protocol(defaults.find("protocol"));
    pool(defaults.find("pool"));
    settings("", List.of(), Protocol.TCP, BalancerConfig.POOL_ALL, defaults);
    List<Value> elements = list.elements("a list of records { name = ..., bind = ... }");
    if (list.isList() && elements.isEmpty()) {
      root.error(
          list,
          "there are no listeners, expected"
              + " listeners = [{ name = ..., bind = \"...\", protocol = ... }]");
    }
    List<Section> sections = new ArrayList<>();
    for (Value element : elements) {
      if (element.raw() instanceof ConfigObject object) {
        Section section =
            element.section(Section.elementPath("listeners", element, object), object, defaults);
        sections.add(section);
        listener(section);
      } else {
        element.unexpected("a record { name = ..., bind = \"...\", protocol = ... }");
      }
    }
    root.inForce("listeners", new Node.Items(sections));
  }

  private void listener(Section section) {
    String name = name(section);
    List<BindAddress> binds = binds(section);
    Protocol protocol = protocol(section.require("protocol", EXPECTED_PROTOCOL));
    String pool = listenerPool(section);
    ListenerConfig listener =
        settings(
            name == null ? "" : name,
            binds,
            protocol == null ? Protocol.TCP : protocol,
            pool == null ? BalancerConfig.POOL_ALL : pool,
            section);
    section.inForce("maxconn", section.get("maxconn").as(listener.maxconn()));
    section.inForce("dial", section.get("dial").as(listener.dial().word()));
    if (protocol != null && pool != null) {
      listeners.add(new Placed<>(listener, section.place()));
      clientsComeElsewhere(section, listener);
      warn(section, listener);
    }
  }

  private @Nullable String name(Section section) {
    Value value = section.require("name", "a name");
    String name = value == null ? null : value.name();
    if (value != null && name != null) {
      Place taken = names.putIfAbsent(name, value.place());
      if (taken != null) {
        value.error("\"" + name + "\" is already the name of the listener at " + taken);
      }
    }
    return name;
  }

  private List<BindAddress> binds(Section section) {
    Value value = section.require("bind", "\"address:port\" or a list of them");
    List<BindAddress> binds = new ArrayList<>();
    if (value == null) {
      return binds;
    }
    List<Value> elements = value.isList() ? value.elements("a list") : List.of(value);
    if (elements.isEmpty()) {
      value.error("the list is empty, expected at least one \"address:port\"");
    }
    for (Value element : elements) {
      BindAddress bind = Addresses.bind(element);
      if (bind != null) {
        binds.add(bind);
        bounds.add(new Bound(bind, section.path() + ".bind", element.place()));
      }
    }
    return binds;
  }

  private static @Nullable Protocol protocol(@Nullable Value value) {
    return value == null ? null : value.wordOrNull(Protocol.values(), Protocol::word);
  }

  private @Nullable String listenerPool(Section section) {
    Value value = section.find("pool");
    if (value != null) {
      return pool(value);
    }
    if (pools.size() > 1) {
      section.error(
          "\"pool\" is missing; as pools are declared, expected one of "
              + String.join(", ", pools));
      return null;
    }
    section.inForce("pool", root.get("pools").as(BalancerConfig.POOL_ALL));
    return BalancerConfig.POOL_ALL;
  }

  private @Nullable String pool(@Nullable Value value) {
    String pool = value == null ? null : value.text("the name of a pool");
    if (value == null || pool == null || pools.contains(pool)) {
      return pool;
    }
    value.unknown("pool", pool, pools);
    return null;
  }

  private ListenerConfig settings(
      String name, List<BindAddress> binds, Protocol protocol, String pool, Section section) {
    return new ListenerConfig(
        name,
        binds,
        protocol,
        pool,
        section.get("balance").word(BalanceKind.values(), BalanceKind::word),
        section.section("source-prefix").get("ipv4").integer(0, 32),
        section.section("source-prefix").get("ipv6").integer(0, 128),
        section.get("balancers").integer(1, 100),
        section
            .get("maxconn")
            .integerOr("global", globalMaxconn, 1, BalancerReader.MOST_CONNECTIONS),
        section.get("backlog").integer(1, 65535),
        timeouts(section.section("timeouts")),
        section.get("retries").integer(0, 100),
        keepalive(section.section("keepalive")),
        dial(section.get("dial"), protocol),
        section.get("unavailable").word(Unavailable.values(), Unavailable::word),
        aliases(section.section("aliases")),
        acceptProxy(section.get("accept-proxy")),
        rebalance(section.section("rebalance")),
        section.get("log-after").durationOrInfinite(SECOND, YEAR),
        !section.get("dontlognull").bool());
  }

  private static Timeouts timeouts(Section section) {
    Function<String, Duration> timeout =
        key -> section.get(key).durationOrInfinite(MILLISECOND, YEAR);
    return new Timeouts(
        timeout.apply("connect"),
        timeout.apply("first-bytes"),
        timeout.apply("queue"),
        timeout.apply("client"),
        timeout.apply("server"),
        timeout.apply("client-fin"),
        timeout.apply("server-fin"));
  }

  private static KeepaliveConfig keepalive(Section section) {
    return new KeepaliveConfig(
        section.get("enabled").bool(),
        wholeSeconds(section.get("idle")),
        wholeSeconds(section.get("interval")),
        section.get("count").integer(1, 127),
        section.get("user-timeout").durationOrInfinite(MILLISECOND, Duration.ofDays(24)));
  }

  private static RebalanceConfig rebalance(Section section) {
    return new RebalanceConfig(
        section.get("after").durationOrInfinite(SECOND, DAY),
        section.get("silence").duration(SECOND, YEAR),
        section.get("rate").integer(1, 1000));
  }

  private static Duration wholeSeconds(Value value) {
    Duration duration = value.duration(SECOND, Duration.ofHours(9));
    if (duration.toMillis() % 1000 != 0) {
      value.unexpected("whole seconds");
    }
    return duration;
  }

  private static Dial dial(Value value, Protocol protocol) {
    String auto = "auto";
    List<String> words = List.of(auto, Dial.ON_FIRST_BYTES.word(), Dial.ON_ACCEPT.word());
    String word = value.word(words.toArray(String[]::new), Function.identity());
    if (word.equals(auto)) {
      return protocol == Protocol.TCP ? Dial.ON_ACCEPT : Dial.ON_FIRST_BYTES;
    }
    return word.equals(Dial.ON_ACCEPT.word()) ? Dial.ON_ACCEPT : Dial.ON_FIRST_BYTES;
  }

  private static List<Network> acceptProxy(Value list) {
    List<Network> networks = new ArrayList<>();
    for (Value element : list.elements("a list of networks such as \"10.0.0.0/8\"")) {
      Network network = Addresses.network(element);
      if (network != null) {
        networks.add(network);
      }
    }
    return networks;
  }

  private Map<String, String> aliases(Section section) {
    Map<String, String> aliases = new LinkedHashMap<>();
    for (String coordinator : section.keys()) {
      Value value = section.get(coordinator);
      String alias = value.name();
      if (alias != null && !discovers && !coordinators.contains(coordinator)) {
        value.unknown("coordinator", coordinator, coordinators);
      } else if (alias != null) {
        aliases.put(coordinator, alias);
      }
    }
    Map<String, String> owners = new HashMap<>();
    Set<String> all = new LinkedHashSet<>(coordinators);
    all.addAll(aliases.keySet());
    for (String coordinator : all) {
      String printed = aliases.getOrDefault(coordinator, coordinator);
      String other = owners.putIfAbsent(printed, coordinator);
      if (other != null && !other.equals(coordinator)) {
        Value value = section.get(aliases.containsKey(coordinator) ? coordinator : other);
        value.error(
            "\"%s\" would stand for both %s and %s, expected another alias"
                .formatted(printed, other, coordinator));
      }
    }
    return aliases;
  }

  /** Where a client comes back to the coordinator that it had, nothing is won by closing. */
  private static void clientsComeElsewhere(Section section, ListenerConfig listener) {
    if (listener.rebalance().isOn() && !NOT_STICKY.contains(listener.balance())) {
      section
          .section("rebalance")
          .get("after")
          .error(
              "with balance = %s a client that is closed comes back to where it was, expected"
                      .formatted(listener.balance().word())
                  + " infinite, or balance = leastconn, leastload, roundrobin or random");
    }
  }

  private static void warn(Section section, ListenerConfig listener) {
    if (listener.protocol() != Protocol.TCP
        && listener.timeouts().client().compareTo(Duration.ofHours(1)) < 0) {
      section
          .section("timeouts")
          .warning(
              "client",
              "under an hour: a BI tool that is silent between queries, and a client that waits for"
                  + " a long query, are cut; keepalive finds dead peers, so 12h is safe");
    }
    if (listener.protocol() == Protocol.HIVESERVER2_HTTP
        && NOT_STICKY.contains(listener.balance())) {
      section.warning(
          "balance",
          "with hiveserver2-http, sessions and cookies live on one coordinator, and a client's next"
              + " connection may go to another; source keeps it on one");
    }
  }
}
