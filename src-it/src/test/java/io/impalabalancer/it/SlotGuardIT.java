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
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final Queue<SimulatedClient> served = new ConcurrentLinkedQueue<>();
  private final Queue<String> ended = new ConcurrentLinkedQueue<>();

  @AfterEach
  void closeAll() throws Exception {
    served.forEach(SimulatedClient::close);
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  @Test
  void nobodyWaitsInImpalasAcceptQueue() throws Exception {
    SimulatedCluster cluster =
        SimulatedCluster.start(
            SimulatorOptions.builder().coordinators(2).feServiceThreads(64).build());
    opened.add(cluster);
    long start = System.nanoTime();
    BalancerProcess balancer = BalancerProcess.start(config(cluster));
    opened.add(balancer);
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
    String coordinators =
        cluster.coordinators().stream()
            .map(each ->
                "{ name = %s, host = 127.0.0.1, ports { beeswax = none, hiveserver2 = %d,"
                        .formatted(each.name(), each.hiveserver2Port())
                    + " hiveserver2-http = none, web = %d } }".formatted(each.webPort()))
            .collect(Collectors.joining("\n"));
    return """
    impala-balancer {
      coordinators = [%s]
      listeners = [
        { name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2, timeouts.queue = 3s }
      ]
    }
    """
        .formatted(coordinators, port);
  }
}
