package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.core.FakeWires.FakeWire;
import io.netty.channel.ChannelException;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a session decides, without a socket. */
class SessionTest {
  private final MockTicker clock = Ticker.newMockTicker();
  private final FakeWires wires = new FakeWires();
  private final List<SessionView> ended = new ArrayList<>();
  private final List<SessionView> alive = new CopyOnWriteArrayList<>();
  private final Balancer balancer = newBalancer();
  private final Loop loop = balancer.loops().next();

  private Balancer newBalancer() {
    try {
      return new Balancer(
          ConfigLoader.parse(
                  "test.conf",
                  "impala-balancer { stats.bind = none, threads = 1\n"
                      + BalancerRig.coordinators("maxconn = 1", 9001)
                      + BalancerRig.listener("dial = on-first-bytes, retries = 0, log-after = 1h")
                      + "}")
              .config(),
          clock,
          InetAddress::getAllByName,
          wires);
    } catch (ConfigException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeEach
  void start() {
    balancer.addListener(
        new BalancerListener() {
          @Override
          public void sessionEnded(SessionView session) {
            ended.add(session);
          }

          @Override
          public void sessionAlive(SessionView session) {
            alive.add(session);
          }
        });
    balancer.coordinators().get(0).setStatus(Coordinator.Status.UP, "test");
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(balancer.coordinators().get(0).sessions()).isZero();
    assertThat(balancer.loops().timers()).isZero();
    assertThat(balancer.heldBytes()).isZero();
    balancer.close();
  }

  private void onLoop(Runnable action) {
    loop.eventLoop().submit(action).syncUninterruptibly();
  }

  /** Lets timers that are due fire: two ticks of the wheel pass in real time. */
  private void letTimersFire() {
    loop.eventLoop()
        .schedule(() -> {}, 2 * TimerWheel.TICK_NANOS, TimeUnit.NANOSECONDS)
        .syncUninterruptibly();
  }

  /** A client of a new session. */
  private FakeWire accept() {
    return accept(true);
  }

  private FakeWire accept(boolean room) {
    Listener listener = balancer.listeners().get(0);
    assertThat(listener.admit()).isTrue();
    Session session =
        listener.accepted(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1234));
    FakeWire wire = new FakeWire(session.clientSide());
    wire.room = room;
    onLoop(() -> session.start(wire));
    return wire;
  }

  private void await(Runnable assertion) {
    Awaitility.await().atMost(BalancerRig.SOON).untilAsserted(assertion::run);
  }

  @Test
  void nobodyIsDialledUntilTheClientSpeaksAndWhatItSaidIsSentFirst() {
    FakeWire client = accept();
    assertThat(wires.dialled).isEmpty();
    onLoop(() -> client.arrive("hello "));
    FakeWire server = wires.dialled.get(0);
    assertThat(server.connectedTo).hasToString("/127.0.0.1:9001");
    onLoop(() -> client.arrive("world"));
    assertThat(server.sent).isEmpty();
    onLoop(server.relay::onConnected);
    assertThat(server.sent).hasToString("hello world");
    onLoop(client::end);
    onLoop(server::end);
    assertThat(ended.get(0).termination()).isEqualTo(Termination.COMPLETED);
    assertThat(client.closed && server.closed).isTrue();
  }

  @Test
  void theEndOfASideIsPassedOnAfterTheBytesBeforeIt() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    client.takesNothing = true;
    onLoop(() -> server.arrive("answer"));
    onLoop(server::end);
    assertThat(client.finSent).isFalse();
    onLoop(client::drain);
    assertThat(client.sent).hasToString("answer");
    assertThat(client.finSent).isTrue();
    onLoop(client::end);
    assertThat(ended.get(0).bytesToClient()).isEqualTo(6);
  }

