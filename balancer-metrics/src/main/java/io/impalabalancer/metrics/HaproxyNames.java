package io.impalabalancer.metrics;

import io.impalabalancer.metrics.StatRow.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * HAProxy's statistics under the names of its Prometheus exporter (2.6), so that dashboards and
 * alerts that were made for it go on. The labels are HAProxy's: {@code proxy} is the listener,
 * {@code server} the alias of a member, {@code state} a state of which one is 1.
 */
final class HaproxyNames {
  /** Name, column of {@code show stat}, and whose rows have it: frontend, backend, server. */
  private static final String METRICS =
      """
      current_sessions:scur:fbs max_sessions:smax:fbs limit_sessions:slim:fbs
      sessions_total:stot:fbs bytes_in_total:bin:fbs bytes_out_total:bout:fbs
      requests_denied_total:dreq:fb responses_denied_total:dresp:fbs
      request_errors_total:ereq:f status:status:fbs limit_session_rate:rate_lim:f
      max_session_rate:rate_max:fbs connections_rate_max:conn_rate_max:f
      connections_total:conn_tot:f denied_connections_total:dcon:f
      denied_sessions_total:dses:f failed_header_rewriting_total:wrew:fbs
      internal_errors_total:eint:fbs current_queue:qcur:bs max_queue:qmax:bs
      connection_errors_total:econ:bs response_errors_total:eresp:bs
      retry_warnings_total:wretr:bs redispatch_warnings_total:wredis:bs weight:weight:bs
      active_servers:act:b backup_servers:bck:b check_up_down_total:chkdown:bs
      check_last_change_seconds:lastchg:bs downtime_seconds_total:downtime:bs
      loadbalanced_total:lbtot:bs client_aborts_total:cli_abrt:bs
      server_aborts_total:srv_abrt:bs last_session_seconds:lastsess:bs
      queue_time_average_seconds:qtime:bs connect_time_average_seconds:ctime:bs
      response_time_average_seconds:rtime:bs total_time_average_seconds:ttime:bs
      connection_attempts_total:connect:bs connection_reuses_total:reuse:bs
      max_queue_time_seconds:qtime_max:bs max_connect_time_seconds:ctime_max:bs
      max_response_time_seconds:rtime_max:bs max_total_time_seconds:ttime_max:bs
      uweight:uweight:bs check_failures_total:chkfail:s queue_limit:qlimit:s
      current_throttle:throttle:s check_status:check_status:s check_code:check_code:s
      check_duration_seconds:check_duration:s idle_connections_current:srv_icur:s
      idle_connections_limit:src_ilim:s unsafe_idle_connections_current:idle_conn_cur:s
      safe_idle_connections_current:safe_conn_cur:s used_connections_current:used_conn_cur:s
      need_connections_current:need_conn_est:s
      """;

  private static final List<String> STATES = List.of("DOWN", "UP");
  private static final List<String> SERVER_STATES = List.of("DOWN", "UP", "MAINT", "DRAIN", "NOLB");
  private static final List<String> CHECKS =
      List.of(
          "HANA",
          "SOCKERR",
          "L4OK",
          "L4TOUT",
          "L4CON",
          "L6OK",
          "L6TOUT",
          "L6RSP",
          "L7TOUT",
          "L7RSP",
          "L7OK",
          "L7OKC",
          "L7STS",
          "PROCERR",
          "PROCTOUT",
          "PROCOK");

  /** Columns in milliseconds, and how many of them are a second. */
  private static final List<String> MILLIS =
      List.of(
          "check_duration",
          "qtime",
          "ctime",
          "rtime",
          "ttime",
          "qtime_max",
          "ctime_max",
          "rtime_max",
          "ttime_max");

  /** Columns that only checked servers have. */
  private static final List<String> OF_CHECKS =
      List.of("check_status", "check_code", "check_duration");

  private static final double MILLIS_PER_SECOND = 1e3;

  private final List<StatRow> rows;
  private final StringBuilder out = new StringBuilder();

  private HaproxyNames(List<StatRow> rows) {
    this.rows = rows;
  }

