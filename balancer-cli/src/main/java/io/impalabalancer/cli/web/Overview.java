package io.impalabalancer.cli.web;

import com.google.gson.stream.JsonWriter;
import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Listener;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.discovery.Found;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The state of a balancer as JSON: what {@code openapi.json} calls {@code Info} and {@code
 * Listener}, and of everything that the page shows. Times are milliseconds since 1970. Reads
 * counters and volatile states only, so that no event loop is asked. Any thread.
 */
final class Overview {
  private static final double NANOS_PER_MILLI = 1e6;

  private final Balancer balancer;
  private final Timeline timeline;
  private final Coordinators coordinators;
  private final Events events;
  private final String version;
  private final Supplier<String> notReady;
  private final Supplier<Discovery.State> discovery;
  private final long startedMillis = System.currentTimeMillis();
  private volatile Reloads reloads = Reloads.NONE;
  private volatile Upgrades upgrades = Upgrades.NONE;

  /**
   * Makes one.
   *
   * @param notReady gives why the balancer is not ready, empty if it is
   * @param discovery gives what was found
   */
  Overview(
      Balancer balancer,
      Timeline timeline,
      Coordinators coordinators,
      Events events,
      String version,
      Supplier<String> notReady,
      Supplier<Discovery.State> discovery) {
    this.balancer = balancer;
    this.timeline = timeline;
    this.coordinators = coordinators;
    this.events = events;
    this.version = version;
    this.notReady = notReady;
    this.discovery = discovery;
  }

  void setOperations(Reloads reloads, Upgrades upgrades) {
    this.reloads = reloads;
    this.upgrades = upgrades;
  }

  /** Returns everything that the page shows at once. */
  String all() {
    return Json.object(json -> {
      json.name("info");
      info(json);
      coordinators.write(json);
      listeners(json);
      discovery(json);
    });
  }

  /** Writes what was found, and what was wrong with it in the last round. */
  void discovery(JsonWriter json) throws IOException {
    Discovery.State state = discovery.get();
    json.name("discovery").beginObject();
    json.name("on").value(state.on());
    json.name("rounds").value(state.rounds());
    json.name("failures").value(state.failures());
    json.name("answered").value(state.answeredMillis());
    json.name("problems");
    texts(json, state.problems());
    json.name("found").beginArray();
    for (Found found : state.coordinators()) {
      json.beginObject();
      json.name("name").value(found.name());
      json.name("host").value(found.coordinator().host());
      json.name("source").value(found.source());
      json.name("missing").value(state.missing().contains(found.name()));
      json.endObject();
    }
    json.endArray();
    json.endObject();
  }

  void listeners(JsonWriter json) throws IOException {
    json.name("listeners").beginArray();
    for (Listener listener : balancer.listeners()) {
      listener(json, listener);
    }
    json.endArray();
  }

  void info(JsonWriter json) throws IOException {
    String reason = notReady.get();
    json.beginObject();
    json.name("version").value(version);
    json.name("java").value(Runtime.version().toString());
    json.name("pid").value(ProcessHandle.current().pid());
    json.name("started").value(startedMillis);
    json.name("now").value(System.currentTimeMillis());
    json.name("wire").value(balancer.wire());
    json.name("ready").value(reason.isEmpty());
    json.name("notReady").value(reason);
    json.name("sessions").value(balancer.sessions());
    json.name("maxconn").value(balancer.maxconn());
    json.name("heldBytes").value(balancer.heldBytes());
    json.name("loopLagMillis").value(millis(balancer.loopLagNanos()));
    json.name("lastReload");
    reload(json, reloads.last());
    json.name("lastUpgrade");
    upgrade(json, upgrades.last());
    json.name("lastEvent").value(events.lastId());
    json.name("newestPoint").value(timeline.newest());
    json.endObject();
  }

  /** Writes what came of a reload. */
  static void reload(JsonWriter json, Reloads.Result result) throws IOException {
    json.beginObject();
    json.name("at").value(result.at().toEpochMilli());
    json.name("by").value(result.by());
    json.name("ok").value(result.ok());
    json.name("changes");
    texts(json, result.changes());
    json.name("problems");
    texts(json, result.problems());
    json.name("config").value(result.hash());
    json.endObject();
  }

  /** Writes what came of an upgrade until now. */
  static void upgrade(JsonWriter json, Upgrades.Result result) throws IOException {
    json.beginObject();
    json.name("at").value(result.at().toEpochMilli());
    json.name("by").value(result.by());
    json.name("state").value(result.state().name().toLowerCase(Locale.ROOT));
    json.name("pid").value(result.pid());
    json.name("reason").value(result.reason());
    json.endObject();
  }

  private static void texts(JsonWriter json, List<String> texts) throws IOException {
    json.beginArray();
    for (String text : texts) {
      json.value(text);
    }
    json.endArray();
  }

  void listener(JsonWriter json, Listener listener) throws IOException {
    json.beginObject();
    json.name("name").value(listener.name());
    json.name("protocol").value(listener.config().protocol().word());
    json.name("addresses").beginArray();
    for (InetSocketAddress address : listener.addresses()) {
      json.value(AdminServer.text(address));
    }
    json.endArray();
    json.name("pool").value(listener.pool().name());
    json.name("balance").value(listener.config().balance().word());
    json.name("enabled").value(listener.enabled());
    json.name("available").value(listener.available());
    json.name("leaving").value(listener.leaving());
    json.name("sessions").value(listener.sessions());
    json.name("sessionsMax").value(listener.sessionsMax());
    json.name("maxconn").value(listener.maxconn());
    json.name("queued").value(listener.queued());
    json.name("queuedMax").value(listener.queuedMax());
    json.name("accepted").value(listener.accepted());
    Coordinators.rates(json, total -> timeline.rate(listener, total));
    json.endObject();
  }

  static double millis(long nanos) {
    return nanos / NANOS_PER_MILLI;
  }
}
