package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.simulator.SimulatedClientException.Reason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The statement language, sessions and errors, through the small client. */
class SimulatedCoordinatorTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final SimulatedCoordinator coordinator;

  SimulatedCoordinatorTest() throws Exception {
    coordinator = SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().build());
  }

  @AfterEach
  void stop() {
    coordinator.close();
  }

  private SimulatedClient client() throws SimulatedClientException {
    SimulatedClient client =
        SimulatedClient.connect(coordinator.host(), coordinator.hiveserver2Port(), TIMEOUT);
    client.openSession();
    return client;
  }

  @Test
  void constantsAndFunctionsAreAnswered() throws Exception {
    try (SimulatedClient client = client()) {
      assertThat(client.query("select 1")).containsExactly(List.of("1"));
      assertThat(client.query("/* bi */ SELECT 1 + 2 * (3 - -4), 'it\\'s', 1.5/2, true as yes;"))
          .containsExactly(List.of("15", "it's", "0.75", "true"));
      assertThat(client.query("select coordinator(), current_database()"))
          .containsExactly(List.of("impala-1", "default"));
      assertThat(client.query("select rows(3, 4)")).hasSize(3).containsOnly(List.of("xxxx"));
    }
  }

  @Test
  void anUnknownStatementIsAnErrorAndTheSessionGoesOn() throws Exception {
    try (SimulatedClient client = client()) {
      assertThatThrownBy(() -> client.query("select a from nosuch"))
          .isInstanceOfSatisfying(
              SimulatedClientException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IMPALA))
          .hasMessageContaining("AnalysisException");
      assertThat(client.query("select 1")).hasSize(1);
    }
  }
}
