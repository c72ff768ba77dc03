package io.impalabalancer.simulator;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pages of a coordinator's web port as JSON, key by key as Impala writes them: {@code
 * be/src/service/impala-http-handler.cc}, {@code be/src/util/default-path-handlers.cc} and {@code
 * PoolStats::ToJson} of {@code be/src/scheduling/admission-controller.cc}, of the tag of the
 * coordinator's {@link ImpalaVersion}. Any thread may call.
 */
final class WebPages {
  /** Impala's default of {@code default_pool_max_queued}. */
  static final int POOL_MAX_QUEUED = 200;

  private static final String POOL = "default-pool";

  /** Impala's default of {@code query_stmt_size}. */
  private static final int STATEMENT_CHARS = 250;

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
  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  private final SimulatedCoordinator coordinator;
  private final SimulatedCluster cluster;
  private final Impalad impalad;
  private final Counters counters;
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
  }

  /** A page that has {@code ?json}; null if Impala has no such page. */
  @Nullable Map<String, Object> json(String path) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("__common__", common());
    switch (path) {
      case "/" -> root(page);
      case "/backends" -> backends(page);
      case "/sessions" -> sessions(page);
      case "/queries" -> queries(page);
      case "/admission" -> admission(page);
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
    json.put("start_time", time(SECONDS, session.startMillis));
    json.put("start_time_sort", session.startMillis);
    json.put("last_accessed", time(SECONDS, session.accessedMillis));
    json.put("last_accessed_sort", session.accessedMillis);
    json.put("session_timeout", 0);
    json.put("expired", false);
    json.put("closed", false);
    json.put("ref_count", 0);
    return json;
  }

  private static String time(DateTimeFormatter format, long millis) {
    return format.format(Instant.ofEpochMilli(millis));
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

  private void queries(Map<String, Object> page) {
    List<Query> inFlight =
        impalad.queries().stream()
            .sorted(Comparator.comparingLong((Query query) -> query.startMillis).reversed())
            .toList();
    long waiting = inFlight.stream().filter(Query::isWaiting).count();
    page.put("in_flight_queries", inFlight.stream().map(query -> query(query, true)).toList());
    page.put("num_in_flight_queries", inFlight.size());
    page.put("num_executing_queries", inFlight.size() - waiting);
    page.put("num_waiting_queries", waiting);
    page.put(
        "completed_queries",
        impalad.queryLog().stream().map(query -> query(query, false)).toList());
    page.put("completed_log_size", Impalad.QUERY_LOG_SIZE);
    page.put(
        "query_locations",
        inFlight.isEmpty()
            ? List.of()
            : List.of(
                Map.of(
                    "location", coordinator.name() + ":27000",
                    "backend_id", impalad.backendId.toString(),
                    "count", inFlight.size())));
  }

  private Map<String, Object> query(Query query, boolean inFlight) {
    long end = query.endMillis();
    long now = System.currentTimeMillis();
    boolean waiting = query.isWaiting();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("effective_user", query.session.user);
    json.put("default_db", query.database);
    json.put(
        "stmt",
        !old && query.sql.length() > STATEMENT_CHARS
            ? query.sql.substring(0, STATEMENT_CHARS) + "..."
            : query.sql);
    json.put("stmt_type", statementType(query.sql));
    json.put("start_time", time(MILLIS, query.startMillis));
    json.put("end_time", end == 0 ? "" : time(MILLIS, end));
    String duration = PrettyPrinter.millis((end == 0 ? now : end) - query.startMillis);
    json.put("duration", duration);
    if (!old) {
      json.put("first_fetch", "0");
      json.put("client_fetch_duration", "0");
      json.put("queued_duration", "0");
      json.put("mem_usage", PrettyPrinter.bytes(Impalad.QUERY_BYTES));
      json.put("mem_est", PrettyPrinter.bytes(Impalad.QUERY_BYTES));
      json.put("query_progress", "N/A");
      json.put("bytes_read", "0");
      json.put("bytes_sent", "0");
    }
    json.put("progress", "N/A");
    json.put(
        "state",
        switch (query.state()) {
          case RUNNING -> "RUNNING";
          case FINISHED -> "FINISHED";
          case FAILED -> "EXCEPTION";
        });
    json.put("rows_fetched", query.fetched());
    json.put("query_id", query.id.toString());
    json.put("last_event", end == 0 ? "Submit for admission" : "Rows available");
    // 3.4 does not look whether the query is in flight.
    json.put("waiting", (inFlight || old) && waiting);
    json.put("executing", (inFlight || old) && !waiting);
    json.put("waiting_time", waiting && end > 0 ? PrettyPrinter.millis(now - end) : "");
    json.put("resource_pool", POOL);
    if (!old) {
      json.put("coordinator_slots", 1);
      json.put("executor_slots", 1);
    }
    return json;
  }

  /** The name of a {@code TStmtType}. */
  private static String statementType(String sql) {
    String word = sql.stripLeading().split("\\W", 2)[0].toLowerCase(Locale.ROOT);
    return switch (word) {
      case "create", "drop", "use", "show" -> "DDL";
      case "insert" -> "DML";
      case "set" -> "SET";
      case "" -> "ADMIN_FN";
      default -> "QUERY";
    };
  }

  private void admission(Map<String, Object> page) {
    List<Query> running = impalad.queries().stream().filter(query -> !query.isWaiting()).toList();
    Map<String, Object> pool = new LinkedHashMap<>();
    pool.put("pool_name", POOL);
    pool.put("agg_num_running", running.size());
    pool.put("agg_num_queued", 0);
    pool.put("agg_mem_reserved", impalad.memoryUsed());
    pool.put("local_mem_admitted", impalad.memoryUsed());
    if (!old) {
      pool.put("agg_current_users", "[]");
      pool.put("local_current_users", "[]");
    }
    pool.put("total_admitted", counters.queriesOfThisLife());
    pool.put("total_rejected", 0);
    pool.put("total_timed_out", 0);
    pool.put("pool_max_mem_resources", -1);
    pool.put("pool_max_requests", -1);
    pool.put("pool_max_queued", POOL_MAX_QUEUED);
    pool.put("pool_queue_timeout", 60_000);
    pool.put("max_query_mem_limit", 0);
    pool.put("min_query_mem_limit", 0);
    pool.put("clamp_mem_limit_query_option", true);
    pool.put("wait_time_ms_ema", 0.0);
    pool.put("peak_mem_usage_histogram", List.of());
    pool.put("queued_queries", List.of());
    if (!running.isEmpty()) {
      pool.put("running_queries", running.stream().map(WebPages::admitted).toList());
    }
    page.put("resource_pools", List.of(pool));
    page.put("statestore_admission_control_time_since_last_update_ms", 0);
    page.put("get_all_pools", true);
  }

  private static Map<String, Object> admitted(Query query) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("query_id", query.id.toString());
    json.put("mem_limit", Impalad.QUERY_BYTES);
    json.put("mem_limit_to_admit", Impalad.QUERY_BYTES);
    json.put("coord_mem_limit", Impalad.QUERY_BYTES);
    json.put("coord_mem_to_admit", Impalad.QUERY_BYTES);
    json.put("num_backends", 1);
    return json;
  }
}
