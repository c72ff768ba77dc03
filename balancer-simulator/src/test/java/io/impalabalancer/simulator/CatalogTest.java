package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hive.service.rpc.thrift.TCloseSessionReq;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The catalog: what statements change, who knows of it when, and what the metrics say of that. */
class CatalogTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration NEVER = Duration.ofHours(1);

  private @Nullable SimulatedCluster started;

  @AfterEach
  void close() {
    if (started != null) {
      started.close();
    }
  }

  private SimulatedCluster start(Duration statestore) throws Exception {
    SimulatedCluster cluster =
        SimulatedCluster.start(
            SimulatorOptions.builder()
                .coordinators(2)
                .statestoreUpdateFrequency(statestore)
                .build());
    started = cluster;
    return cluster;
  }

  private static SimulatedClient client(SimulatedCoordinator coordinator) throws Exception {
    SimulatedClient client =
        SimulatedClient.connect("127.0.0.1", coordinator.hiveserver2Port(), TIMEOUT);
    client.openSession();
    return client;
  }

  private static JsonObject metrics(SimulatedCoordinator coordinator) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(coordinator.webUrl() + "/jsonmetrics?json")).build();
    String page =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    return JsonParser.parseString(page).getAsJsonObject();
  }

  private static long version(SimulatedCoordinator coordinator) throws Exception {
    return metrics(coordinator).get("catalog.curr-version").getAsLong();
  }

  @Test
  void statementsChangeAndShowTheCatalog() throws Exception {
    try (SimulatedClient client = client(start(NEVER).coordinator(1))) {
      assertThat(client.query("create database if not exists Shop"))
          .containsExactly(List.of("Database has been created."));
      client.query("use shop");
      assertThat(client.query("create table orders (id bigint, item varchar(20), paid boolean)"))
          .containsExactly(List.of("Table has been created."));
      client.query("insert into shop.orders values (1, 'tea', true), (2, 'cup', false)");
      assertThat(client.query("select * from orders"))
          .containsExactly(List.of("1", "tea", "true"), List.of("2", "cup", "false"));
      assertThat(client.query("select item, id from shop.orders")).contains(List.of("cup", "2"));
      assertThat(client.query("SELECT COUNT(*) FROM orders")).containsExactly(List.of("2"));
      assertThat(client.query("show tables in shop like 'ord*'"))
          .containsExactly(List.of("orders"));
      assertThat(client.query("describe orders")).contains(List.of("item", "string", ""));
      assertThatThrownBy(() -> client.query("create table orders (id int)"))
          .hasMessageContaining("AnalysisException: Table already exists: shop.orders");
      assertThatThrownBy(() -> client.query("insert into orders values ('x', 'tea', true)"))
          .hasMessageContaining("Expression ''x'' (type: STRING)")
          .hasMessageContaining("is not compatible with column 'id' (type: BIGINT)");
      assertThatThrownBy(() -> client.query("drop database shop"))
          .hasMessageContaining("Database shop is not empty");
      assertThat(client.query("drop table orders"))
          .containsExactly(List.of("Table has been dropped."));
      assertThatThrownBy(() -> client.query("select * from orders"))
          .hasMessageContaining("Could not resolve table reference: 'orders'");
      client.query("drop database shop cascade");
      assertThatThrownBy(() -> client.query("use shop"))
          .hasMessageContaining("AnalysisException: Database does not exist: shop");
    }
  }

  @Test
  void anotherCoordinatorLearnsOfATableWithTheStatestoresNextUpdate() throws Exception {
    SimulatedCluster cluster = start(Duration.ofMillis(700));
    SimulatedCoordinator second = cluster.coordinator(2);
    long before = version(second);
    try (SimulatedClient here = client(cluster.coordinator(1));
        SimulatedClient there = client(second)) {
      second.lag();
      here.query("create table t (a int)");
      assertThat(here.query("select count(*) from t")).containsExactly(List.of("0"));
      await().until(() -> version(cluster.coordinator(1)) == before + 1);
      assertThat(version(second)).isEqualTo(before);
      assertThatThrownBy(() -> there.query("select count(*) from t"))
          .hasMessageContaining("Could not resolve table reference: 't'");
      // catalogd knows what this coordinator does not.
      assertThatThrownBy(() -> there.query("create table t (a int)"))
          .hasMessageContaining("AlreadyExistsException");
      second.revive();
      assertThat(version(second)).isEqualTo(before + 1);
      assertThat(there.query("select count(*) from t")).containsExactly(List.of("0"));
    }
  }

  @Test
  void aChangeIsToldAtTheTickAndNotBefore() throws Exception {
    SimulatedCluster cluster = start(NEVER);
    try (SimulatedClient here = client(cluster.coordinator(1));
        SimulatedClient there = client(cluster.coordinator(2))) {
      here.query("create table t (a int)");
      assertThat(here.query("show tables")).hasSize(1);
      assertThat(there.query("show tables")).isEmpty();
    }
  }

  @Test
  void syncDdlEndsWhenAllKnow() throws Exception {
    SimulatedCluster cluster = start(Duration.ofMillis(50));
    cluster.coordinator(2).lag();
    try (SimulatedClient here = client(cluster.coordinator(1));
        SimulatedClient there = client(cluster.coordinator(2))) {
      CompletableFuture<Integer> created = createSynchronously(here);
      await().during(Duration.ofMillis(200)).until(() -> !created.isDone());
      cluster.coordinator(2).revive();
      assertThat(created.get(30, TimeUnit.SECONDS)).isEqualTo(1);
      assertThat(there.query("select count(*) from t")).hasSize(1);
    }
  }

  private static CompletableFuture<Integer> createSynchronously(SimulatedClient client)
      throws SimulatedClientException {
    client.query("set sync_ddl=1");
    return CompletableFuture.supplyAsync(() -> {
      try {
        return client.query("create table t (a int)").size();
      } catch (SimulatedClientException e) {
        throw new IllegalStateException(e);
      }
    });
  }

  @Test
  void syncDdlEndsWithTheCatalogdThatChanged() throws Exception {
    SimulatedCluster cluster = start(Duration.ofMillis(50));
    cluster.coordinator(2).lag();
    try (SimulatedClient client = client(cluster.coordinator(1))) {
      CompletableFuture<Integer> created = createSynchronously(client);
      await().until(() -> version(cluster.coordinator(1)) == 401);
      cluster.coordinator(2).restartCatalog();
      assertThat(created.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }

  @Test
  void aStatementWhoseSessionIsClosedMeanwhileIsNotLeft() throws Exception {
    SimulatedCluster cluster = start(Duration.ofMillis(50));
    SimulatedCoordinator first = cluster.coordinator(1);
    cluster.coordinator(2).lag();
    try (Hs2 asking = Hs2.connect(first);
        Hs2 closing = Hs2.connect(first)) {
      TSessionHandle session = asking.openSession();
      asking.execute(session, "set sync_ddl=1");
      CompletableFuture<?> created =
          CompletableFuture.supplyAsync(() -> {
            try {
              return asking.execute(session, "create table t (a int)");
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      await().until(() -> version(first) == 401);
      closing.calls.CloseSession(new TCloseSessionReq(session));
      cluster.coordinator(2).revive();
      created.get(30, TimeUnit.SECONDS);
      assertThat(metrics(first).get("impala-server.num-queries-registered").getAsLong()).isZero();
      assertThat(first.counts().queriesNow()).isZero();
    }
  }

  @Test
  void aRestartedCatalogdHasAnotherServiceId() throws Exception {
    SimulatedCluster cluster = start(Duration.ofMillis(50));
    SimulatedCoordinator first = cluster.coordinator(1);
    String before = metrics(first).get("catalog.curr-serviceid").getAsString();
    first.restartCatalog();
    await().until(() -> !metrics(first).get("catalog.curr-serviceid").getAsString().equals(before));
    assertThat(metrics(cluster.coordinator(2)).get("catalog.curr-serviceid"))
        .isEqualTo(metrics(first).get("catalog.curr-serviceid"));
  }

  @Test
  void aColdCacheShowsInItsHitRateAndCostsTime() throws Exception {
    SimulatedCoordinator coordinator = start(NEVER).coordinator(1);
    try (SimulatedClient client = client(coordinator)) {
      client.query("create table t (a int)");
      coordinator.slowCatalog(Duration.ofMillis(300));
      long start = System.nanoTime();
      client.query("select * from t");
      assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(300));
      assertThat(metrics(coordinator).get("catalog.cache.hit-rate").getAsDouble()).isZero();
      client.query("select * from t");
      assertThat(metrics(coordinator).get("catalog.cache.hit-rate").getAsDouble()).isEqualTo(0.5);
    }
  }
}
