package io.impalabalancer.simulator;

import io.impalabalancer.simulator.Metric.Kind;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * A coordinator's metrics at one moment, under the keys, kinds and units of Impala's {@code
 * common/thrift/metrics.json}: those that tell how it is. Impala has some 500 more. Made for one
 * page.
 */
final class Metrics {
  private static final String MEMORY_GROUP = "memory";

  private final List<Metric> metrics = new ArrayList<>();

  Metrics(Impalad impalad, Counters counters, boolean connected) {
    boolean old = impalad.options.version() == ImpalaVersion.V3_4;
    property("", "process-start-time", impalad.startTime, "When the process started.");
    if (impalad.options.role().isCoordinator()) {
      port(ServerName.BEESWAX, counters.beeswax);
      port(ServerName.HIVESERVER2, counters.hiveserver2);
      port(ServerName.HIVESERVER2_HTTP, counters.hiveserver2Http);
      httpLogins(counters);
      catalog(impalad, old);
      admission(impalad);
    }
    impalaServer(impalad, counters);
    memory(impalad);
    jvm();
    property(
        "statestore-subscriber",
        "statestore-subscriber.connected",
        connected,
        "Whether it is registered with the statestore.");
  }

  private void add(
      String group, Kind kind, String key, String unit, Object value, String description) {
    metrics.add(new Metric(group, key, kind, unit, description, value));
  }

  private void property(String group, String key, Object value, String description) {
    add(group, Kind.PROPERTY, key, "NONE", value, description);
  }

  private void port(ServerName server, Counters.Port port) {
    String prefix = "impala.thrift-server." + server + ".";
    add(
        "",
        Kind.GAUGE,
        prefix + "connections-in-use",
        "NONE",
        port.connectionsNow.sum(),
        "Connections that have a service thread.");
    add(
        "",
        Kind.COUNTER,
        prefix + "total-connections",
        "NONE",
        port.totalOfThisLife(),
        "Connections accepted.");
    add(
        "",
        Kind.GAUGE,
        prefix + "connection-setup-queue-size",
        "NONE",
        port.queued.sum(),
        "Connections that wait for a setup thread.");
    add(
        "",
        Kind.GAUGE,
        prefix + "timedout-cnxn-requests",
        "NONE",
        port.timedOutOfThisLife(),
        "Connections that got no service thread in time.");
    histogram(prefix + "connection-setup-time", port.setupMicros, "How long setup took.");
    histogram(
        prefix + "svc-thread-wait-time", port.threadWaitMicros, "The wait for a service thread.");
  }

  private void httpLogins(Counters counters) {
    String prefix = "impala.thrift-server." + ServerName.HIVESERVER2_HTTP + ".total-";
    String description = "Logins over HTTP.";
    add(
        "",
        Kind.COUNTER,
        prefix + "basic-auth-success",
        "UNIT",
        counters.basicSuccess.sum(),
        description);
    add(
        "",
        Kind.COUNTER,
        prefix + "basic-auth-failure",
        "UNIT",
        counters.basicFailure.sum(),
        description);
    add(
        "",
        Kind.COUNTER,
        prefix + "cookie-auth-success",
        "UNIT",
        counters.cookieSuccess.sum(),
        description);
    add(
        "",
        Kind.COUNTER,
        prefix + "cookie-auth-failure",
        "UNIT",
        counters.cookieFailure.sum(),
        description);
  }

  private void histogram(String key, Histogram micros, String description) {
    add("", Kind.HISTOGRAM, key, "TIME_US", micros.copy(), description);
  }

  private void impalaServer(Impalad impalad, Counters counters) {
    String group = "impala-server";
    property(group, "impala-server.ready", true, "Whether it has started.");
    add(
        group,
        Kind.GAUGE,
        "impala-server.num-queries-registered",
        "UNIT",
        impalad.registered(),
        "Queries that are not closed.");
    add(
        group,
        Kind.GAUGE,
        "impala-server.backend-num-queries-executing",
        "UNIT",
        impalad.executing(),
        "Queries that execute here.");
    add(
        group,
        Kind.COUNTER,
        "impala-server.num-queries",
        "UNIT",
        counters.queriesOfThisLife(),
        "Queries received.");
    long beeswax = impalad.sessions().stream().filter(session -> session.beeswax).count();
    add(
        group,
        Kind.GAUGE,
        "impala-server.num-open-beeswax-sessions",
        "NONE",
        beeswax,
        "Beeswax sessions.");
    add(
        group,
        Kind.GAUGE,
        "impala-server.num-open-hiveserver2-sessions",
        "NONE",
        impalad.sessions().size() - beeswax,
        "HiveServer2 sessions.");
    add(
        group,
        Kind.GAUGE,
        "impala-server.num-fragments-in-flight",
        "UNIT",
        impalad.executing(),
        "Fragment instances that execute here.");
  }

