package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.simulator.Counts;
import io.impalabalancer.simulator.SimulatedClient;
import io.impalabalancer.simulator.SimulatedClientException;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatorOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Coordinators that a name server tells of, which changes its mind and falls silent. */
class DnsDiscoveryIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String ONE = "127.0.0.1";
  private static final String TWO = "127.0.0.2";

  /** Where nobody is. */
  private static final String DEAD = "127.0.0.3";

  private final int port = FreePort.next();
  private final NameServer names = new NameServer();
  @RegisterExtension private final Opened opened = new Opened();
  private final List<SimulatedClient> clients = new ArrayList<>();

  /** Each has one coordinator, of the same ports. */
  private final List<SimulatedCluster> clusters = new ArrayList<>();

  @BeforeEach
  void startCoordinators() throws IOException {
    opened.keep(names);
    int tries = 0;
    while (clusters.size() < 2) {
      int base =
          clusters.isEmpty() ? FreePort.next() : clusters.get(0).coordinator(1).beeswaxPort();
      String address = clusters.isEmpty() ? ONE : TWO;
      SimulatorOptions options =
          SimulatorOptions.builder().coordinators(1).host(address).basePort(base).build();
      try {
        clusters.add(SimulatedCluster.start(options));
      } catch (IOException taken) {
        clusters.forEach(SimulatedCluster::close);
        clusters.clear();
        if (++tries == 20) {
          throw taken;
        }
      }
    }
    clusters.forEach(opened::keep);
  }

  @Test
  void addressesOfANameAreFollowed() throws Exception {
    follows("dns = [impala.test]", ports(), DnsDiscoveryIT::address);
  }

  @Test
  void targetsOfServicesAreFollowedWithTheirPorts() throws Exception {
    follows(
        "srv { hiveserver2 = _hs2._tcp.impala.test, web = _web._tcp.impala.test }",
        "",
        this::services);
  }

  private String ports() {
    return "hiveserver2 = %d, web = %d".formatted(hiveserver2Port(), webPort());
  }

  private int hiveserver2Port() {
    return clusters.get(0).coordinator(1).hiveserver2Port();
  }

  private int webPort() {
    return clusters.get(0).coordinator(1).webPort();
  }

  private static Stream<String> address(String address) {
    return Stream.of("host-record=impala.test," + address);
  }

  private Stream<String> services(String address) {
    return Stream.of(
        "srv-host=_hs2._tcp.impala.test,%s,%d".formatted(address, hiveserver2Port()),
        "srv-host=_web._tcp.impala.test,%s,%d".formatted(address, webPort()));
  }

  /** What the name server says of a coordinator at an address. */
  private interface Records {
    Stream<String> of(String address);
  }

  private void follows(String discover, String ports, Records records) throws Exception {
    List<String> one = records.of(ONE).toList();
    List<String> all = Stream.of(ONE, TWO, DEAD).flatMap(records::of).toList();
    names.answer(one);
    BalancerProcess balancer = start(discover, ports);
    awaitServing(balancer, ONE);
    openSessions(2);
    assertThat(second().sessionsNow()).isZero();

    names.answer(all);
    awaitServing(balancer, ONE, TWO);
    openSessions(4);
    long kept = second().sessionsNow();
    assertThat(kept).as("sessions of the one that appeared").isEqualTo(2);
    assertThat(balancer.process().lines())
        .anyMatch(line -> line.text().contains("event=coordinator-found coordinator=" + DEAD));

    names.answer(one);
    awaitServing(balancer, ONE);
    openSessions(4);
    for (SimulatedClient client : clients) {
      assertThat(client.query("select 1")).isEqualTo(List.of(List.of("1")));
    }
    assertThat(second().sessionsNow()).as("sessions of the one that is gone").isEqualTo(kept);
    assertThat(second().queriesTotal()).as("they live on").isEqualTo(kept);

    names.close();
    double failed = failedRounds(balancer);
    await().atMost(SOON).until(() -> failedRounds(balancer) > failed + 1);
    assertThat(balancer.serving()).as("nobody is lost by silence").containsExactly(ONE);
    openSessions(1);
    clients.forEach(SimulatedClient::close);
    balancer
        .process()
        .awaitLine(
            "that the last session has ended",
            line -> line.text().contains("event=coordinator-removed coordinator=" + TWO),
            SOON);
  }

  private BalancerProcess start(String discover, String ports) {
    return opened.keep(
        BalancerProcess.start(
            """
            impala-balancer {
              discover {
                %s, name-servers = ["127.0.0.1:%d"], interval = 200ms, timeout = 1s, gone-after = 1s
              }
              coordinator-defaults.ports { beeswax = none, hiveserver2-http = none, %s }
              listeners = [
                { name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2, balance = roundrobin }
              ]
              check { inter = 200ms, verdict.inter = 200ms }
              log.sessions = off
            }
            """
                .formatted(discover, names.port(), ports, port)));
  }

  private static void awaitServing(BalancerProcess balancer, String... addresses) {
    Set<String> expected = Set.of(addresses);
    await().atMost(SOON).untilAsserted(() -> assertThat(balancer.serving()).isEqualTo(expected));
  }

  private void openSessions(int count) throws SimulatedClientException {
    for (int i = 0; i < count; i++) {
      SimulatedClient client = SimulatedClient.connect("127.0.0.1", port, SOON);
      clients.add(client);
      opened.keep(client);
      client.openSession();
    }
  }

  /** What the coordinator has seen that comes and goes. */
  private Counts second() {
    return clusters.get(1).coordinator(1).counts();
  }

  private static double failedRounds(BalancerProcess balancer) {
    return balancer.metric("impala_balancer_discovery_rounds_total", "result=\"failed\"");
  }
}
