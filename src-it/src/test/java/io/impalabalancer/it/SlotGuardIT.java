package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.simulator.Counts;
import io.impalabalancer.simulator.SimulatedClient;
import io.impalabalancer.simulator.SimulatedClientException;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * More clients than the coordinators have service threads: who has no place waits in the balancer's
 * queue, with a deadline, and not in Impala's, where he would hear nothing for five minutes.
 */
class SlotGuardIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int CLIENTS = 200;

  /** Of the 64 threads of each, less the reserve. */
  private static final int PLACES = 2 * (64 - 4);

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();
  private final Queue<SimulatedClient> served = new ConcurrentLinkedQueue<>();
  private final Queue<String> ended = new ConcurrentLinkedQueue<>();

  @AfterEach
  void closeClients() {
    served.forEach(SimulatedClient::close);
  }

  @Test
  void nobodyWaitsInImpalasAcceptQueue() throws Exception {
    SimulatedCluster cluster =
        opened.keep(
            SimulatedCluster.start(
                SimulatorOptions.builder().coordinators(2).feServiceThreads(64).build()));
    long start = System.nanoTime();
    BalancerProcess balancer = opened.keep(BalancerProcess.start(config(cluster)));
    balancer.awaitStatus("impala-1", "UP", start, SOON);
    balancer.awaitStatus("impala-2", "UP", start, SOON);

    for (int i = 0; i < CLIENTS; i++) {
      Thread thread = new Thread(this::connect, "client-" + i);
      thread.setDaemon(true);
      thread.start();
    }
    await().atMost(SOON).until(() -> served.size() + ended.size() == CLIENTS);

    assertThat(served).hasSize(PLACES);
    assertThat(ended).hasSize(CLIENTS - PLACES).containsOnly("CUT");
    assertThat(balancer.metric("impala_balancer_sessions_ended_total", "queue-timeout"))
        .isEqualTo(CLIENTS - PLACES);
    for (SimulatedCoordinator each : cluster.coordinators()) {
      Counts.Port seen = each.counts().hiveserver2();
      assertThat(seen.connectionsTotal()).as("came to %s", each.name()).isEqualTo(PLACES / 2);
      assertThat(seen.connectionsWaiting()).as("wait at %s", each.name()).isZero();
      assertThat(seen.connectionsTimedOut()).isZero();
    }

    served.remove().close();
    connect();
    assertThat(served).as("a place that is free is given").hasSize(PLACES);
  }

  private void connect() {
    try {
      SimulatedClient client = SimulatedClient.connect("127.0.0.1", port, SOON);
      client.openSession();
      served.add(client);
    } catch (SimulatedClientException e) {
      ended.add(e.reason().name());
    }
  }

  private String config(SimulatedCluster cluster) {
    return """
    impala-balancer {
      %s
      listeners = [
        { name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2, timeouts.queue = 3s }
      ]
    }
    """
        .formatted(BalancerProcess.declare(cluster), port);
  }
}