  private void catalog(Impalad impalad, boolean old) {
    String group = "catalog";
    Catalog.State told = impalad.catalog.told();
    boolean ready = impalad.catalog.isReady();
    property(group, "catalog.ready", ready, "Whether the catalog has come.");
    add(
        group,
        Kind.GAUGE,
        "catalog.curr-version",
        "NONE",
        ready ? told.version() : 0,
        "Version of the last catalog update.");
    add(
        group,
        Kind.GAUGE,
        "catalog.curr-topic",
        "NONE",
        ready ? told.version() : 0,
        "Version of the statestore's topic.");
    property(
        group,
        "catalog.curr-serviceid",
        ready ? told.serviceId().toString() : "",
        "Which catalogd it came from.");
    if (!old) {
      property(group, "catalog.active-catalogd-address", "catalogd:26000", "Where catalogd is.");
    }
    long hits = impalad.catalog.hits();
    long requests = hits + impalad.catalog.misses();
    add(
        group,
        Kind.COUNTER,
        "catalog.cache.request-count",
        "NONE",
        requests,
        "Look-ups in the cache of metadata.");
    add(
        group,
        Kind.COUNTER,
        "catalog.cache.hit-count",
        "NONE",
        hits,
        "Look-ups that found something.");
    // Guava's CacheStats says 1 before the first request.
    add(
        group,
        Kind.GAUGE,
        "catalog.cache.hit-rate",
        "NONE",
        requests == 0 ? 1.0 : (double) hits / requests,
        "Hits of all look-ups.");
  }

  private void admission(Impalad impalad) {
    String group = "admission-controller";
    String pool = ".default-pool";
    add(
        group,
        Kind.GAUGE,
        "admission-controller.local-num-admitted-running" + pool,
        "NONE",
        impalad.executing(),
        "Queries admitted here that run.");
    add(
        group,
        Kind.GAUGE,
        "admission-controller.local-num-queued" + pool,
        "NONE",
        0,
        "Queries queued here.");
    add(
        group,
        Kind.GAUGE,
        "admission-controller.agg-num-running" + pool,
        "NONE",
        impalad.executing(),
        "Queries of the pool that run.");
    add(
        group,
        Kind.GAUGE,
        "admission-controller.agg-num-queued" + pool,
        "NONE",
        0,
        "Queries of the pool that are queued.");
    add(
        group,
        Kind.GAUGE,
        "admission-controller.pool-max-queued" + pool,
        "NONE",
        QueryPages.POOL_MAX_QUEUED,
        "The most queries that may be queued.");
  }

  private void memory(Impalad impalad) {
    add(
        "",
        Kind.GAUGE,
        "mem-tracker.process.limit",
        "BYTES",
        impalad.memoryLimit(),
        "What the process may use.");
    add(
        "",
        Kind.GAUGE,
        "mem-tracker.process.bytes-over-limit",
        "BYTES",
        0,
        "What it uses beyond that.");
    for (String key : List.of("memory.rss", "memory.total-used")) {
      add(MEMORY_GROUP, Kind.GAUGE, key, "BYTES", impalad.memoryUsed(), "What the process uses.");
    }
    add(
        "tcmalloc",
        Kind.GAUGE,
        "tcmalloc.bytes-in-use",
        "BYTES",
        impalad.memoryUsed(),
        "What the allocator has given.");
  }

  private void jvm() {
    String group = "jvm";
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    add(group, Kind.GAUGE, "jvm.heap.current-usage-bytes", "BYTES", heap.getUsed(), "Heap in use.");
    add(group, Kind.GAUGE, "jvm.heap.max-usage-bytes", "BYTES", heap.getMax(), "The largest heap.");
    add(group, Kind.COUNTER, "jvm.gc_time_millis", "TIME_MS", 0, "Time in collections.");
    add(group, Kind.COUNTER, "jvm.gc_count", "UNIT", 0, "Collections.");
    add(
        group,
        Kind.COUNTER,
        "jvm.gc_num_warn_threshold_exceeded",
        "UNIT",
        0,
        "Pauses above 10 seconds.");
    add(
        group,
        Kind.COUNTER,
        "jvm.gc_num_info_threshold_exceeded",
        "UNIT",
        0,
        "Pauses above 1 second.");
    add(
        group,
        Kind.COUNTER,
        "jvm.gc_total_extra_sleep_time_millis",
        "TIME_MS",
        0,
        "How long pauses kept the pause monitor.");
  }

  /** The page {@code /jsonmetrics}: one flat map. */
  Map<String, Object> legacy() {
    Map<String, Object> page = new LinkedHashMap<>();
    metrics.forEach(metric -> metric.addTo(page));
    return page;
  }

  /** The page {@code /metrics}: groups of metrics. */
  Map<String, Object> groups() {
    Map<String, Map<String, Object>> children = new LinkedHashMap<>();
    List<Object> own = new ArrayList<>();
    Map<String, List<Object>> members = new LinkedHashMap<>();
    for (Metric metric : metrics) {
      members.computeIfAbsent(metric.group(), name -> new ArrayList<>()).add(metric.json());
    }
    members.forEach((name, list) -> {
      if (name.isEmpty()) {
        own.addAll(list);
      } else {
        children.put(name, group(name, list, List.of()));
      }
    });
    return Map.of("metric_group", group("impala-metrics", own, List.copyOf(children.values())));
  }

  private static Map<String, Object> group(
      String name, List<Object> metrics, List<Map<String, Object>> children) {
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("metrics", metrics);
    group.put("name", name);
    group.put("child_groups", children);
    return group;
  }

  /** The page {@code /metrics_prometheus}. */
  String prometheus() {
    StringBuilder page = new StringBuilder();
    metrics.forEach(metric -> metric.addTo(page));
    return page.toString();
  }
}
