package io.impalabalancer.cli.convert;

import io.impalabalancer.config.Nearest;
import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Makes listeners of proxies: joins frontends and backends, and finds out their protocols. */
final class Listeners {
  private static final Map<Integer, Protocol> SERVER_PORTS =
      Map.of(
          21000, Protocol.BEESWAX, 21050, Protocol.HIVESERVER2, 28000, Protocol.HIVESERVER2_HTTP);

  /** 25003 and 21051 are those of the sample in Impala's documentation. */
  private static final Map<Integer, Protocol> BIND_PORTS =
      Map.of(
          21000, Protocol.BEESWAX,
          25003, Protocol.BEESWAX,
          21050, Protocol.HIVESERVER2,
          21051, Protocol.HIVESERVER2,
          28000, Protocol.HIVESERVER2_HTTP);

  private final Map<String, Proxy> backs = new LinkedHashMap<>();
  private final Map<String, Line> names = new LinkedHashMap<>();
  private final List<Listener> listeners = new ArrayList<>();

  private Listeners() {}

  /** Returns those that can be carried over, and tells the lines of the others why not. */
  static List<Listener> of(List<Proxy> proxies) {
    Listeners all = new Listeners();
    for (Proxy proxy : proxies) {
      if (proxy.hasServers()) {
        all.backs.putIfAbsent(proxy.name(), proxy);
      }
    }
    for (Proxy proxy : proxies) {
      if (proxy.listens()) {
        all.add(proxy);
      }
    }
    for (Proxy proxy : proxies) {
      if (proxy.kind().equals("backend")
          && all.listeners.stream().noneMatch(listener -> listener.back() == proxy)) {
        proxy.section.leaveOut(Line.Fate.UNSUPPORTED, "no listener of the result leads to it");
      }
    }
    return all.listeners;
  }

  private void add(Proxy front) {
    Section section = front.section;
    if (front.disabled != null) {
      section.leaveOut(Line.Fate.MEANINGLESS, "it is disabled");
      return;
    }
    Proxy back = back(front);
    String why = "";
    if (back == null) {
      why = "it has no servers";
    } else if (front.binds.isEmpty()) {
      why = "it has no address that can be carried over";
    } else if (back.servers.isEmpty()) {
      why = "none of its servers is carried over";
    } else {
      Listener listener = listener(front, back);
      why = why(listener);
      if (why.isEmpty() && isNew(front)) {
        listeners.add(listener);
        section
            .header()
            .carried(
                "listener %s, protocol = %s (%s)"
                    .formatted(front.name(), listener.protocol().word(), listener.guess()));
        if (back != front) {
          back.section.header().carried("the pool of listener " + front.name());
          front.servers.forEach(
              server -> server.line().meaningless("the servers of " + back.name() + " serve"));
        }
        listener.warn();
        return;
      }
    }
    section.leaveOut(Line.Fate.UNSUPPORTED, why.isEmpty() ? "its name is taken" : why);
  }

  private @Nullable Proxy back(Proxy front) {
    Setting named = front.backend;
    if (named == null) {
      return front.hasServers() && (!front.servers.isEmpty() || front.hasOtherServers)
          ? front
          : null;
    }
    Proxy back = backs.get(named.value());
    if (back == null) {
      named
          .line()
          .error(
              "there is no backend \"%s\"%s"
                  .formatted(named.value(), Nearest.hint(named.value(), backs.keySet())));
    }
    return back;
  }

  private boolean isNew(Proxy front) {
    Line taken = names.putIfAbsent(front.name(), front.section.header());
    Line header = front.section.header();
    if (taken != null) {
      header.error(
          "found \"%s\", the name of the section at %s, expected another"
              .formatted(front.name(), taken.asReference(header)));
    }
    return taken == null;
  }

  /** Returns why it cannot be carried over, empty if it can. */
  private static String why(Listener listener) {
    boolean http = listener.front().http || listener.back().http;
    if (listener.guess().isEmpty()) {
      return "its servers have the ports of several protocols; make a listen section of each";
    }
    if (!http || listener.protocol() == Protocol.HIVESERVER2_HTTP) {
      return "";
    }
    if (listener.protocol() == Protocol.TCP) {
      return "it is in mode http and its servers have no port of Impala's clients; leave it to"
          + " HAProxy";
    }
    listener
        .front()
        .section
        .header()
        .warn("it is in mode http, in which HAProxy does not relay these clients");
    return "";
  }

  /** Returns a listener without a guess if its servers have ports of several protocols. */
  private Listener listener(Proxy front, Proxy back) {
    for (Listener before : listeners) {
      if (before.back() == back) {
        return new Listener(front, back, before.protocol(), before.guess());
      }
    }
    TreeSet<Integer> known = new TreeSet<>();
    for (Server server : back.servers) {
      if (server.port().isPresent() && SERVER_PORTS.containsKey(server.port().getAsInt())) {
        known.add(server.port().getAsInt());
      }
    }
    if (!known.isEmpty()) {
      Protocol protocol = SERVER_PORTS.getOrDefault(known.first(), Protocol.TCP);
      return new Listener(
          front, back, protocol, known.size() > 1 ? "" : "the servers' port is " + known.first());
    }
    for (Bind bind : front.binds) {
      Protocol protocol = BIND_PORTS.get(bind.port());
      if (protocol != null && !(front.http && protocol != Protocol.HIVESERVER2_HTTP)) {
        return new Listener(front, back, protocol, "its own port is " + bind.port());
      }
    }
    return new Listener(front, back, Protocol.TCP, "no port of Impala's is named");
  }
}
