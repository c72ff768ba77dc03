package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The web pages, as Impala's own monitoring reads them, of both versions. */
class WebPagesTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final HttpClient http = HttpClient.newHttpClient();
  private @Nullable SimulatedCluster started;

  @AfterEach
  void close() {
    if (started != null) {
      started.close();
    }
  }

  private SimulatedCoordinator start(SimulatorOptions.Builder options) throws Exception {
    SimulatedCluster cluster = SimulatedCluster.start(options.build());
    started = cluster;
    return cluster.coordinator(1);
  }

  private HttpResponse<String> get(SimulatedCoordinator coordinator, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(coordinator.webUrl() + path)).timeout(TIMEOUT).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private JsonObject json(SimulatedCoordinator coordinator, String path) throws Exception {
    HttpResponse<String> answer = get(coordinator, path + "?json");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    JsonObject page = JsonParser.parseString(answer.body()).getAsJsonObject();
    assertThat(page.getAsJsonObject("__common__").get("process-name").getAsString())
        .isEqualTo("impalad");
    return page;
  }

  private static JsonObject only(JsonArray array) {
    assertThat(array).hasSize(1);
    return array.get(0).getAsJsonObject();
  }

  @Test
  void theRootPageTellsRoleStartAndState() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().coordinators(1).role(Role.COORDINATOR_AND_EXECUTOR));
    JsonObject page = json(coordinator, "/");
    assertThat(page.get("version").getAsString()).startsWith("impalad version 4.5.0-RELEASE ");
    assertThat(page.get("is_coordinator").getAsBoolean()).isTrue();
    assertThat(page.get("is_executor").getAsBoolean()).isTrue();
    assertThat(page.get("is_quiescing").getAsBoolean()).isFalse();
    assertThat(page.has("shutdown_status")).isFalse();
    assertThat(page.get("process_start_time").getAsString())
        .isEqualTo(json(coordinator, "/jsonmetrics").get("process-start-time").getAsString());
  }

  @Test
  void theBackendsAreTheMembersThatLiveWithTheirRoles() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().coordinators(2).executors(1));
    JsonArray backends = json(coordinator, "/backends").getAsJsonArray("backends");
    assertThat(backends).hasSize(3);
    JsonObject executor = backends.get(2).getAsJsonObject();
    assertThat(executor.get("is_coordinator").getAsBoolean()).isFalse();
    assertThat(executor.get("is_executor").getAsBoolean()).isTrue();
    assertThat(executor.has("process_start_time")).isTrue();
    assertThat(executor.get("webserver_url").getAsString()).startsWith("http://127.0.0.1:");

    SimulatedCoordinator second = Objects.requireNonNull(started).coordinator(2);
    second.quiesce(Duration.ofHours(1));
    JsonObject page = json(coordinator, "/backends");
    assertThat(page.get("num_quiescing_backends").getAsInt()).isEqualTo(1);
    JsonObject quiescing = page.getAsJsonArray("backends").get(1).getAsJsonObject();
    assertThat(quiescing.get("is_quiescing").getAsBoolean()).isTrue();
    assertThat(quiescing.get("is_active").getAsBoolean()).isFalse();
    second.die();
    assertThat(json(coordinator, "/backends").getAsJsonArray("backends")).hasSize(2);
  }

  @Test
  void theSessionsPageTellsWhoIsOnAConnection() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder().coordinators(1));
    try (Hs2 alice = Hs2.logIn(coordinator, "alice", "secret")) {
      TSessionHandle session = alice.openSession();
      alice.start(session, "select 1");
      JsonObject page = json(coordinator, "/sessions");
      JsonObject connection = only(page.getAsJsonArray("connections"));
      JsonObject row = only(page.getAsJsonArray("sessions"));
      assertThat(connection.get("network_address").getAsString()).isEqualTo(alice.localAddress());
      assertThat(connection.get("server_name").getAsString()).isEqualTo("hiveserver2-frontend");
      assertThat(connection.get("user").getAsString()).isEqualTo("alice");
      assertThat(connection.get("session_ids")).isEqualTo(row.get("session_id"));
      assertThat(row.get("connection_ids")).isEqualTo(connection.get("connection_id"));
      assertThat(row.get("type").getAsString()).isEqualTo("HIVESERVER2");
      assertThat(row.get("inflight_queries").getAsInt()).isEqualTo(1);
      assertThat(page.get("num_hiveserver2_frontend_connections").getAsInt()).isEqualTo(1);
      assertThat(only(page.getAsJsonArray("client_hosts")).get("total_sessions").getAsInt())
          .isEqualTo(1);
    }
    await()
        .untilAsserted(() -> {
          JsonObject page = json(coordinator, "/sessions");
          assertThat(page.getAsJsonArray("connections")).isEmpty();
          assertThat(page.get("num_sessions").getAsInt()).isEqualTo(1);
        });
  }

  @Test
  void aQueryIsInFlightThenWaitingThenInTheLog() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder().coordinators(1));
    try (Hs2 client = Hs2.connect(coordinator)) {
      TSessionHandle session = client.openSession();
      var work = client.start(session, "select work(3600000)");
      JsonObject page = json(coordinator, "/queries");
      JsonObject row = only(page.getAsJsonArray("in_flight_queries"));
      assertThat(row.get("executing").getAsBoolean()).isTrue();
      assertThat(row.get("state").getAsString()).isEqualTo("RUNNING");
      assertThat(row.get("stmt").getAsString()).isEqualTo("select work(3600000)");
      assertThat(get(coordinator, "/inflight_query_ids").body())
          .isEqualTo(row.get("query_id").getAsString() + "\n");
      assertThat(metric(coordinator, "impala-server.num-queries-registered")).isEqualTo(1);
      assertThat(metric(coordinator, "impala-server.backend-num-queries-executing")).isEqualTo(1);
      JsonObject pool = only(json(coordinator, "/admission").getAsJsonArray("resource_pools"));
      assertThat(pool.get("agg_num_running").getAsInt()).isEqualTo(1);
      assertThat(pool.getAsJsonArray("running_queries")).hasSize(1);

      client.close(work);
      client.fetch(client.start(session, "select 1"), 10);
      page = json(coordinator, "/queries");
      assertThat(only(page.getAsJsonArray("in_flight_queries")).get("waiting").getAsBoolean())
          .isTrue();
      assertThat(only(page.getAsJsonArray("completed_queries")).get("state").getAsString())
          .isEqualTo("EXCEPTION");
      assertThat(metric(coordinator, "impala-server.backend-num-queries-executing")).isZero();
    }
  }

  private long metric(SimulatedCoordinator coordinator, String key) throws Exception {
    return json(coordinator, "/jsonmetrics").get(key).getAsLong();
  }

  @Test
  void metricsTellOfConnectionsCatalogAndMemory() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().coordinators(1).maxQueries(4));
    try (Hs2 client = Hs2.connect(coordinator)) {
      client.openSession();
      JsonObject page = json(coordinator, "/jsonmetrics");
      String port = "impala.thrift-server.hiveserver2-frontend.";
      assertThat(page.get(port + "connections-in-use").getAsInt()).isEqualTo(1);
      assertThat(page.get(port + "total-connections").getAsInt()).isEqualTo(1);
      assertThat(page.get(port + "connection-setup-queue-size").getAsInt()).isZero();
      assertThat(page.get("catalog.ready").getAsBoolean()).isTrue();
      assertThat(page.get("catalog.curr-version").getAsLong()).isPositive();
      assertThat(page.get("catalog.curr-serviceid").getAsString()).contains(":");
      assertThat(page.get("catalog.cache.hit-rate").getAsDouble()).isEqualTo(1.0);
      assertThat(page.get("statestore-subscriber.connected").getAsBoolean()).isTrue();
      assertThat(page.get("mem-tracker.process.limit").getAsLong()).isEqualTo(1L << 30);
      assertThat(page.get("impala-server.num-open-hiveserver2-sessions").getAsInt()).isEqualTo(1);
      // Impala's histograms are not in the flat map.
      assertThat(page.has(port + "connection-setup-time")).isFalse();
      assertThat(get(coordinator, "/jsonmetrics").body()).startsWith("Could not open template");
    }
  }

  @Test
  void prometheusHasTheHistogramsInSecondsAndNoProperties() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder().coordinators(1));
    try (Hs2 client = Hs2.connect(coordinator)) {
      client.openSession();
      String page = get(coordinator, "/metrics_prometheus").body();
      assertThat(page)
          .contains("\nimpala_thrift_server_hiveserver2_frontend_connections_in_use 1\n")
          .contains(
              "# TYPE impala_thrift_server_hiveserver2_frontend_svc_thread_wait_time summary\n")
          .contains("\nimpala_thrift_server_hiveserver2_frontend_connection_setup_time_count 1\n")
          .contains("\nimpala_catalog_curr_version ")
          .doesNotContain("process_start_time")
          .doesNotContain("catalog_ready");
      JsonObject root = json(coordinator, "/metrics").getAsJsonObject("metric_group");
      assertThat(root.get("name").getAsString()).isEqualTo("impala-metrics");
      assertThat(root.getAsJsonArray("metrics").toString()).contains("\"95th %-ile\"");
    }
  }

  @Test
  void flagsHaveTheirValueAsText() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().coordinators(1).feServiceThreads(16));
    JsonArray flags = json(coordinator, "/varz").getAsJsonArray("flags");
    assertThat(current(flags, "fe_service_threads")).isEqualTo("16");
    assertThat(current(flags, "hs2_port")).isEqualTo("" + coordinator.hiveserver2Port());
    assertThat(current(flags, "is_executor")).isEqualTo("false");
    assertThat(current(flags, "client_keepalive_probe_period_s")).isEqualTo("0");
  }

  private static String current(JsonArray flags, String name) {
    return flags.asList().stream()
        .map(flag -> flag.getAsJsonObject())
        .filter(flag -> flag.get("name").getAsString().equals(name))
        .map(flag -> flag.get("current").getAsString())
        .findFirst()
        .orElse("missing");
  }

  @Test
  void version34HasNeitherConnectionsNorStartTimesOfOthers() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().coordinators(1).version(ImpalaVersion.V3_4));
    try (Hs2 alice = Hs2.logIn(coordinator, "alice", "secret")) {
      alice.openSession();
      JsonObject sessions = json(coordinator, "/sessions");
      assertThat(sessions.keySet()).doesNotContain("connections", "client_hosts", "users");
      JsonObject session = only(sessions.getAsJsonArray("sessions"));
      assertThat(session.has("connection_ids")).isFalse();
      assertThat(session.get("network_address").getAsString()).isEqualTo(alice.localAddress());
    }
    assertThat(only(json(coordinator, "/backends").getAsJsonArray("backends")).keySet())
        .contains("is_quiescing")
        .doesNotContain("process_start_time", "version");
    assertThat(json(coordinator, "/jsonmetrics").has("catalog.active-catalogd-address")).isFalse();
    assertThat(current(json(coordinator, "/varz").getAsJsonArray("flags"), "external_fe_port"))
        .isEqualTo("missing");
    assertThat(json(coordinator, "/").get("version").getAsString()).contains(" 3.4.0-RELEASE ");
  }

  @Test
  void aPageThatImpalaHasNotIsNotFound() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder().coordinators(1));
    assertThat(get(coordinator, "/nosuch?json").statusCode()).isEqualTo(404);
    assertThat(get(coordinator, "/nosuch").body()).contains("No URI handler for '/nosuch'");
  }

  @Test
  void pagesArePackedForWhoAsks() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder().coordinators(1));
    HttpResponse<byte[]> packed =
        http.send(
            HttpRequest.newBuilder(URI.create(coordinator.webUrl() + "/jsonmetrics?json"))
                .header("Accept-Encoding", "gzip")
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(packed.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(List.of(packed.body()[0], packed.body()[1]))
        .containsExactly((byte) 0x1f, (byte) 0x8b);
  }
}
