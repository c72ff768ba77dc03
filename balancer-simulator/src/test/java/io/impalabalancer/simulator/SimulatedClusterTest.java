package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.junit.jupiter.api.Test;

/** Several coordinators: their names and addresses, and what they do better than one. */
class SimulatedClusterTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int CLIENTS = 8;

  /** How long one query after the other took, and how many failed. */
  private record Load(long millis, int failures) {}

  @Test
  void coordinatorsHaveNamesAndPortsOfTheirOwn() throws Exception {
    try (SimulatedCluster cluster =
        SimulatedCluster.start(SimulatorOptions.builder().coordinators(3).executors(1).build())) {
      assertThat(cluster.coordinators())
          .extracting(SimulatedCoordinator::name)
          .containsExactly("impala-1", "impala-2", "impala-3");
      assertThat(cluster.coordinators())
          .flatExtracting(
              SimulatedCoordinator::beeswaxPort,
              SimulatedCoordinator::hiveserver2Port,
              SimulatedCoordinator::webPort,
              SimulatedCoordinator::hiveserver2HttpPort)
          .doesNotHaveDuplicates();
      SimulatedCoordinator third = cluster.coordinator(3);
      assertThat(cluster.toString().lines().toList().get(2))
          .isEqualTo(
              String.format(
                  "impala-3 host=127.0.0.1 beeswax=%d hiveserver2=%d web=%d hiveserver2-http=%d",
                  third.beeswaxPort(),
                  third.hiveserver2Port(),
                  third.webPort(),
                  third.hiveserver2HttpPort()));
      SimulatedCoordinator executor = cluster.executors().get(0);
      assertThat(cluster.toString())
          .endsWith("\nexecutor-1 host=127.0.0.1 web=" + executor.webPort());
      assertThat(executor.hiveserver2Port()).isZero();
    }
  }

  @Test
  void aPortThatIsTakenIsNamedAndNothingIsLeft() throws Exception {
    try (SimulatedCoordinator first =
        SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().build())) {
      // The first coordinator's ports would be free, the second's web port is taken.
      int base = first.webPort() - 12;
      SimulatorOptions options = SimulatorOptions.builder().coordinators(2).basePort(base).build();
      assertThatThrownBy(() -> SimulatedCluster.start(options))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("impala-2 cannot listen on 127.0.0.1:" + first.webPort());
      SimulatedCoordinator.start("impala-1", options).close();
    }
  }

  @Test
  void oneCoordinatorIsSlowAndOutOfMemoryWhereFourAreNot() throws Exception {
    SimulatorOptions.Builder options = SimulatorOptions.builder().workUnits(2).maxQueries(4);
    Load one;
    Load four;
    try (SimulatedCluster cluster = SimulatedCluster.start(options.coordinators(1).build())) {
      one = load(cluster);
    }
    try (SimulatedCluster cluster = SimulatedCluster.start(options.coordinators(4).build())) {
      four = load(cluster);
    }
    assertThat(one.failures()).isPositive();
    assertThat(four.failures()).isZero();
    // Four queries of 500 ms on two units need a second; two need half of it. How much longer it
    // takes than that is the machine's to say.
    assertThat(one.millis()).isGreaterThanOrEqualTo(1000);
    assertThat(four.millis()).isGreaterThanOrEqualTo(500);
  }

  private static Load load(SimulatedCluster cluster) throws Exception {
    List<SimulatedClient> clients = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try {
      for (int i = 0; i < CLIENTS; i++) {
        SimulatedCoordinator coordinator =
            cluster.coordinators().get(i % cluster.coordinators().size());
        SimulatedClient client =
            SimulatedClient.connect("127.0.0.1", coordinator.hiveserver2Port(), TIMEOUT);
        clients.add(client);
        client.openSession();
      }
      long start = System.nanoTime();
      List<CompletableFuture<Boolean>> answers =
          clients.stream()
              .map(client -> CompletableFuture.supplyAsync(() -> succeeds(client), threads))
              .toList();
      int failures = 0;
      for (CompletableFuture<Boolean> answer : answers) {
        failures += answer.get() ? 0 : 1;
      }
      return new Load(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start), failures);
    } finally {
      clients.forEach(SimulatedClient::close);
      threads.shutdown();
    }
  }

  private static boolean succeeds(SimulatedClient client) {
    try {
      client.query("select work(500)");
      return true;
    } catch (SimulatedClientException e) {
      assertThat(e).hasMessageContaining("Memory limit exceeded");
      return false;
    }
  }

  @Test
  void executorsShareTheirPartOfTheWork() throws Exception {
    try (SimulatedCluster cluster =
            SimulatedCluster.start(
                SimulatorOptions.builder().coordinators(1).executors(2).build());
        Hs2 client = Hs2.connect(cluster.coordinator(1))) {
      client.start(client.openSession(), "select work(0, 3600000)");
      assertThat(cluster.executors()).extracting(SimulatedClusterTest::running).containsOnly(1);
      await().until(() -> running(cluster.coordinator(1)) == 0);
      assertThat(cluster.coordinator(1).counts().queriesNow()).isEqualTo(1);
    }
  }

  @Test
  void aQueryFailsWithAnExecutorThatDies() throws Exception {
    try (SimulatedCluster cluster =
            SimulatedCluster.start(
                SimulatorOptions.builder().coordinators(1).executors(2).build());
        Hs2 client = Hs2.connect(cluster.coordinator(1))) {
      TOperationHandle query = client.start(client.openSession(), "select work(0, 3600000)");
      cluster.executors().get(1).die();
      assertThat(Objects.requireNonNull(client.fetch(query, 1).getStatus()).getErrorMessage())
          .contains("Failed due to unreachable impalad(s): executor-2:27000");
      assertThat(cluster.coordinator(1).counts().queriesNow()).isZero();
      assertThat(running(cluster.executors().get(0))).isZero();
    }
  }

  @Test
  void aCoordinatorThatIsAnExecutorTooPaysForBoth() throws Exception {
    try (SimulatedCluster cluster =
            SimulatedCluster.start(
                SimulatorOptions.builder()
                    .coordinators(2)
                    .role(Role.COORDINATOR_AND_EXECUTOR)
                    .build());
        Hs2 client = Hs2.connect(cluster.coordinator(1))) {
      client.start(client.openSession(), "select work(3600000, 3600000)");
      assertThat(running(cluster.coordinator(1))).isEqualTo(2);
      assertThat(running(cluster.coordinator(2))).isEqualTo(1);
    }
  }

  private static int running(SimulatedCoordinator member) {
    return Objects.requireNonNull(member.impalad()).capacity().running();
  }
}
