package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.impalabalancer.simulator.SimulatedClient;
import io.impalabalancer.simulator.SimulatedClientException;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@code leastload} through the program, with simulated coordinators that tell of their queries.
 */
class LeastLoadIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();
  private final List<SimulatedClient> clients = new ArrayList<>();

  /** They are closed last: those that wait for an answer are cut, and wait no longer. */
  @BeforeEach
  void keepClients() {
    opened.keep(() -> clients.forEach(SimulatedClient::close));
  }

  @Test
  void threeHundredIdleConnectionsKeepNobodyAwayAndTheLastChoicesSayWhy() throws Exception {
    SimulatedCluster cluster =
        opened.keep(
            SimulatedCluster.start(
                SimulatorOptions.builder()
                    .coordinators(3)
                    .feServiceThreads(1_000)
                    .workUnits(1_000)
                    .build()));
    BalancerProcess balancer = opened.keep(BalancerProcess.start(config(cluster, "maint")));
    for (int i = 0; i < 300; i++) {
      client();
    }
    long now = System.nanoTime();
    assertThat(balancer.reload(config(cluster, "ready"))).contains("result=ok");
    balancer.awaitStatus("impala-2", "UP", now, SOON);
    balancer.awaitStatus("impala-3", "UP", now, SOON);
    // A session counts as a query until a page is read that would show it.
    await().atMost(SOON).until(() -> loadsOfAnotherChoice(balancer).stream().allMatch(l -> l < 1));

    for (int i = 0; i < 90; i++) {
      SimulatedClient client = client();
      Thread thread = new Thread(() -> run(client), "query-" + i);
      thread.setDaemon(true);
      thread.start();
      // A page read between a session and its query would show the session as idle.
      long begun = i + 1L;
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(2))
          .atMost(SOON)
          .until(() -> running(cluster) == begun);
    }
    for (SimulatedCoordinator each : cluster.coordinators()) {
      assertThat(running(each)).as("queries of %s", each.name()).isBetween(27L, 33L);
    }
    assertWhy(balancer);
  }

  /** Has somebody chosen for a client that leaves at once, and returns the loads compared. */
  private List<Double> loadsOfAnotherChoice(BalancerProcess balancer) throws Exception {
    try (SimulatedClient passing = SimulatedClient.connect("127.0.0.1", port, SOON)) {
      passing.openSession();
    }
    return choices(balancer).get(0).getAsJsonArray("candidates").asList().stream()
        .map(each -> each.getAsJsonObject().get("load"))
        .map(load -> load.isJsonNull() ? Double.MAX_VALUE : load.getAsDouble())
        .toList();
  }

  /** Returns the last choices, latest first. */
  private static List<JsonObject> choices(BalancerProcess balancer) {
    return JsonParser.parseString(balancer.get("/api/v1/listeners/jdbc/choices").body())
        .getAsJsonObject()
        .getAsJsonArray("choices")
        .asList()
        .stream()
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  private static void assertWhy(BalancerProcess balancer) {
    JsonObject choice =
        choices(balancer).stream()
            .filter(each -> each.get("rule").getAsString().equals("least load for its weight"))
            .findFirst()
            .orElseThrow();
    String chosen = choice.get("coordinator").getAsString();
    Map<String, Double> scores = new HashMap<>();
    for (JsonElement each : choice.getAsJsonArray("candidates")) {
      JsonObject candidate = each.getAsJsonObject();
      assertThat(candidate.get("excluded").getAsString()).isEmpty();
      scores.put(candidate.get("coordinator").getAsString(), candidate.get("score").getAsDouble());
    }
    assertThat(scores).hasSize(3);
    assertThat(scores.values())
        .allSatisfy(s -> assertThat(s).isGreaterThanOrEqualTo(scores.get(chosen)));
  }

  private SimulatedClient client() throws SimulatedClientException {
    SimulatedClient client = SimulatedClient.connect("127.0.0.1", port, SOON);
    clients.add(client);
    client.openSession();
    return client;
  }

  private static void run(SimulatedClient client) {
    try {
      client.query("select work(600000)");
    } catch (SimulatedClientException ended) {
      // The test has.
    }
  }

  private static long running(SimulatedCluster cluster) {
    return cluster.coordinators().stream().mapToLong(LeastLoadIT::running).sum();
  }

  private static long running(SimulatedCoordinator coordinator) {
    return coordinator.counts().queriesNow();
  }

  /** Makes the configuration in which all but the first coordinator have a state. */
  private String config(SimulatedCluster cluster, String state) {
    String coordinators =
        cluster.coordinators().stream()
            .map(each ->
                "{ name = %s, host = 127.0.0.1, state = %s, ports { beeswax = none,"
                        .formatted(each.name(), each.name().equals("impala-1") ? "ready" : state)
                    + " hiveserver2 = %d, hiveserver2-http = none, web = %d } }"
                        .formatted(each.hiveserver2Port(), each.webPort()))
            .collect(Collectors.joining("\n"));
    return """
    impala-balancer {
      coordinators = [%s]
      listeners = [
        { name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2, balance = leastload }
      ]
    }
    """
        .formatted(coordinators, port);
  }
}
