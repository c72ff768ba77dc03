package io.impalabalancer.cli.web;

import com.google.gson.stream.JsonWriter;
import io.impalabalancer.cli.web.Timeline.LastCheck;
import io.impalabalancer.cli.web.Timeline.Totals;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.Pool;
import io.impalabalancer.core.SessionCounters;
import io.impalabalancer.core.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The coordinators as JSON: what {@code openapi.json} calls {@code Coordinator}. Times are
 * milliseconds since 1970. Reads counters and volatile states only, so that no event loop is asked.
 * Any thread.
 */
final class Coordinators {
  private final Balancer balancer;
  private final Timeline timeline;

  Coordinators(Balancer balancer, Timeline timeline) {
    this.balancer = balancer;
    this.timeline = timeline;
  }

  void write(JsonWriter json) throws IOException {
    json.name("coordinators").beginArray();
    for (Coordinator coordinator : balancer.coordinators()) {
      write(json, coordinator);
    }
    json.endArray();
  }

  void write(JsonWriter json, Coordinator coordinator) throws IOException {
    InetAddress address = coordinator.address();
    json.beginObject();
    json.name("name").value(coordinator.name());
    json.name("host").value(coordinator.config().host());
    json.name("address").value(address == null ? null : address.getHostAddress());
    json.name("addressProblem").value(coordinator.addressProblem());
    json.name("leaving").value(coordinator.leaving());
    state(
        json,
        "status",
        coordinator.status().name().toLowerCase(Locale.ROOT),
        coordinator.statusReason(),
        coordinator.statusAge());
    state(
        json,
        "admin",
        coordinator.adminState().word(),
        coordinator.adminReason(),
        coordinator.adminAge());
    verdict(json, coordinator);
    facts(json, coordinator.facts());
    ports(json, coordinator);
    weights(json, coordinator);
    json.name("sharePercent").value(coordinator.sharePercent());
    json.name("sessions").value(coordinator.sessions());
    json.name("maxconn").value(coordinator.maxconn());
    byListener(json, coordinator);
    rates(json, total -> timeline.rate(coordinator, total));
    lastCheck(json, coordinator);
    json.name("point");
    points(json, coordinator, 1);
    json.endObject();
  }

  private static void state(JsonWriter json, String name, String value, String reason, Duration age)
      throws IOException {
    json.name(name).beginObject();
    json.name("value").value(value);
    json.name("reason").value(reason);
    json.name("since").value(since(age));
    json.endObject();
  }

  private static void verdict(JsonWriter json, Coordinator coordinator) throws IOException {
    json.name("verdict").beginObject();
    json.name("value").value(coordinator.verdict().word());
    json.name("reason").value(coordinator.verdictReason());
    json.name("since").value(since(coordinator.verdictAge()));
    json.name("percent").value(coordinator.verdictPercent());
    json.endObject();
  }

  private static void facts(JsonWriter json, Facts facts) throws IOException {
    json.name("facts").beginObject();
    json.name("problem").value(facts.problem());
    json.name("version").value(facts.version());
    json.name("startTime").value(facts.startTime());
    json.name("executor").value(facts.executor());
    json.name("shutdown").value(facts.shutdown());
    json.name("queriesRegistered").value(known(facts.queriesRegistered()));
    json.name("queriesExecuting").value(known(facts.queriesExecuting()));
    json.name("queriesQueued").value(known(facts.queriesQueued()));
    json.name("catalogVersion").value(known(facts.catalogVersion()));
    json.name("catalogLag").value(known(facts.catalogLag()));
    json.name("cacheHitPercent").value(known(facts.cacheHitPercent()));
    json.name("memoryBytes").value(known(facts.memoryBytes()));
    json.name("memoryLimitBytes").value(known(facts.memoryLimitBytes()));
    json.endObject();
  }

  private static @Nullable Long known(long number) {
    return number == Facts.UNKNOWN ? null : number;
  }

  private static void ofPort(JsonWriter json, Coordinator coordinator, Protocol protocol)
      throws IOException {
    int limit = coordinator.slots().limit(protocol);
    boolean stalled = coordinator.verdict(protocol) == Verdict.STALLED;
    Facts.Port port = coordinator.facts().ports().get(protocol);
    json.name("sessionLimit").value(limit == Integer.MAX_VALUE ? 0 : limit);
    json.name("stalled").value(stalled ? coordinator.verdictReason(protocol) : "");
    json.name("connections").value(port == null ? null : known(port.inUse()));
    json.name("setupQueue").value(port == null ? null : known(port.setupQueue()));
  }

