package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import io.impalabalancer.simulator.SimulatedClientException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The orders, given by call and by HTTP, and the web pages. */
class OrdersTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final HttpClient http = HttpClient.newHttpClient();
  private final SimulatedCluster cluster;
  private final SimulatedCoordinator coordinator;

  OrdersTest() throws Exception {
    cluster = SimulatedCluster.start(SimulatorOptions.builder().coordinators(2).build());
    coordinator = cluster.coordinator(1);
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  private SimulatedClient client(Duration timeout) throws Exception {
    SimulatedClient client =
        SimulatedClient.connect("127.0.0.1", coordinator.hiveserver2Port(), timeout);
    client.openSession();
    return client;
  }

  private static void assertFails(ThrowingCallable call, Reason reason) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SimulatedClientException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static URI uri(SimulatedCoordinator coordinator, String path) {
    return URI.create("http://127.0.0.1:" + coordinator.webPort() + path);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(coordinator, path)).timeout(TIMEOUT).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(SimulatedCoordinator to, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(to, path))
            .timeout(TIMEOUT)
            .POST(HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aDeadCoordinatorResetsItsConnectionsAndListensNoMore() throws Exception {
    try (SimulatedClient client = client(TIMEOUT);
        Socket raw = new Socket(InetAddress.getLoopbackAddress(), coordinator.beeswaxPort())) {
      await().until(() -> coordinator.counts().beeswax().connectionsWaiting() == 1);
      coordinator.die();
      assertThatThrownBy(() -> raw.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
      assertFails(() -> client.query("select 1"), Reason.CUT);
      assertFails(() -> client(TIMEOUT), Reason.REFUSED);
      assertThatThrownBy(() -> get("/healthz")).isInstanceOf(IOException.class);
    }
    await()
        .untilAsserted(() -> {
          Counts counts = coordinator.counts();
          assertThat(counts.connectionsNow()).isZero();
          assertThat(counts.beeswax().connectionsWaiting()).isZero();
          assertThat(counts.sessionsNow()).isZero();
          assertThat(counts.connectionsTotal()).isEqualTo(2);
        });
  }

  @Test
  void aRunningQueryDoesNotSurviveADeath() throws Exception {
    try (SimulatedClient client = client(TIMEOUT)) {
      CompletableFuture<Void> query =
          CompletableFuture.runAsync(
              () -> assertFails(() -> client.query("select work(3600000)"), Reason.CUT));
      await().until(() -> coordinator.counts().queriesNow() == 1);
      coordinator.die();
      query.get(10, TimeUnit.SECONDS);
      assertThat(coordinator.counts().queriesNow()).isZero();
    }
  }

  @Test
  void aRevivedCoordinatorServesOnTheSamePortsWithoutItsOldSessions() throws Exception {
    int port = coordinator.hiveserver2Port();
    String before = get("/?json").body();
    try (Hs2 old = Hs2.connect(coordinator)) {
      var session = old.openSession();
      coordinator.unhealthy();
      coordinator.die();
      coordinator.revive();
      assertThat(coordinator.hiveserver2Port()).isEqualTo(port);
      try (Hs2 revived = Hs2.connect(coordinator)) {
        var status = revived.execute(session, "select 1").getStatus();
        assertThat(status).isNotNull();
        assertThat(status.getErrorMessage()).startsWith("Invalid session id: ");
      }
    }
    try (SimulatedClient client = client(TIMEOUT)) {
      assertThat(client.query("select 1")).hasSize(1);
    }
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertThat(startTime(get("/?json").body())).isNotEqualTo(startTime(before));
  }

  private static String startTime(String json) {
    String key = "\"process_start_time\":\"";
    int from = json.indexOf(key) + key.length();
    return json.substring(from, json.indexOf('"', from));
  }

  @Test
  void aStalledCoordinatorAcceptsAndAnswersNothingUntilItIsRevived() throws Exception {
    try (SimulatedClient client = client(TIMEOUT)) {
      coordinator.stall(false);
      assertThat(get("/healthz").statusCode()).isEqualTo(200);
      assertFails(() -> client(Duration.ofMillis(200)), Reason.TIMEOUT);
      CompletableFuture<Integer> answer =
          CompletableFuture.supplyAsync(() -> {
            try {
              return client.query("select 1").size();
            } catch (SimulatedClientException e) {
              throw new IllegalStateException(e);
            }
          });
      await().during(Duration.ofMillis(200)).until(() -> !answer.isDone());
      coordinator.revive();
      assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }

  @Test
  void aStalledWebPortAnswersLateAndStillObeysOrders() throws Exception {
    assertThat(post(coordinator, "/orders/stall?web=true").statusCode()).isEqualTo(200);
    CompletableFuture<HttpResponse<String>> page =
        http.sendAsync(
            HttpRequest.newBuilder(uri(coordinator, "/healthz")).build(),
            HttpResponse.BodyHandlers.ofString());
    await().during(Duration.ofMillis(200)).until(() -> !page.isDone());
    assertThat(post(coordinator, "/orders/revive").statusCode()).isEqualTo(200);
    assertThat(page.get(10, TimeUnit.SECONDS).body()).isEqualTo("OK");
  }

  @Test
  void aRefusingCoordinatorKeepsItsSessions() throws Exception {
    try (SimulatedClient client = client(TIMEOUT)) {
      coordinator.refuse();
      assertFails(() -> client(TIMEOUT), Reason.REFUSED);
      assertThat(client.query("select 1")).hasSize(1);
      assertThat(get("/healthz").statusCode()).isEqualTo(200);
      coordinator.revive();
      client(TIMEOUT).close();
      assertThat(client.query("select 1")).hasSize(1);
    }
  }

  @Test
  void anUnhealthyCoordinatorSaysSoAndServes() throws Exception {
    coordinator.unhealthy();
    assertThat(get("/healthz").statusCode()).isEqualTo(503);
    assertThat(get("/healthz").body()).isEqualTo("Not Available");
    client(TIMEOUT).close();
    coordinator.healthy();
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void ordersAreGivenByHttpToAnyCoordinatorOfTheCluster() throws Exception {
    assertThat(post(coordinator, "/orders/die").statusCode()).isEqualTo(200);
    await().untilAsserted(() -> assertFails(() -> client(TIMEOUT), Reason.REFUSED));
    assertThat(post(cluster.coordinator(2), "/orders/revive?coordinator=impala-1").statusCode())
        .isEqualTo(200);
    client(TIMEOUT).close();

    assertThat(post(coordinator, "/orders/unhealthy").statusCode()).isEqualTo(200);
    assertThat(get("/healthz").statusCode()).isEqualTo(503);
    assertThat(post(coordinator, "/orders/healthy").statusCode()).isEqualTo(200);
    assertThat(post(coordinator, "/orders/refuse").statusCode()).isEqualTo(200);
    assertFails(() -> client(TIMEOUT), Reason.REFUSED);
  }

  @Test
  void aWrongOrderIsRefusedWithTheReason() throws Exception {
    assertThat(post(coordinator, "/orders/dye").body()).contains("dye").contains("expected die,");
    assertThat(post(coordinator, "/orders/dye").statusCode()).isEqualTo(400);
    for (String deadline : List.of("-1", "soon", "99999999999999999")) {
      HttpResponse<String> refused = post(coordinator, "/orders/quiesce?deadline=" + deadline);
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("expected a number from 0 to 999999999");
    }
    assertThat(post(coordinator, "/orders/die?coordinator=impala-9").statusCode()).isEqualTo(404);
    assertThat(get("/orders/die").statusCode()).isEqualTo(405);
    client(TIMEOUT).close();
  }

  @Test
  void theCountsAreTold() throws Exception {
    client(TIMEOUT).close();
    assertThat(get("/counts").body())
        .contains("\"connections_total\":1")
        .contains("\"sessions_total\":1")
        .contains("\"rpcs\":2")
        .contains("\"queries_failed\":0");
  }

  @Test
  void aQuiescingCoordinatorTakesNoNewWorkAndEndsWhenTheLastQueryIsClosed() throws Exception {
    coordinator.close();
    SimulatorOptions options =
        SimulatorOptions.builder().gracePeriod(Duration.ofMillis(100)).build();
    try (SimulatedCoordinator quiescing = SimulatedCoordinator.start("impala-1", options);
        Hs2 client = Hs2.connect(quiescing)) {
      var session = client.openSession();
      var query = client.start(session, "select rows(3, 1)");
      quiescing.quiesce(Duration.ofHours(1));
      var refused = client.execute(session, "select 1").getStatus();
      assertThat(refused).isNotNull();
      assertThat(refused.getErrorMessage())
          .matches(
              "Server is being shut down: shutdown grace period left: (0|\\d+ms), deadline left:"
                  + " (1h|59m\\d+s|59m), queries registered on coordinator: 1, queries executing: 1,"
                  + " fragment instances: 1\\.\n");
      // Impala's /healthz does not tell of it.
      assertThat(page(quiescing, "/healthz")).isEqualTo("OK");
      assertThat(page(quiescing, "/?json")).contains("\"is_quiescing\":true");
      await().until(() -> page(quiescing, "/?json").contains("shutdown grace period left: 0,"));
      assertThat(client.fetch(query, 10).isHasMoreRows()).isFalse();
      client.close(query);
      await().until(() -> quiescing.impalad() == null);
    }
  }

  private String page(SimulatedCoordinator of, String path) throws Exception {
    return http.send(
            HttpRequest.newBuilder(uri(of, path)).timeout(TIMEOUT).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Test
  void aShutdownEndsAtItsDeadlineWhichOnlyComesNearer() throws Exception {
    try (Hs2 client = Hs2.connect(coordinator)) {
      var session = client.openSession();
      client.start(session, "select work(3600000)");
      var summary = client.fetch(client.start(session, ":shutdown(3000)"), 1).getResults();
      assertThat(summary).isNotNull();
      assertThat(summary.toString()).contains("shutdown grace period left: ");
      coordinator.quiesce(Duration.ofHours(5));
      assertThat(get("/?json").body()).containsPattern("deadline left: (50|49)m");
      coordinator.quiesce(Duration.ofMillis(50));
      await().until(() -> coordinator.impalad() == null);
    }
  }

  @Test
  void aCoordinatorWithoutFreeThreadsAcceptsAndSaysSoInItsMetrics() throws Exception {
    coordinator.fillThreads();
    assertThat(get("/jsonmetrics?json").body())
        .contains("\"impala.thrift-server.hiveserver2-frontend.connections-in-use\":64");
    assertFails(() -> client(Duration.ofMillis(200)), Reason.TIMEOUT);
    coordinator.revive();
    client(TIMEOUT).close();
  }

  @Test
  void aRestartedCoordinatorOpensItsPortsWhenTheCatalogHasCome() throws Exception {
    coordinator.close();
    SimulatorOptions options =
        SimulatorOptions.builder().catalogLoad(Duration.ofSeconds(3)).build();
    try (SimulatedCoordinator loading = SimulatedCoordinator.start("impala-1", options)) {
      assertThat(page(loading, "/healthz")).isEqualTo("Not Available");
      assertThat(page(loading, "/jsonmetrics?json"))
          .contains("\"catalog.ready\":false", "\"catalog.curr-version\":0");
      assertFails(
          () -> SimulatedClient.connect("127.0.0.1", loading.hiveserver2Port(), TIMEOUT),
          Reason.REFUSED);
      await().until(() -> page(loading, "/healthz").equals("OK"));
      SimulatedClient.connect("127.0.0.1", loading.hiveserver2Port(), TIMEOUT).close();
    }
  }

  @Test
  void aPageCanSaySomethingElseThanTheTruth() throws Exception {
    coordinator.say("/", "is_coordinator", "false");
    coordinator.say("/jsonmetrics", "impala-server.num-queries-registered", "-5");
    assertThat(post(coordinator, "/orders/say?page=/jsonmetrics&key=catalog.ready").statusCode())
        .isEqualTo(200);
    assertThat(get("/?json").body()).contains("\"is_coordinator\":false");
    assertThat(get("/jsonmetrics?json").body())
        .contains("\"impala-server.num-queries-registered\":-5")
        .doesNotContain("catalog.ready");
    coordinator.truth();
    assertThat(get("/?json").body()).contains("\"is_coordinator\":true");
    assertThat(get("/jsonmetrics?json").body()).contains("catalog.ready");
  }

  @ParameterizedTest
  @CsvSource({
    "html, 200, text/html",
    "malformed, 200, application/json",
    "empty, 200, application/json",
    "not-found, 404, text/html",
    "error, 500, text/html",
    "redirect, 307, text/plain"
  })
  void aPageCanLie(String how, int status, String type) throws Exception {
    assertThat(post(coordinator, "/orders/lie?page=/&how=" + how).statusCode()).isEqualTo(200);
    HttpResponse<String> answer = get("/?json");
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith(type);
    assertThatThrownBy(() -> JsonParser.parseString(answer.body()).getAsJsonObject())
        .isInstanceOf(RuntimeException.class);
    // Only that page.
    assertThat(get("/jsonmetrics?json").body()).contains("process-start-time");
    assertThat(post(coordinator, "/orders/revive").statusCode()).isEqualTo(200);
    assertThat(get("/?json").body()).contains("\"is_coordinator\"");
  }

  @Test
  void anEndlessPageGoesOnAndAPackedOneIsLarge() throws Exception {
    coordinator.lie("/", Lie.ENDLESS);
    try (InputStream endless =
        http.send(
                HttpRequest.newBuilder(uri(coordinator, "/?json")).build(),
                HttpResponse.BodyHandlers.ofInputStream())
            .body()) {
      assertThat(endless.readNBytes(9 << 20)).hasSize(9 << 20);
    }
    coordinator.lie("/", Lie.GZIP_BOMB);
    HttpResponse<byte[]> bomb =
        http.send(
            HttpRequest.newBuilder(uri(coordinator, "/?json")).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(bomb.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(bomb.body()).hasSizeLessThan(1 << 20);
    assertThat(new GZIPInputStream(new ByteArrayInputStream(bomb.body())).readNBytes(9 << 20))
        .hasSize(9 << 20);
  }
}
