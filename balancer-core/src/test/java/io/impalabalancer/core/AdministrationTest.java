package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.AdminState;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What people do to a balancer while it runs. */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class AdministrationTest extends WireTest {

  AdministrationTest(String wire) {
    super(wire);
  }

  /** Connects and sees bytes come back, so that the session relays. */
  private Socket relayed(BalancerRig rig) throws IOException {
    Socket client = keep(rig.connect());
    client.getOutputStream().write(new byte[] {1, 2, 3});
    assertThat(client.getInputStream().readNBytes(3)).hasSize(3);
    return client;
  }

  private static <T> T await(CompletionStage<T> answer) throws Exception {
    return answer.toCompletableFuture().get(SOON.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static Member member(BalancerRig rig, int index) {
    return rig.balancer.listeners().get(0).pool().members().get(index);
  }

  @Test
  void everyLivingSessionIsToldOfAsItIs() throws Exception {
    List<String> seenByCoordinator = new ArrayList<>();
    TestServer echo =
        keep(
            new TestServer(socket -> {
              seenByCoordinator.add(String.valueOf(socket.getPort()));
              TestServer.copy(socket);
            }));
    BalancerRig rig = rig(coordinators("", echo.port()) + listener("dial = on-first-bytes"));
    Socket speaking = relayed(rig);
    Socket silent = keep(rig.connect());
    rig.awaitSessions(2);
    rig.advance(Duration.ofSeconds(7));
    List<SessionSnapshot> sessions = await(rig.balancer.snapshot());
    assertThat(sessions).hasSize(2).isSortedAccordingTo((a, b) -> Long.compare(a.id(), b.id()));
    SessionSnapshot relaying = sessions.get(0);
    assertThat(relaying.phase()).isEqualTo(Phase.DATA);
    assertThat(relaying.coordinator()).isSameAs(rig.coordinator(0));
    assertThat(relaying.listener().name()).isEqualTo("l");
    assertThat(relaying.clientAddress().getPort()).isEqualTo(speaking.getLocalPort());
    assertThat(requireNonNull(relaying.listenerAddress()).getPort()).isEqualTo(rig.port());
    assertThat(seenByCoordinator)
        .containsExactly(String.valueOf(requireNonNull(relaying.localAddress()).getPort()));
    assertThat(relaying.age()).isEqualTo(Duration.ofSeconds(7));
    assertThat(relaying.idle()).isEqualTo(Duration.ofSeconds(7));
    assertThat(relaying.bytesToClient()).isEqualTo(3);
    assertThat(relaying.bytesToCoordinator()).isEqualTo(3);
    assertThat(relaying.termination()).isNull();
    SessionSnapshot waiting = sessions.get(1);
    assertThat(waiting.phase()).isEqualTo(Phase.FIRST_BYTES);
    assertThat(waiting.clientAddress().getPort()).isEqualTo(silent.getLocalPort());
    assertThat(waiting.coordinator()).isNull();
    assertThat(waiting.localAddress()).isNull();
  }

  @Test
  void manySessionsAreAllToldOf() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener("dial = on-first-bytes"));
    for (int i = 0; i < 700; i++) {
      keep(rig.connect());
    }
    rig.awaitSessions(700);
    assertThat(await(rig.balancer.snapshot())).extracting(SessionSnapshot::id).hasSize(700);
  }

  @Test
  void oneSessionIsClosedByItsId() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener(""));
    Socket first = relayed(rig);
    Socket second = relayed(rig);
    long id = await(rig.balancer.snapshot()).get(0).id();
    assertThat(await(rig.balancer.closeSession(id, Termination.KILLED))).isEqualTo(1);
    assertThat(first.getInputStream().read()).isEqualTo(-1);
    first.close();
    SessionView ended = rig.awaitEnded(1);
    assertThat(ended.id()).isEqualTo(id);
    assertThat(requireNonNull(ended.termination()).letters(ended.phase())).isEqualTo("KD");
    assertThat(await(rig.balancer.closeSession(id, Termination.KILLED))).isZero();
    second.getOutputStream().write(9);
    assertThat(second.getInputStream().read()).isEqualTo(9);
  }

  @Test
  void theSessionsOfOneListenerOnOneCoordinatorAreClosed() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", one.port(), two.port()) + listener(""));
    for (int i = 0; i < 6; i++) {
      relayed(rig);
    }
    Listener listener = rig.balancer.listeners().get(0);
    assertThat(await(rig.balancer.closeSessions(listener, rig.coordinator(1), Termination.KILLED)))
        .isEqualTo(3);
    rig.advance(Duration.ofSeconds(3));
    Awaitility.await().atMost(SOON).until(() -> rig.coordinator(1).sessions() == 0);
    assertThat(rig.coordinator(0).sessions()).isEqualTo(3);
  }

  @Test
  void aWeightSetWhileItRunsChangesWhoIsChosenAndSaysWhoSetIt() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", one.port(), two.port()) + listener(""));
    member(rig, 0).setWeight(0, "night shift");
    relayed(rig);
    relayed(rig);
    assertThat(rig.coordinator(1).sessions()).isEqualTo(2);
    assertThat(member(rig, 0).weight()).isZero();
    assertThat(member(rig, 0).configuredWeight()).isEqualTo(100);
    assertThat(member(rig, 0).weightReason()).isEqualTo("night shift");
    CoordinatorEvent event = rig.events.get(rig.events.size() - 1);
    assertThat(event.axis()).isEqualTo(CoordinatorEvent.Axis.WEIGHT);
    assertThat(event.subject()).isEqualTo("all");
    assertThat(event.from() + " to " + event.to()).isEqualTo("100 to 0");
    assertThat(event.reason()).isEqualTo("night shift");
    member(rig, 0).setWeight(100, "day shift");
    relayed(rig);
    assertThat(rig.coordinator(0).sessions()).isEqualTo(1);
    assertThatThrownBy(() -> member(rig, 0).setWeight(257, "too much"))
        .hasMessage("weight: 257 (expected: 0 to 256)");
  }

  @Test
  void aCoordinatorsLimitIsRaisedForWhoWaits() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("maxconn = 1", echo.port()) + listener(""));
    relayed(rig);
    Socket waiting = keep(rig.connect());
    waiting.getOutputStream().write('w');
    Listener listener = rig.balancer.listeners().get(0);
    Awaitility.await().atMost(SOON).until(() -> listener.queued() == 1);
    rig.coordinator(0).setMaxconn(2, "test");
    assertThat(waiting.getInputStream().read()).isEqualTo('w');
    assertThat(listener.queuedMax()).isEqualTo(1);
  }

  @Test
  void theLimitsOfAListenerAndOfAllAreRaisedForWhoWaits() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig("maxconn = 2\n" + coordinators("", echo.port()) + listener("maxconn = 1"));
    relayed(rig);
    Socket second = keep(rig.connect());
    second.getOutputStream().write('2');
    rig.balancer.listeners().get(0).setMaxconn(10, "test");
    assertThat(second.getInputStream().read()).isEqualTo('2');
    Socket third = keep(rig.connect());
    third.getOutputStream().write('3');
    rig.balancer.setMaxconn(10, "test");
    assertThat(third.getInputStream().read()).isEqualTo('3');
  }

  @Test
  void aDisabledListenerRefusesUntilItIsEnabled() throws Exception {
    TestServer echo = keep(TestServer.echo());
    int port = TestServer.closedPort();
    BalancerRig rig =
        rig(
            coordinators("", echo.port())
                + "listeners = [{ name = l, protocol = tcp, bind = \"127.0.0.1:"
                + port
                + "\" }]");
    Listener listener = rig.balancer.listeners().get(0);
    Socket before = relayed(rig);
    listener.disable("test");
    assertThat(listener.enabled()).isFalse();
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port))
        .isInstanceOf(ConnectException.class);
    before.getOutputStream().write(5);
    assertThat(before.getInputStream().read()).as("running sessions live on").isEqualTo(5);
    rig.coordinator(0).setAdminState(AdminState.DRAIN, "test");
    rig.coordinator(0).setAdminState(AdminState.READY, "test");
    assertThat(listener.addresses()).as("a change of state enables nothing").isEmpty();
    listener.enable("test");
    relayed(rig);
  }

  @Test
  void aListenerWhoseAddressWasTakenMeanwhileStaysDisabledAndSaysWhy() throws Exception {
    TestServer echo = keep(TestServer.echo());
    int port = TestServer.closedPort();
    BalancerRig rig =
        rig(
            coordinators("", echo.port())
                + "listeners = [{ name = l, protocol = tcp, bind = \"127.0.0.1:"
                + port
                + "\" }]");
    Listener listener = rig.balancer.listeners().get(0);
    listener.disable("test");
    keep(new TestServer(port, TestServer::copy));
    assertThatThrownBy(() -> listener.enable("test"))
        .isInstanceOf(BindException.class)
        .hasMessageContaining("127.0.0.1:" + port);
    assertThat(listener.enabled()).isFalse();
  }

  @Test
  void theMostSessionsBeginAnewWhenClearedAndTheMostEverStays() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener(""));
    Listener listener = rig.balancer.listeners().get(0);
    Socket first = relayed(rig);
    Socket second = relayed(rig);
    relayed(rig);
    first.close();
    second.close();
    rig.awaitSessions(1);
    assertThat(listener.sessionsMax()).isEqualTo(3);
    assertThat(rig.counters(0).sessionsMax()).isEqualTo(3);
    listener.clearMax();
    assertThat(listener.sessionsMax()).isEqualTo(1);
    assertThat(rig.counters(0).sessionsMax()).isEqualTo(1);
    assertThat(rig.counters(0).sessionsPeak()).isEqualTo(3);
  }
}