  private void ports(JsonWriter json, Coordinator coordinator) throws IOException {
    json.name("ports").beginArray();
    for (Protocol protocol : Protocol.values()) {
      if (coordinator.config().port(protocol).isPresent()) {
        json.beginObject();
        json.name("protocol").value(protocol.word());
        json.name("port").value(coordinator.config().port(protocol).getAsInt());
        json.name("open").value(coordinator.isOpen(protocol));
        json.name("reason").value(coordinator.openReason(protocol));
        json.name("since").value(since(coordinator.openAge(protocol)));
        boolean used = false;
        int sessions = 0;
        for (Listener listener : balancer.listeners()) {
          if (listener.config().protocol() == protocol && has(listener.pool(), coordinator)) {
            used = true;
            sessions += listener.counters(coordinator).sessions();
          }
        }
        json.name("used").value(used);
        json.name("sessions").value(sessions);
        ofPort(json, coordinator, protocol);
        json.endObject();
      }
    }
    json.endArray();
  }

  /** Writes the weights in the pools that listeners use. */
  private void weights(JsonWriter json, Coordinator coordinator) throws IOException {
    json.name("weights").beginArray();
    for (Pool pool : poolsInUse()) {
      for (Member member : pool.members()) {
        if (member.coordinator() == coordinator) {
          json.beginObject();
          json.name("pool").value(pool.name());
          json.name("weight").value(member.weight());
          json.name("configured").value(member.configuredWeight());
          json.name("backup").value(member.backup());
          json.name("reason").value(member.weightReason());
          json.name("since").value(since(member.weightAge()));
          json.endObject();
        }
      }
    }
    json.endArray();
  }

  Set<Pool> poolsInUse() {
    Set<Pool> pools = new LinkedHashSet<>();
    balancer.listeners().forEach(listener -> pools.add(listener.pool()));
    return pools;
  }

  private void byListener(JsonWriter json, Coordinator coordinator) throws IOException {
    json.name("listeners").beginArray();
    for (Listener listener : balancer.listeners()) {
      if (has(listener.pool(), coordinator)) {
        SessionCounters counters = listener.counters(coordinator);
        json.beginObject();
        json.name("listener").value(listener.name());
        json.name("alias").value(listener.config().alias(coordinator.name()));
        json.name("sessions").value(counters.sessions());
        json.name("sessionsMax").value(counters.sessionsMax());
        json.name("assigned").value(counters.assigned());
        json.name("connectErrors").value(counters.connectErrors());
        json.name("retries").value(counters.retries());
        json.name("redispatches").value(counters.redispatches());
        json.name("bytesToClient").value(counters.bytesToClient());
        json.name("bytesToCoordinator").value(counters.bytesToCoordinator());
        json.endObject();
      }
    }
    json.endArray();
  }

  private static boolean has(Pool pool, Coordinator coordinator) {
    return pool.members().stream().anyMatch(member -> member.coordinator() == coordinator);
  }

  private void lastCheck(JsonWriter json, Coordinator coordinator) throws IOException {
    LastCheck check = timeline.lastCheck(coordinator);
    json.name("check");
    if (check == null) {
      json.nullValue();
      return;
    }
    json.beginObject();
    json.name("kind").value(check.report().kind().word());
    json.name("ok").value(check.report().ok());
    json.name("result").value(check.report().result());
    json.name("reason").value(check.report().reason());
    json.name("durationMillis").value(Overview.millis(check.report().durationNanos()));
    json.name("at").value(check.atMillis());
    json.endObject();
  }

  /** Writes the newest points of a coordinator. */
  void points(JsonWriter json, Coordinator coordinator, int most) throws IOException {
    Timeline.Points points = timeline.points(coordinator, most);
    json.beginObject();
    numbers(json, "sessions", points.sessions());
    numbers(json, "assigned", points.assigned());
    numbers(json, "connectErrors", points.errors());
    json.endObject();
  }

  private static void numbers(JsonWriter json, String name, List<Integer> numbers)
      throws IOException {
    json.name(name).beginArray();
    for (int number : numbers) {
      json.value(number);
    }
    json.endArray();
  }

  interface Rate {
    double of(ToLongFunction<Totals> total);
  }

  static void rates(JsonWriter json, Rate rate) throws IOException {
    json.name("rates").beginObject();
    json.name("sessions").value(rate.of(Totals::sessions));
    json.name("connectErrors").value(rate.of(Totals::connectErrors));
    json.name("bytesToClient").value(rate.of(Totals::bytesToClient));
    json.name("bytesToCoordinator").value(rate.of(Totals::bytesToCoordinator));
    json.endObject();
  }

  private static long since(Duration age) {
    return System.currentTimeMillis() - age.toMillis();
  }
}
