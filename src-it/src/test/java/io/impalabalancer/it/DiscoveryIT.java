package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A cluster whose coordinators nobody declares, and who come and go. */
class DiscoveryIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();

  /** Each test starts its own. */
  @SuppressWarnings("NullAway.Init")
  private Simulator cluster;

  private String config(String goneAfter) {
    return """
    impala-balancer {
      discover { seeds = ["http://127.0.0.1:%d"], interval = 200ms, gone-after = %s }
      listeners = [
        { name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2, balance = roundrobin, pool = p }
      ]
      pools.p = ["impala-[1-3].*", { coordinator = "impala-4.*", weight = 50 }]
      check { inter = 200ms, downinter = 500ms }
      state-file = "%s"
      log.sessions = off
    }
    """
        .formatted(cluster.port(1, "web"), goneAfter, port, directory.resolve("state"));
  }

  private String name(int number) {
    return "impala-%d:%d".formatted(number, cluster.port(number, "web"));
  }

  private BalancerProcess start(String goneAfter) {
    return opened.keep(BalancerProcess.start(config(goneAfter)));
  }

  private void awaitServing(BalancerProcess balancer, Integer... numbers) {
    Set<String> expected =
        List.of(numbers).stream().map(this::name).collect(Collectors.toCollection(TreeSet::new));
    await().atMost(SOON).untilAsserted(() -> assertThat(balancer.serving()).isEqualTo(expected));
  }

  /** Opens a session that a coordinator has accepted. */
  private Socket session() throws IOException {
    Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout((int) SOON.toMillis());
    // The beginning of a login, which the coordinator waits for the rest of.
    client.getOutputStream().write(1);
    return client;
  }

  private static double sessions(BalancerProcess balancer, String name) {
    return balancer.metrics().entrySet().stream()
        .filter(each ->
            each.getKey()
                .equals("impala_balancer_coordinator_sessions{coordinator=\"" + name + "\"}"))
        .mapToDouble(Map.Entry::getValue)
        .findFirst()
        .orElse(-1);
  }

  @Test
  void oneThatAppearsIsUsedAndOneThatIsGoneIsDrained() throws Exception {
    cluster = opened.keep(Simulator.start(4));
    cluster.order(1, 4, "unhealthy");
    BalancerProcess balancer = start("1s");
    awaitServing(balancer, 1, 2, 3);
    cluster.order(1, 4, "healthy");
    awaitServing(balancer, 1, 2, 3, 4);
    for (int i = 0; i < 8; i++) {
      session();
    }
    await().atMost(SOON).untilAsserted(() -> assertThat(sessions(balancer, name(4))).isPositive());
    // It lives on, but the statestore has lost it.
    cluster.order(1, 4, "unhealthy");
    awaitServing(balancer, 1, 2, 3);
    double before = sessions(balancer, name(4));
    assertThat(before).as("its sessions live on").isPositive();
    for (int i = 0; i < 6; i++) {
      session();
    }
    await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(balancer.metric("impala_balancer_sessions")).isEqualTo(14));
    assertThat(sessions(balancer, name(4))).isEqualTo(before);
    assertThat(balancer.metric("impala_balancer_discovery_coordinators")).isEqualTo(3);
    assertThat(lines(balancer))
        .contains("event=coordinator-found coordinator=" + name(4))
        .contains("event=coordinator-gone coordinator=" + name(4));
  }

  @Test
  void theSeedsMayDieOneByOneAndAllAtOnce() throws Exception {
    cluster = opened.keep(Simulator.start(4));
    cluster.order(1, 4, "unhealthy");
    BalancerProcess balancer = start("1h");
    awaitServing(balancer, 1, 2, 3);
    cluster.order(1, 1, "die");
    awaitServing(balancer, 2, 3);
    cluster.order(2, 4, "healthy");
    awaitServing(balancer, 2, 3, 4);
    cluster.order(3, 2, "die");
    cluster.order(3, 1, "revive");
    awaitServing(balancer, 1, 3, 4);
    double answered =
        balancer.metric("impala_balancer_discovery_rounds_total", "result=\"failed\"");
    for (int number : new int[] {1, 3, 4}) {
      cluster.order(number, number, "lie?how=html&page=/backends");
    }
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(
                    balancer.metric("impala_balancer_discovery_rounds_total", "result=\"failed\""))
                .isGreaterThan(answered + 2));
    assertThat(balancer.serving()).containsExactly(name(1), name(3), name(4));
    balancer.signal("KILL");
    BalancerProcess again = start("1h");
    awaitServing(again, 1, 3, 4);
    assertThat(lines(again)).contains("event=state-restored", "event=discovery-problem");
  }

  @Test
  void aReloadKeepsWhatWasFoundAndAnUpgradeHandsItOver() throws Exception {
    cluster = opened.keep(Simulator.start(2));
    BalancerProcess balancer = start("1h");
    awaitServing(balancer, 1, 2);
    session();
    await().atMost(SOON).until(() -> balancer.metric("impala_balancer_sessions") == 1);
    assertThat(balancer.reload(config("1h") + "\nimpala-balancer.maxconn = 77"))
        .contains("result=ok by=SIGHUP");
    assertThat(balancer.serving()).containsExactly(name(1), name(2));
    assertThat(balancer.upgrade()).contains("result=ok");
    awaitServing(balancer, 1, 2);
    assertThat(
            balancer.reload(
                """
                impala-balancer {
                  coordinators = [
                    { name = one, host = 127.0.0.1, ports.hiveserver2 = %d, ports.web = %d }
                  ]
                  log.sessions = off
                  listeners = [{ name = jdbc, protocol = hiveserver2, bind = "127.0.0.1:%d" }]
                }
                """
                    .formatted(cluster.port(1, "hiveserver2"), cluster.port(1, "web"), port)))
        .contains("result=ok");
    await().atMost(SOON).until(() -> balancer.serving().equals(Set.of("one")));
  }

  private static String lines(BalancerProcess balancer) {
    return balancer.process().lines().stream()
        .map(ChildProcess.Line::text)
        .collect(Collectors.joining("\n"));
  }
}
