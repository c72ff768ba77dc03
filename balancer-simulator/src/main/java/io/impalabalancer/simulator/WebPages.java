package io.impalabalancer.simulator;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pages of a coordinator's web port as JSON, key by key as Impala writes them: {@code
 * be/src/service/impala-http-handler.cc} and {@code be/src/util/default-path-handlers.cc} of the
 * tag of the coordinator's {@link ImpalaVersion}; what runs is in {@link QueryPages}. Any thread
 * may call.
 */
final class WebPages {
  private static final List<String> NAVBAR =
      List.of(
          "/",
          "/admission",
          "/backends",
          "/catalog",
          "/hadoop-varz",
          "/jmx",
          "/log_level",
          "/logs",
          "/memz",
          "/metrics",
          "/queries",
          "/rpcz",
          "/sessions",
          "/threadz",
          "/varz");

  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  private final SimulatedCoordinator coordinator;
  private final SimulatedCluster cluster;
  private final Impalad impalad;
  private final Counters counters;
  private final QueryPages queries;
  private final boolean old;

  WebPages(
      SimulatedCoordinator coordinator,
      SimulatedCluster cluster,
      Impalad impalad,
      Counters counters) {
    this.coordinator = coordinator;
    this.cluster = cluster;
    this.impalad = impalad;
    this.counters = counters;
    this.old = impalad.options.version() == ImpalaVersion.V3_4;
    queries = new QueryPages(coordinator.name(), impalad, counters, old);
  }