  @Test
  void whatTheClientSaidBeforeItHadACoordinatorGoesOutBeforeItsEnd() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("question"));
    onLoop(client::end);
    FakeWire server = wires.dialled.get(0);
    server.takesNothing = true;
    onLoop(server.relay::onConnected);
    assertThat(server.finSent).isFalse();
    onLoop(server::drain);
    assertThat(server.sent).hasToString("question");
    assertThat(server.finSent).isTrue();
    onLoop(server::end);
  }

  @Test
  void nothingIsReadWhileTheOtherSideHoldsBytes() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    client.takesNothing = true;
    onLoop(() -> server.arrive("one"));
    onLoop(() -> server.arrive("two"));
    assertThat(server.toRead).containsExactly("two");
    onLoop(client::drain);
    assertThat(client.sent).hasToString("onetwo");
    onLoop(client::end);
    onLoop(server::end);
  }

  @Test
  void keepaliveOfTheCoordinatorsSideIsSetAtThirtySeconds() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    clock.advance(29, TimeUnit.SECONDS);
    onLoop(() -> {});
    assertThat(server.keepalives).isZero();
    clock.advance(2, TimeUnit.SECONDS);
    await(() -> assertThat(server.keepalives).isEqualTo(1));
    onLoop(client::end);
    onLoop(server::end);
  }

  @Test
  void aSessionThatGrowsOldIsToldOnceAsItIsThen() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("question"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    clock.advance(59, TimeUnit.MINUTES);
    letTimersFire();
    assertThat(alive).isEmpty();
    clock.advance(2, TimeUnit.MINUTES);
    await(() -> assertThat(alive).hasSize(1));
    SessionView then = alive.get(0);
    clock.advance(2, TimeUnit.HOURS);
    letTimersFire();
    onLoop(() -> server.arrive("answer"));
    onLoop(client::end);
    onLoop(server::end);
    assertThat(alive).hasSize(1);
    assertThat(then.termination()).isNull();
    assertThat(then.durationNanos()).isBetween(3_600_000_000_000L, 3_700_000_000_000L);
    assertThat(then.bytesToCoordinator()).isEqualTo(8);
    assertThat(then.bytesToClient()).isZero();
    assertThat(ended.get(0).bytesToClient()).isEqualTo(6);
  }

  @Test
  void anEndAfterALongSilenceLeavesTheOtherSideItsFullTime() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    clock.advance(1, TimeUnit.HOURS);
    onLoop(client::end);
    clock.advance(29, TimeUnit.SECONDS);
    letTimersFire();
    onLoop(() -> server.arrive("answer"));
    onLoop(server::end);
    assertThat(client.sent).hasToString("answer");
    assertThat(ended.get(0).termination()).isEqualTo(Termination.COMPLETED);
  }

  @Test
  void aResetAfterAnEndIsPassedOnAtOnce() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    onLoop(client::end);
    assertThat(ended).isEmpty();
    client.peerBroken = true;
    onLoop(client.relay::onReadable);
    assertThat(server.wasReset).isTrue();
    assertThat(ended.get(0).termination()).isEqualTo(Termination.CLIENT_RESET);
  }

  @Test
  void aResetInLineIsHeardAlsoWhenNoMoreIsRead() {
    FakeWire first = accept();
    onLoop(() -> first.arrive("q"));
    FakeWire second = accept();
    onLoop(() -> second.arrive("q".repeat(HeldBytes.READ_MAX_BYTES)));
    assertThat(balancer.listeners().get(0).queued()).isEqualTo(1);
    second.peerBroken = true;
    onLoop(second.relay::onReadable);
    assertThat(balancer.listeners().get(0).queued()).isZero();
    assertThat(ended.get(0).termination()).isEqualTo(Termination.CLIENT_LEFT);
    onLoop(() -> wires.dialled.get(0).relay.onConnectFailed(ConnectFailure.REFUSED));
    onLoop(first::end);
  }

  @Test
  void withoutADescriptorToDialWithTheSessionEndsAndKeepsNoSlot() {
    wires.failure = new ChannelException("Failed to open a socket.");
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    onLoop(client::end);
    assertThat(ended.get(0).termination()).isEqualTo(Termination.NO_RESOURCES);
    assertThat(balancer.coordinators().get(0).sessions()).isZero();
  }

  @Test
  void aClientForWhomItsLoopHasNoRoomIsASessionThatEnds() {
    accept(false);
    assertThat(ended.get(0).termination()).isEqualTo(Termination.NO_RESOURCES);
    assertThat(balancer.sessions()).isZero();
  }

  @Test
  void aPlaceThatIsTakenForWhoMayComeIsNoSessionYet() {
    FakeWire client = accept();
    Listener listener = balancer.listeners().get(0);
    // As an acceptor does, on a loop of its own, before it asks the kernel.
    assertThat(listener.admit()).isTrue();
    onLoop(client::end);
    listener.dismiss();
    assertThat(ended.get(0).listenerSessions()).isEqualTo(1);
    assertThat(ended.get(0).balancerSessions()).isEqualTo(1);
    assertThat(listener.sessionsMax()).isEqualTo(1);
  }

  @Test
  void aDefectWhileALineIsServedEndsThatSessionOnly() {
    FakeWire first = accept();
    onLoop(() -> first.arrive("q"));
    FakeWire second = accept();
    onLoop(() -> second.arrive("q"));
    wires.failure = new IllegalStateException("a defect");
    onLoop(() -> wires.dialled.get(0).relay.onConnectFailed(ConnectFailure.REFUSED));
    onLoop(first::end);
    await(() -> assertThat(ended).hasSize(2));
    assertThat(ended)
        .extracting(SessionView::termination)
        .containsExactlyInAnyOrder(Termination.CONNECT_FAILED, Termination.INTERNAL);
    assertThat(balancer.coordinators().get(0).sessions()).isZero();
  }

  @Test
  void aSessionHasOneTurnUnderWayHoweverOftenItsSocketIsReady() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    client.toRead.addAll(Collections.nCopies(100, "x"));
    AtomicInteger underWay = new AtomicInteger();
    onLoop(() -> {
      client.relay.onReadable();
      client.relay.onReadable();
      client.relay.onReadable();
      underWay.set(((SingleThreadEventExecutor) loop.eventLoop()).pendingTasks());
    });
    assertThat(underWay).hasValue(1);
    await(() -> assertThat(server.sent).hasSize(101));
    onLoop(client::end);
    onLoop(server::end);
  }

  @Test
  void aTimeoutDeliversWhatWasRelayedBeforeItsFin() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    client.takesNothing = true;
    onLoop(() -> server.arrive("last words"));
    clock.advance(13, TimeUnit.HOURS);
    await(() -> assertThat(server.finSent).isTrue());
    assertThat(client.finSent).isFalse();
    onLoop(client::drain);
    assertThat(client.sent).hasToString("last words");
    assertThat(client.finSent).isTrue();
    onLoop(client::end);
    onLoop(server::end);
    assertThat(ended.get(0).termination()).isEqualTo(Termination.CLIENT_TIMEOUT);
  }

  @Test
  void whatCannotBeDeliveredWithinTheLingerIsResetAndNotCutSilently() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    client.takesNothing = true;
    onLoop(() -> server.arrive("never read"));
    clock.advance(13, TimeUnit.HOURS);
    await(() -> assertThat(server.finSent).isTrue());
    clock.advance(3, TimeUnit.SECONDS);
    await(() -> assertThat(client.wasReset).isTrue());
    assertThat(server.closed).isTrue();
    assertThat(server.wasReset).isFalse();
  }

  @Test
  void aSlowPeerIsNotASilentOne() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    client.takesNothing = true;
    onLoop(() -> server.arrive("a long answer"));
    clock.advance(11, TimeUnit.HOURS);
    onLoop(client.relay::onProgress);
    // Whose timeout shows that the timers of these two hours have fired.
    accept();
    clock.advance(2, TimeUnit.HOURS);
    await(() -> assertThat(ended).hasSize(1));
    onLoop(() -> {});
    assertThat(client.finSent || server.finSent).isFalse();
    onLoop(client::drain);
    onLoop(client::end);
    onLoop(server::end);
    assertThat(ended)
        .extracting(SessionView::termination)
        .containsExactly(Termination.FIRST_BYTES_TIMEOUT, Termination.COMPLETED);
  }

  @Test
  void whoIsStalledByItsPeerIsNotBlamedForItsSilence() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    server.takesNothing = true;
    onLoop(() -> client.arrive("stuck"));
    clock.advance(13, TimeUnit.HOURS);
    await(() -> assertThat(client.finSent).isTrue());
    onLoop(() -> server.relay.onBroken());
    onLoop(client::end);
    await(() -> assertThat(ended).hasSize(1));
    assertThat(ended.get(0).termination()).isEqualTo(Termination.SERVER_TIMEOUT);
  }

  @Test
  void aSlotGrantedToASessionThatEndedMeanwhileGoesBack() {
    FakeWire first = accept();
    onLoop(() -> first.arrive("q"));
    FakeWire second = accept();
    onLoop(() -> second.arrive("q"));
    assertThat(balancer.listeners().get(0).queued()).isEqualTo(1);
    onLoop(() -> {
      // Both within one turn: the grant is on its way when its session ends.
      wires.dialled.get(0).relay.onConnectFailed(ConnectFailure.REFUSED);
      first.end();
      second.end();
    });
    onLoop(() -> {});
    await(() -> assertThat(ended).hasSize(2));
    assertThat(balancer.listeners().get(0).queued()).isZero();
  }

  @Test
  void abandonedSessionsWaitForNoPeerAndAreToldOf() {
    FakeWire client = accept();
    onLoop(() -> client.arrive("q"));
    FakeWire server = wires.dialled.get(0);
    onLoop(server.relay::onConnected);
    onLoop(loop::close);
    assertThat(client.closed && server.closed).isTrue();
    assertThat(ended).extracting(SessionView::termination).containsExactly(Termination.SHUTDOWN);
  }
}