  /** Returns the rows in Prometheus' text format. */
  static String text(List<StatRow> rows) {
    HaproxyNames names = new HaproxyNames(rows);
    for (Kind kind : Kind.values()) {
      for (String metric : METRICS.strip().split("\\s+", -1)) {
        String[] parts = metric.split(":", -1);
        if (parts[2].indexOf(Character.toLowerCase(kind.name().charAt(0))) >= 0) {
          names.family(kind, parts[0], parts[1]);
        }
      }
    }
    names.sums();
    return names.out.toString();
  }

  private void family(Kind kind, String name, String column) {
    String metric = head(kind, name, "HAProxy's " + column + " of show stat");
    for (StatRow row : of(kind)) {
      if (!OF_CHECKS.contains(column) || !check(row).isEmpty()) {
        samples(metric, kind, row, column);
      }
    }
  }

  private void samples(String metric, Kind kind, StatRow row, String column) {
    String value = row.value(column);
    if (column.equals("status")) {
      for (String state : kind == Kind.SERVER ? SERVER_STATES : STATES) {
        sample(metric, row, state, state.equals(state(value)) ? "1" : "0");
      }
    } else if (column.equals("check_status")) {
      for (String check : CHECKS) {
        sample(metric, row, check, check.equals(check(row)) ? "1" : "0");
      }
    } else {
      // As HAProxy: what a server lacks is no number.
      String none = kind == Kind.SERVER && !column.equals("check_code") ? "NaN" : "0";
      sample(metric, row, "", value.isEmpty() ? none : number(column, value));
    }
  }

  /** Writes how many servers of each backend are in each state. */
  private void sums() {
    for (String name : List.of("agg_server_status", "agg_server_check_status")) {
      String metric = head(Kind.BACKEND, name, "Servers in that state");
      for (StatRow backend : of(Kind.BACKEND)) {
        for (String state : SERVER_STATES) {
          sample(
              metric,
              backend,
              state,
              servers(backend, s -> state.equals(state(s.value("status")))));
        }
      }
    }
    String metric = head(Kind.BACKEND, "agg_check_status", "Servers whose last check was that");
    for (StatRow backend : of(Kind.BACKEND)) {
      for (String check : CHECKS) {
        sample(metric, backend, check, servers(backend, s -> check.equals(check(s))));
      }
    }
  }

  private String servers(StatRow backend, Predicate<StatRow> which) {
    return Long.toString(
        of(Kind.SERVER).stream()
            .filter(server -> server.proxyId() == backend.proxyId() && which.test(server))
            .count());
  }

  private List<StatRow> of(Kind kind) {
    List<StatRow> found = new ArrayList<>();
    for (StatRow row : rows) {
      if (row.kind() == kind) {
        found.add(row);
      }
    }
    return found;
  }

  private String head(Kind kind, String name, String help) {
    String metric = "haproxy_" + kind.name().toLowerCase(Locale.ROOT) + "_" + name;
    String type = name.endsWith("_total") ? "counter" : "gauge";
    out.append("# HELP ").append(metric).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(metric).append(' ').append(type).append('\n');
    return metric;
  }

  private void sample(String metric, StatRow row, String state, String value) {
    out.append(metric).append("{proxy=\"").append(row.value("pxname")).append('"');
    if (row.kind() == Kind.SERVER) {
      out.append(",server=\"").append(row.value("svname")).append('"');
    }
    if (!state.isEmpty()) {
      out.append(",state=\"").append(state).append('"');
    }
    out.append("} ").append(value).append('\n');
  }

  /** Returns the exporter's word for a status such as {@code UP 1/3} or {@code no check}. */
  private static String state(String status) {
    if (status.equals("OPEN") || status.equals("no check")) {
      return "UP";
    }
    return SERVER_STATES.stream().filter(status::startsWith).findFirst().orElse("DOWN");
  }

  /** Returns what the last check said, empty for a server that is not checked now. */
  private static String check(StatRow row) {
    boolean paused = row.value("status").startsWith("MAINT");
    return paused ? "" : row.value("check_status").replace("* ", "");
  }

  private static String number(String column, String value) {
    return MILLIS.contains(column)
        ? String.format(Locale.ROOT, "%.6f", Double.parseDouble(value) / MILLIS_PER_SECOND)
        : value;
  }
}
