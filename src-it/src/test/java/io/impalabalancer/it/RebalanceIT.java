package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.simulator.SimulatedClient;
import io.impalabalancer.simulator.SimulatedClientException;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatorOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TExecuteStatementReq;
import org.apache.hive.service.rpc.thrift.TFetchOrientation;
import org.apache.hive.service.rpc.thrift.TFetchResultsReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that keep their connections, of which the idle ones make room for one that was away. */
class RebalanceIT {
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
  void idleClientsGoOverAndThoseWithAQueryStay() throws Exception {
    SimulatedCluster cluster =
        opened.keep(SimulatedCluster.start(SimulatorOptions.builder().coordinators(2).build()));
    cluster.coordinator(2).die();
    BalancerProcess balancer = opened.keep(BalancerProcess.start(config(cluster)));
    TSocket socket = opened.keep(new TSocket("127.0.0.1", port));
    socket.open();
    TCLIService.Client withQuery = new TCLIService.Client(new TBinaryProtocol(socket));
    TOperationHandle query =
        withQuery
            .ExecuteStatement(
                new TExecuteStatementReq(
                    withQuery
                        .OpenSession(
                            new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6))
                        .getSessionHandle(),
                    "select 7"))
            .getOperationHandle();
    SimulatedClient working = client();
    Thread thread = new Thread(() -> work(working), "working");
    thread.setDaemon(true);
    thread.start();
    await().atMost(SOON).until(() -> cluster.coordinator(1).counts().queriesNow() == 1);
    for (int i = 0; i < 6; i++) {
      client();
    }

    cluster.coordinator(2).revive();
    String ended =
        balancer
            .process()
            .awaitLine(
                "that it has ended", line -> line.text().contains("event=rebalance-ended"), SOON)
            .text();
    assertThat(ended).contains("listener=jdbc coordinator=impala-2", "4 sessions were closed");
    // Those who do not close their end are waited for, for two seconds.
    await()
        .atMost(SOON)
        .until(() ->
            balancer.metric("impala_balancer_sessions_ended_total", "termination=\"rebalanced\"")
                == 4);
    assertThat(balancer.get("/api/v1/events").body()).contains("BEGUN", "ENDED", "2 a second");
    // The first idle ones were closed, the last two of eight were not.
    for (SimulatedClient idle : clients.subList(1, 5)) {
      assertThatThrownBy(() -> idle.query("select 1"))
          .as("client %d", clients.indexOf(idle))
          .isInstanceOf(SimulatedClientException.class);
    }
    for (SimulatedClient kept : clients.subList(5, 7)) {
      assertThat(kept.query("select 1")).isEqualTo(List.of(List.of("1")));
    }
    TRowSet rows =
        withQuery
            .FetchResults(new TFetchResultsReq(query, TFetchOrientation.FETCH_NEXT, 10))
            .getResults();
    assertThat(Objects.requireNonNull(rows).getColumnsSize()).isEqualTo(1);
    assertThat(cluster.coordinator(1).counts().queriesNow()).isEqualTo(1);
    for (int i = 0; i < 4; i++) {
      client();
    }
    assertThat(cluster.coordinator(2).counts().sessionsNow()).isEqualTo(4);
  }

  private SimulatedClient client() throws SimulatedClientException {
    SimulatedClient client = SimulatedClient.connect("127.0.0.1", port, SOON);
    clients.add(client);
    client.openSession();
    return client;
  }

  private static void work(SimulatedClient client) {
    try {
      client.query("select work(600000)");
    } catch (SimulatedClientException ended) {
      // The test has.
    }
  }

  private String config(SimulatedCluster cluster) {
    return """
    impala-balancer {
      %s
      listeners = [
        { name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2,
          rebalance { after = 2s, silence = 2s, rate = 2 } }
      ]
      check { downinter = 200ms, fastinter = 200ms, verdict.inter = 200ms }
      log.sessions = off
    }
    """
        .formatted(BalancerProcess.declare(cluster), port);
  }
}