  /** A page that has {@code ?json}; null if Impala has no such page. */
  @Nullable Map<String, Object> json(String path) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("__common__", common());
    switch (path) {
      case "/" -> root(page);
      case "/backends" -> backends(page);
      case "/sessions" -> sessions(page);
      case "/queries" -> queries.queries(page);
      case "/admission" -> queries.admission(page);
      case "/varz" -> {
        page.put("title", "Command-line Flags");
        page.put("flags", new Flags(coordinator, impalad).json());
      }
      case "/jsonmetrics" -> page.putAll(metrics().legacy());
      case "/metrics" -> page.putAll(metrics().groups());
      default -> {
        return null;
      }
    }
    return page;
  }

  /** The page {@code /metrics_prometheus}. */
  String prometheus() {
    return metrics().prometheus();
  }

  /** The page {@code /inflight_query_ids}: one a line. */
  String inflightQueryIds() {
    return impalad.queries().stream().map(query -> query.id + "\n").collect(Collectors.joining());
  }

  private Metrics metrics() {
    return new Metrics(impalad, counters, coordinator.isRegistered());
  }

  private static Map<String, Object> common() {
    Map<String, Object> common = new LinkedHashMap<>();
    common.put("process-name", "impalad");
    common.put("navbar", NAVBAR.stream().map(link -> Map.of("link", link, "title", link)).toList());
    return common;
  }

  private void root(Map<String, Object> page) {
    page.put("version", impalad.options.version().text());
    page.put(
        "build_flags",
        List.of(
            Map.of("flag_name", "is_ndebug", "flag_value", "true"),
            Map.of("flag_name", "cmake_build_type", "flag_value", "RELEASE"),
            Map.of("flag_name", "library_link_type", "flag_value", "STATIC")));
    for (String host :
        List.of(
            "cpu_info", "mem_info", "disk_info", "os_info", "process_state_info", "cgroup_info")) {
      page.put(host, "simulated\n");
    }
    if (!old) {
      page.put("effective_locale", "C");
      page.put("glibc_version", "2.36");
    }
    page.put("process_start_time", impalad.startTime);
    page.put("impala_server_mode", true);
    page.put("is_coordinator", impalad.options.role().isCoordinator());
    page.put("use_local_catalog", true);
    page.put("is_executor", impalad.options.role().isExecutor());
    String shutdown = impalad.shutdownStatus();
    page.put("is_quiescing", shutdown != null);
    if (shutdown != null) {
      page.put("shutdown_status", shutdown);
    }
  }

  private void backends(Map<String, Object> page) {
    List<Object> backends = new ArrayList<>();
    int quiescing = 0;
    for (SimulatedCoordinator member : cluster.members().toList()) {
      Impalad process = member.impalad();
      if (process != null && member.isHealthy()) {
        backends.add(backend(member, process));
        quiescing += process.shutdownStatus() == null ? 0 : 1;
      }
    }
    page.put("backends", backends);
    page.put("num_active_backends", backends.size() - quiescing);
    if (quiescing > 0) {
      page.put("num_quiescing_backends", quiescing);
    }
  }

  private Map<String, Object> backend(SimulatedCoordinator member, Impalad process) {
    boolean quiescing = process.shutdownStatus() != null;
    Map<String, Object> backend = new LinkedHashMap<>();
    backend.put("address", member.name() + (old ? ":22000" : ":27000"));
    backend.put("krpc_address", member.host() + ":27000");
    backend.put("backend_id", process.backendId.toString());
    backend.put("webserver_url", member.webUrl());
    backend.put("is_coordinator", process.options.role().isCoordinator());
    backend.put("is_executor", process.options.role().isExecutor());
    backend.put("is_quiescing", quiescing);
    backend.put("is_blacklisted", false);
    backend.put("is_active", !quiescing);
    backend.put("admit_mem_limit", PrettyPrinter.bytes(process.memoryLimit()));
    backend.put("mem_reserved", PrettyPrinter.bytes(process.memoryUsed()));
    backend.put("mem_admitted", PrettyPrinter.bytes(process.memoryUsed()));
    backend.put("admission_slots", process.options.workUnits());
    backend.put("num_admitted", process.capacity().running());
    backend.put("admission_slots_in_use", process.capacity().running());
    backend.put("executor_groups", "default");
    if (!old) {
      backend.put("process_start_time", process.startTime);
      backend.put("version", process.options.version().compact());
    }
    return backend;
  }

  private void sessions(Map<String, Object> page) {
    Collection<Session> sessions = impalad.sessions();
    page.put("sessions", sessions.stream().map(this::session).toList());
    page.put("num_sessions", sessions.size());
    page.put("num_active", sessions.size());
    page.put("num_inactive", 0);
    if (old) {
      return;
    }
    Collection<Connection> connections = impalad.connections();
    page.put("client_hosts", clientHosts(connections));
    page.put("connections", connections.stream().map(WebPages::connection).toList());
    page.put("num_connections", connections.size());
    page.put("num_beeswax_frontend_connections", count(connections, ServerName.BEESWAX));
    page.put("num_hiveserver2_frontend_connections", count(connections, ServerName.HIVESERVER2));
    page.put(
        "num_hiveserver2_http_frontend_connections",
        count(connections, ServerName.HIVESERVER2_HTTP));
    page.put("num_external_frontend_connections", 0);
    page.put("users", List.of());
  }

  private static long count(Collection<Connection> connections, ServerName server) {
    return connections.stream().filter(connection -> connection.server == server).count();
  }

  private Map<String, Object> session(Session session) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", session.beeswax ? "BEESWAX" : "HIVESERVER2");
    json.put("inflight_queries", session.queries.size());
    json.put("total_queries", session.totalQueries.get());
    json.put("user", session.user);
    json.put("delegated_user", session.delegatedUser);
    json.put("session_id", session.id.toString());
    if (old) {
      json.put("network_address", session.address);
    } else {
      json.put("connection_ids", lines(session.connections.stream().map(Connection::id).toList()));
    }
    json.put("default_database", session.database);
    json.put("start_time", time(session.startMillis));
    json.put("start_time_sort", session.startMillis);
    json.put("last_accessed", time(session.accessedMillis));
    json.put("last_accessed_sort", session.accessedMillis);
    json.put("session_timeout", 0);
    json.put("expired", false);
    json.put("closed", false);
    json.put("ref_count", 0);
    return json;
  }

  private static String time(long millis) {
    return SECONDS.format(Instant.ofEpochMilli(millis));
  }

  private static String lines(Collection<UniqueId> ids) {
    return ids.stream().map(UniqueId::toString).sorted().collect(Collectors.joining("\n"));
  }

  private static Map<String, Object> connection(Connection connection) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("connection_id", connection.id().toString());
    json.put("user", connection.user);
    json.put("delegated_user", connection.delegatedUser);
    json.put("network_address", connection.address);
    json.put("server_name", connection.server.toString());
    json.put("session_ids", lines(connection.sessions.stream().map(s -> s.id).toList()));
    return json;
  }

  private static List<Object> clientHosts(Collection<Connection> connections) {
    Map<String, List<Connection>> byHost = new TreeMap<>();
    for (Connection connection : connections) {
      String host = connection.address.substring(0, connection.address.lastIndexOf(':'));
      byHost.computeIfAbsent(host, name -> new ArrayList<>()).add(connection);
    }
    List<Object> hosts = new ArrayList<>();
    byHost.forEach((host, members) -> {
      List<Session> sessions =
          members.stream().flatMap(member -> member.sessions.stream()).distinct().toList();
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("hostname", host);
      json.put("total_connections", members.size());
      json.put("total_sessions", sessions.size());
      json.put("total_active_sessions", sessions.size());
      json.put("total_inactive_sessions", 0);
      json.put("inflight_queries", sessions.stream().mapToInt(s -> s.queries.size()).sum());
      json.put("total_queries", sessions.stream().mapToLong(s -> s.totalQueries.get()).sum());
      hosts.add(json);
    });
    return hosts;
  }
}
