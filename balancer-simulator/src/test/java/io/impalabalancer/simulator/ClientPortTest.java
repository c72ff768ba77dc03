package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The accept queue: logins, service threads, and what happens when either runs out. */
class ClientPortTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private @Nullable SimulatedCoordinator started;

  @AfterEach
  void close() {
    if (started != null) {
      started.close();
    }
  }

  private SimulatedCoordinator start(SimulatorOptions.Builder options) throws Exception {
    SimulatedCoordinator coordinator = SimulatedCoordinator.start("impala-1", options.build());
    started = coordinator;
    return coordinator;
  }

  private static Counts.Port counts(SimulatedCoordinator coordinator) {
    return coordinator.counts().hiveserver2();
  }

  private static SimulatedClient connect(SimulatedCoordinator coordinator)
      throws SimulatedClientException {
    return SimulatedClient.connect("127.0.0.1", coordinator.hiveserver2Port(), TIMEOUT);
  }

  private static List<List<String>> selectOne(SimulatedCoordinator coordinator) {
    try (SimulatedClient client = connect(coordinator)) {
      client.openSession();
      return client.query("select 1");
    } catch (SimulatedClientException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aConnectionAboveTheServiceThreadsWaitsUntilOneIsFree() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder().feServiceThreads(2));
    try (SimulatedClient stays = connect(coordinator)) {
      stays.openSession();
      CompletableFuture<List<List<String>>> answer;
      try (SimulatedClient leaves = connect(coordinator)) {
        leaves.openSession();
        answer = CompletableFuture.supplyAsync(() -> selectOne(coordinator));
        await().until(() -> counts(coordinator).connectionsWaiting() == 1);
        assertThat(counts(coordinator).connectionsNow()).isEqualTo(2);
        assertThat(stays.query("select 1")).hasSize(1);
        assertThat(answer).isNotDone();
      }
      assertThat(answer.get(10, TimeUnit.SECONDS)).hasSize(1);
      assertThat(counts(coordinator).connectionsWaiting()).isZero();
    }
  }

  @Test
  void aConnectionThatWaitsTooLongForAThreadIsClosed() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().feServiceThreads(1).acceptTimeout(Duration.ofMillis(50)));
    try (SimulatedClient first = connect(coordinator);
        SimulatedClient second = connect(coordinator)) {
      first.openSession();
      assertThatThrownBy(second::openSession)
          .isInstanceOfSatisfying(
              SimulatedClientException.class,
              e -> assertThat(e.reason()).isEqualTo(SimulatedClientException.Reason.CUT));
      assertThat(counts(coordinator).connectionsTimedOut()).isEqualTo(1);
      assertThat(first.query("select 1")).hasSize(1);
    }
  }

  @Test
  void twoSilentClientsBlockEveryLogin() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder());
    try (Socket silent =
            new Socket(InetAddress.getLoopbackAddress(), coordinator.hiveserver2Port());
        Socket halfway =
            new Socket(InetAddress.getLoopbackAddress(), coordinator.hiveserver2Port())) {
      // START, and then nothing.
      halfway.getOutputStream().write(1);
      await().until(() -> counts(coordinator).connectionsWaiting() == 2);
      CompletableFuture<List<List<String>>> answer =
          CompletableFuture.supplyAsync(() -> selectOne(coordinator));
      await().until(() -> counts(coordinator).connectionsWaiting() == 3);
      assertThat(counts(coordinator).rpcs()).isZero();
      assertThat(answer).isNotDone();

      silent.shutdownOutput();
      assertThat(answer.get(10, TimeUnit.SECONDS)).hasSize(1);
      assertThat(counts(coordinator).setupFailures()).isEqualTo(1);
    }
  }

  @Test
  void aSilentClientIsClosedWhenItsTimeIsOver() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().setupTimeout(Duration.ofMillis(50)));
    try (Socket silent =
        new Socket(InetAddress.getLoopbackAddress(), coordinator.hiveserver2Port())) {
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
      await().until(() -> counts(coordinator).setupFailures() == 1);
      assertThat(counts(coordinator).loginFailures()).isZero();
    }
  }

  @Test
  void aClientOfAnotherProtocolIsClosedAtOnce() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder());
    try (Socket http =
        new Socket(InetAddress.getLoopbackAddress(), coordinator.hiveserver2Port())) {
      http.getOutputStream().write('G');
      assertThat(http.getInputStream().read()).isEqualTo(-1);
      await().until(() -> counts(coordinator).loginFailures() == 1);
      assertThat(counts(coordinator).connectionsWaiting()).isZero();
    }
  }

  @Test
  void anotherMechanismThanPlainIsRefusedByName() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder());
    try (Socket kerberos =
        new Socket(InetAddress.getLoopbackAddress(), coordinator.hiveserver2Port())) {
      kerberos
          .getOutputStream()
          .write("\001\000\000\000\006GSSAPI".getBytes(StandardCharsets.US_ASCII));
      InputStream answer = kerberos.getInputStream();
      assertThat(answer.read()).isEqualTo(3);
      assertThat(new String(answer.readAllBytes(), StandardCharsets.UTF_8))
          .endsWith("Unsupported mechanism type GSSAPI");
      await().until(() -> counts(coordinator).loginFailures() == 1);
    }
  }

  @Test
  void aLoginWithoutAPasswordIsRefused() throws Exception {
    SimulatedCoordinator coordinator = start(SimulatorOptions.builder());
    try (TTransport plain = Hs2.plain(coordinator.hiveserver2Port(), "alice", "")) {
      assertThatThrownBy(plain::open).isInstanceOf(TTransportException.class);
    }
    await().until(() -> counts(coordinator).loginFailures() == 1);
  }

  private static void bareConnect(int port) throws Exception {
    new Socket(InetAddress.getLoopbackAddress(), port).close();
  }

  @Test
  void aBareConnectToABeeswaxPortWithoutLoginMakesASession() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().authentication(Authentication.NOSASL));
    bareConnect(coordinator.beeswaxPort());
    bareConnect(coordinator.hiveserver2Port());
    await().until(() -> coordinator.counts().sessionsTotal() == 1);
    await().until(() -> coordinator.counts().sessionsNow() == 0);
    await().until(() -> coordinator.counts().connectionsTotal() == 2);
    assertThat(coordinator.counts().beeswax().setupFailures()).isZero();
    assertThat(counts(coordinator).setupFailures()).isZero();
  }

  @Test
  void aBareConnectToAPortWithLoginIsAFailedSetup() throws Exception {
    SimulatedCoordinator coordinator =
        start(SimulatorOptions.builder().authentication(Authentication.PLAIN));
    bareConnect(coordinator.beeswaxPort());
    await().until(() -> coordinator.counts().beeswax().setupFailures() == 1);
    assertThat(coordinator.counts().sessionsTotal()).isZero();
    try (SimulatedClient nosasl = connect(coordinator)) {
      assertThatThrownBy(nosasl::openSession).isInstanceOf(SimulatedClientException.class);
    }
    await().until(() -> counts(coordinator).loginFailures() == 1);
  }

  @Test
  void theTimeToWaitForAThreadBeginsWithTheAccept() throws Exception {
    SimulatedCoordinator coordinator =
        start(
            SimulatorOptions.builder()
                .feServiceThreads(1)
                .acceptTimeout(Duration.ofSeconds(2))
                .authentication(Authentication.NOSASL));
    try (SimulatedClient first = connect(coordinator)) {
      first.openSession();
      List<SimulatedClient> waiting =
          List.of(connect(coordinator), connect(coordinator), connect(coordinator));
      // Two setup threads wait for a thread; the third client is not even looked at until they end.
      await().until(() -> counts(coordinator).connectionsTimedOut() >= 2);
      await()
          .atMost(Duration.ofMillis(1800))
          .until(() -> counts(coordinator).connectionsTimedOut() == 3);
      waiting.forEach(SimulatedClient::close);
      assertThat(counts(coordinator).connectionsNow()).isEqualTo(1);
    }
  }
}
