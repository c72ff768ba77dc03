package io.impalabalancer.simulator;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The pages of what a coordinator runs, {@code /queries} and {@code /admission}, as JSON ({@code
 * be/src/service/impala-http-handler.cc}; {@code PoolStats::ToJson} of {@code
 * be/src/scheduling/admission-controller.cc}). Any thread may call.
 */
final class QueryPages {
  /** Impala's default of {@code default_pool_max_queued}. */
  static final int POOL_MAX_QUEUED = 200;

  private static final String POOL = "default-pool";

  /** Impala's default of {@code query_stmt_size}. */
  private static final int STATEMENT_CHARS = 250;

  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  private final String coordinator;
  private final Impalad impalad;
  private final Counters counters;
  private final boolean old;

  /**
   * @param old whether they are those of 3.4
   */
  QueryPages(String coordinator, Impalad impalad, Counters counters, boolean old) {
    this.coordinator = coordinator;
    this.impalad = impalad;
    this.counters = counters;
    this.old = old;
  }

  /** Fills the page {@code /queries}. */
  void queries(Map<String, Object> page) {
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
                    "location", coordinator + ":27000",
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
    json.put("start_time", time(query.startMillis));
    json.put("end_time", end == 0 ? "" : time(end));
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

  private static String time(long millis) {
    return MILLIS.format(Instant.ofEpochMilli(millis));
  }

  /** Fills the page {@code /admission}. */
  void admission(Map<String, Object> page) {
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
      pool.put("running_queries", running.stream().map(QueryPages::admitted).toList());
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
