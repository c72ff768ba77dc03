package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.config.AdminState;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * A coordinator that came back gets sessions of clients that keep their connections, and no client
 * notices that is not idle.
 */
class RebalanceTest extends WireTest {
  private static final String ON = "rebalance { after = 30s, silence = 60s, rate = 2 }";
  private static final int CLIENTS = 10;

  /** A question that takes long. */
  private static final int SLOW = 'q';

  /** The one that has been idle longest first. */
  private final List<Socket> clients = new ArrayList<>();

  private final List<String> told = new CopyOnWriteArrayList<>();
  private Rebalance.Queries queries = sessions -> CompletableFuture.completedFuture(Set.of());

  RebalanceTest() {
    super("auto");
  }

  /** Answers everything but {@link #SLOW} with itself. */
  private static void serve(Socket socket) throws IOException {
    for (int asked = socket.getInputStream().read();
        asked >= 0;
        asked = socket.getInputStream().read()) {
      if (asked != SLOW) {
        socket.getOutputStream().write(asked);
      }
    }
  }

  /** Ten clients on c1, which were answered; c2 comes up after them. */
  private BalancerRig rigWith(String settings) throws IOException {
    int one = keep(new TestServer(RebalanceTest::serve)).port();
    int two = keep(new TestServer(RebalanceTest::serve)).port();
    BalancerRig rig = rig(coordinators("", one, two) + listener(settings));
    rig.coordinator(1).setStatus(Coordinator.Status.DOWN, "test");
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(client(rig));
      rig.advance(Duration.ofSeconds(1));
    }
    rig.coordinator(1).setStatus(Coordinator.Status.UP, "test");
    rig.balancer.addListener(
        new BalancerListener() {
          @Override
          public void rebalance(
              Listener listener, Coordinator coordinator, boolean begins, String reason) {
            told.add(
                listener.name() + " " + coordinator + (begins ? " begins: " : " ends: ") + reason);
          }
        });
    return rig;
  }

  private Socket client(BalancerRig rig) throws IOException {
    Socket client = keep(rig.connect());
    ask(client);
    return client;
  }

  private static void ask(Socket client) throws IOException {
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().read()).isEqualTo('x');
  }

  private Rebalance rebalance(BalancerRig rig) {
    return new Rebalance(rig.balancer, sessions -> queries.running(sessions));
  }

  private static void step(Rebalance rebalance) throws Exception {
    rebalance.step().toCompletableFuture().get(SOON.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** As many seconds as help takes, and more; clients that are closed do not come back. */
  private void steps(BalancerRig rig, Rebalance rebalance) throws Exception {
    for (int i = 0; i < 80; i++) {
      stepWithout(rig, rebalance);
      rig.advance(Duration.ofSeconds(1));
    }
  }

  private void stepWithout(BalancerRig rig, Rebalance rebalance) throws Exception {
    step(rebalance);
    List<SessionSnapshot> sessions =
        rig.balancer.snapshot().toCompletableFuture().get(SOON.toMillis(), TimeUnit.MILLISECONDS);
    int closing = (int) sessions.stream().filter(each -> each.termination() != null).count();
    for (int i = 0; i < closing; i++) {
      assertClosed(clients.remove(0));
    }
    rig.awaitSessions(sessions.size() - closing);
  }

  private static void assertClosed(Socket client) throws IOException {
    assertThat(client.getInputStream().read()).as("end of file").isEqualTo(-1);
    client.close();
  }

  @Test
  void theLongestIdleAreClosedAFewASecondUntilItHasItsShare() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    step(rebalance);
    rig.advance(Duration.ofSeconds(60));
    step(rebalance);
    assertThat(told)
        .containsExactly(
            "l c2 begins: it has had less than half of its share for 30 s, now 0 of 5: 5 sessions of"
                + " others, idle for 60 s or more, are closed, 2 a second");
    int next = 0;
    for (int closing : new int[] {2, 2, 1}) {
      step(rebalance);
      for (int i = 0; i < closing; i++) {
        assertClosed(clients.get(next++));
      }
      rig.awaitSessions(CLIENTS - closing);
      for (int i = 0; i < closing; i++) {
        client(rig);
      }
    }
    assertThat(rig.coordinator(1).sessions()).isEqualTo(5);
    step(rebalance);
    assertThat(told).hasSize(2);
    assertThat(told.get(1))
        .isEqualTo("l c2 ends: 5 sessions were closed: it has its share, 5 sessions");
    assertThat(rig.terminations.get(Termination.REBALANCED)).hasValue(5);
    steps(rig, rebalance);
    assertThat(told).hasSize(2);
    for (Socket rest : clients.subList(5, CLIENTS)) {
      ask(rest);
    }
  }

  @Test
  void whoSaysSomethingBeforeItsTurnIsLeftAlone() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    step(rebalance);
    rig.advance(Duration.ofSeconds(60));
    step(rebalance);
    assertThat(told).hasSize(1);
    for (Socket client : clients) {
      ask(client);
    }
    for (int i = 0; i < 4; i++) {
      step(rebalance);
    }
    assertThat(told).hasSize(2);
    assertThat(told.get(1)).startsWith("l c2 ends: 0 sessions were closed: no other was idle");
    assertThat(rig.ended).isEmpty();
  }

  @Test
  void whoWaitsForAnAnswerIsLeftAlone() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    for (Socket client : clients) {
      client.getOutputStream().write(SLOW);
    }
    await().atMost(SOON).until(() -> rig.counters(0).bytesToCoordinator() == 2L * CLIENTS);
    steps(rig, rebalance);
    assertThat(told).isEmpty();
    assertThat(rig.ended).isEmpty();
  }

  @Test
  void whoRunsAQueryIsLeftAlone() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    queries =
        sessions ->
            CompletableFuture.completedFuture(
                sessions.stream().map(SessionSnapshot::id).collect(Collectors.toSet()));
    steps(rig, rebalance);
    assertThat(told).isEmpty();
    queries = sessions -> CompletableFuture.failedFuture(new IOException("no such page"));
    steps(rig, rebalance);
    assertThat(told).as("where nobody knows of queries, silence decides").hasSize(2);
    assertThat(rig.terminations.get(Termination.REBALANCED)).hasValue(5);
  }

  @Test
  void clientsThatDoNotComeBackAreNotWaitedFor() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    steps(rig, rebalance);
    steps(rig, rebalance);
    assertThat(told).hasSize(2);
    assertThat(told.get(1))
        .isEqualTo(
            "l c2 ends: 5 sessions were closed: no other was idle when it began; it has 0 of 2"
                + " sessions");
    assertThat(rig.terminations.get(Termination.REBALANCED)).hasValue(5);
    // Once it has had its share and lost it, it is helped again.
    List<Socket> back = List.of(client(rig), client(rig));
    step(rebalance);
    rig.balancer.closeSessions(rig.coordinator(1), Termination.KILLED);
    for (Socket client : back) {
      assertClosed(client);
    }
    rig.awaitSessions(CLIENTS - 5);
    steps(rig, rebalance);
    assertThat(told).hasSize(4);
  }

  @Test
  void oneThatTakesNoSessionsIsNotHelped() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    rig.coordinator(1).setAdminState(AdminState.DRAIN, "test");
    steps(rig, rebalance);
    assertThat(told).isEmpty();
    rig.coordinator(1).setAdminState(AdminState.READY, "test");
    step(rebalance);
    rig.advance(Duration.ofSeconds(30));
    step(rebalance);
    stepWithout(rig, rebalance);
    rig.coordinator(1).setAdminState(AdminState.DRAIN, "test");
    steps(rig, rebalance);
    assertThat(told).hasSize(2);
    assertThat(told.get(1))
        .isEqualTo("l c2 ends: 2 sessions were closed: it takes no more sessions");
  }

  @Test
  void whoCouldNotComeBackIsLeftAlone() throws Exception {
    BalancerRig rig = rigWith(ON);
    Rebalance rebalance = rebalance(rig);
    Listener listener = rig.balancer.listeners().get(0);
    listener.disable("test");
    steps(rig, rebalance);
    assertThat(told).isEmpty();
    listener.enable("test");
    step(rebalance);
    rig.advance(Duration.ofSeconds(30));
    step(rebalance);
    assertThat(told).hasSize(1);
    rig.balancer.stopAccepting();
    steps(rig, rebalance);
    assertThat(told).hasSize(2);
    assertThat(told.get(1)).startsWith("l c2 ends: 0 sessions were closed: the listener takes no");
    assertThat(rig.ended).isEmpty();
  }

  @Test
  void nothingIsClosedUnlessItIsAskedFor() throws Exception {
    BalancerRig rig = rigWith("");
    Rebalance rebalance = rebalance(rig);
    steps(rig, rebalance);
    assertThat(told).isEmpty();
    assertThat(rig.ended).isEmpty();
  }
}
