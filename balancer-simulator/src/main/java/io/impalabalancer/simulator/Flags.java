package io.impalabalancer.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The page {@code /varz?json}: the flags of an impalad that concern its clients, with the types and
 * defaults of Impala's source, as {@code FlagsHandler} of {@code default-path-handlers.cc} writes
 * them. Made for one page.
 */
final class Flags {
  private final List<Map<String, Object>> flags = new ArrayList<>();

  Flags(SimulatedCoordinator coordinator, Impalad impalad) {
    SimulatorOptions options = impalad.options;
    add("accepted_client_cnxn_timeout", "int64", 300_000, options.acceptTimeout().toMillis());
    add("accepted_cnxn_queue_depth", "int32", 10_000, 10_000);
    add("accepted_cnxn_setup_thread_pool_size", "int32", 2, ClientPort.SETUP_THREADS);
    add("beeswax_port", "int32", 21_000, coordinator.beeswaxPort());
    if (options.version() != ImpalaVersion.V3_4) {
      add("client_keepalive_probe_period_s", "int32", 0, 0);
      add("client_keepalive_retry_count", "int32", 0, 0);
      add("client_keepalive_retry_period_s", "int32", 0, 0);
      add("external_fe_port", "int32", 0, 0);
      add("max_hs2_sessions_per_user", "int32", -1, -1);
    }
    add(
        "disconnected_session_timeout",
        "int32",
        900,
        seconds(options.disconnectedSessionTimeout()));
    add("enable_ldap_auth", "bool", false, options.authentication() == Authentication.PLAIN);
    add("fe_service_threads", "int32", 64, options.feServiceThreads());
    add("hostname", "string", "", coordinator.name());
    add("hs2_http_port", "int32", 28_000, coordinator.hiveserver2HttpPort());
    add("hs2_port", "int32", 21_050, coordinator.hiveserver2Port());
    add("idle_client_poll_period_s", "int32", 30, 30);
    add("idle_query_timeout", "int32", 0, 0);
    add("idle_session_timeout", "int32", 0, 0);
    add("is_coordinator", "bool", true, options.role().isCoordinator());
    add("is_executor", "bool", true, options.role().isExecutor());
    add("mem_limit", "string", "80%", String.valueOf(impalad.memoryLimit()));
    Keytab keytab = options.keytab();
    add("principal", "string", "", keytab == null ? "" : keytab.principal());
    add("sasl_connect_tcp_timeout_ms", "int32", 300_000, options.setupTimeout().toMillis());
    add("shutdown_deadline_s", "int64", 3600, seconds(options.shutdownDeadline()));
    add("shutdown_grace_period_s", "int64", 120, seconds(options.gracePeriod()));
    add("ssl_server_certificate", "string", "", "");
    add(
        "statestore_update_frequency_ms",
        "int32",
        2000,
        options.statestoreUpdateFrequency().toMillis());
    add("use_local_catalog", "bool", false, true);
    add("webserver_port", "int32", 25_000, coordinator.webPort());
    add(
        "webserver_require_spnego",
        "bool",
        false,
        options.webProtection() instanceof WebProtection.Spnego);
  }

  private static long seconds(Duration duration) {
    return duration.toSeconds();
  }

  private void add(String name, String type, Object byDefault, Object current) {
    Map<String, Object> flag = new LinkedHashMap<>();
    flag.put("name", name);
    flag.put("type", type);
    flag.put("description", "");
    flag.put("default", String.valueOf(byDefault));
    flag.put("current", String.valueOf(current));
    flag.put("experimental", false);
    if (!String.valueOf(byDefault).equals(String.valueOf(current))) {
      flag.put("value_changed", 1);
    }
    flags.add(flag);
  }

  List<Map<String, Object>> json() {
    return flags;
  }
}
