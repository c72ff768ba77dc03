package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.BEESWAX;
import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckKind;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.Verdict;
import io.impalabalancer.simulator.Counts;
import io.impalabalancer.simulator.SimulatedClient;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What checks cost a simulated cluster that is healthy, and what they see of it. */
class PoliteChecksTest {
  private final Rig rig = new Rig();

  @AfterEach
  void end() {
    rig.close();
  }

  private void add(SimulatedCluster cluster) {
    for (SimulatedCoordinator simulated : cluster.coordinators()) {
      rig.add(
          simulated.webPort(),
          Map.of(HIVESERVER2, simulated.hiveserver2Port(), BEESWAX, simulated.beeswaxPort()));
    }
  }

  @Test
  void anHourOfChecksFailsNoSetupAndLeavesTheClientPortsToClients() throws Exception {
    SimulatorOptions options = SimulatorOptions.builder().coordinators(1).build();
    try (SimulatedCluster cluster = SimulatedCluster.start(options)) {
      add(cluster);
      HealthChecker checker = rig.started(new Checks().type(CheckKind.AUTO).make());
      int clients = 0;
      for (int second = 0; second < 3600; second++) {
        rig.checkAfter(Duration.ofSeconds(1));
        if (second % 600 == 0) {
          clients++;
          SimulatedCoordinator simulated = cluster.coordinator(1);
          Duration patience = Duration.ofSeconds(30);
          try (SimulatedClient client =
              SimulatedClient.connect("127.0.0.1", simulated.hiveserver2Port(), patience)) {
            checker.connected(rig.coordinators.get(0), HIVESERVER2);
            client.openSession();
          }
        }
      }
      Counts counts = cluster.coordinator(1).counts();
      assertThat(counts.hiveserver2().setupFailures()).isZero();
      assertThat(counts.beeswax().connectionsTotal()).isZero();
      assertThat(counts.hiveserver2().connectionsTotal()).isEqualTo(clients);
      assertThat(rig.checks).hasSize(1 + 3600).allMatch(c -> c.result().equals("ok"));
      assertThat(rig.coordinators).allMatch(c -> c.verdict() == Verdict.OPEN);
      assertThat(rig.pagesFailed).isEmpty();
    }
  }

  @Test
  void oneThatShutsDownIsSeenWithinTwoReadings() throws Exception {
    try (SimulatedCluster cluster =
        SimulatedCluster.start(SimulatorOptions.builder().coordinators(2).build())) {
      add(cluster);
      rig.started(new Checks().type(CheckKind.AUTO).make());
      cluster.coordinator(1).quiesce(Duration.ofMinutes(10));
      rig.checkAfter(Duration.ofMillis(500));
      rig.checkAfter(Duration.ofMillis(500));
      Coordinator quiescing = rig.coordinators.get(0);
      assertThat(quiescing.verdict()).isEqualTo(Verdict.QUIESCING);
      assertThat(quiescing.verdictReason()).contains("deadline left");
      assertThat(quiescing.status()).isEqualTo(Status.UP);
      assertThat(rig.coordinators.get(1).verdict()).isEqualTo(Verdict.OPEN);
    }
  }
}
