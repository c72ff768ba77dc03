package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits: who waits where, and who is served next. */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class LimitsTest extends WireTest {

  LimitsTest(String wire) {
    super(wire);
  }

  private Socket speaking(BalancerRig rig, int listener) throws IOException {
    int port = rig.balancer.listeners().get(listener).addresses().get(0).getPort();
    Socket client = keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout((int) SOON.toMillis());
    client.getOutputStream().write('x');
    return client;
  }

  private static boolean answered(Socket client, int withinMillis) throws IOException {
    client.setSoTimeout(withinMillis);
    try {
      return client.getInputStream().read() == 'x';
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private static void awaitQueued(BalancerRig rig, int listener, int count) {
    Awaitility.await()
        .atMost(SOON)
        .until(() -> rig.balancer.listeners().get(listener).queued() == count);
  }

  @Test
  void aFreedSlotGoesToTheHeadOfTheLineAtOnce() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("maxconn = 1", echo.port()) + listener(""));
    Socket first = speaking(rig, 0);
    assertThat(answered(first, 5000)).isTrue();
    List<Socket> line = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      line.add(speaking(rig, 0));
      awaitQueued(rig, 0, i);
    }
    first.close();
    for (int i = 0; i < 3; i++) {
      assertThat(answered(line.get(i), 5000)).as("number %d in line", i).isTrue();
      for (int later = i + 1; later < 3; later++) {
        assertThat(line.get(later).getInputStream().available()).isZero();
      }
      assertThat(rig.coordinator(0).sessions()).isEqualTo(1);
      line.get(i).close();
    }
    rig.awaitEnded(4);
    assertThat(rig.ended)
        .extracting(SessionView::queuePosition)
        .containsExactlyInAnyOrder(0, 0, 1, 2);
  }

  @Test
  void ofTwoListenersTheSessionThatWaitedLongestIsServedFirst() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("maxconn = 1", echo.port())
                + "listeners = [{ name = a, bind = \"127.0.0.1:0\", protocol = tcp },"
                + " { name = b, bind = \"127.0.0.1:0\", protocol = tcp }]");
    Socket holder = speaking(rig, 0);
    assertThat(answered(holder, 5000)).isTrue();
    Socket older = speaking(rig, 1);
    awaitQueued(rig, 1, 1);
    Socket younger = speaking(rig, 0);
    awaitQueued(rig, 0, 1);
    holder.close();
    assertThat(answered(older, 5000)).isTrue();
    assertThat(younger.getInputStream().available()).isZero();
    older.close();
    assertThat(answered(younger, 5000)).isTrue();
  }

  @Test
  void aCoordinatorThatComesUpServesTheLine() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("maxconn = 1", one.port(), two.port()) + listener(""));
    rig.coordinator(1).setStatus(Coordinator.Status.DOWN, "test");
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    Socket waiting = speaking(rig, 0);
    awaitQueued(rig, 0, 1);
    rig.coordinator(1).setStatus(Coordinator.Status.UP, "test");
    assertThat(answered(waiting, 5000)).isTrue();
  }

  @Test
  void theLineIsSentAwayWhenNobodyIsUsableAnyMore() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("maxconn = 1", echo.port()) + listener(""));
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    Socket waiting = speaking(rig, 0);
    awaitQueued(rig, 0, 1);
    rig.coordinator(0).setStatus(Coordinator.Status.DOWN, "test");
    assertThat(waiting.getInputStream().read()).isEqualTo(-1);
    waiting.close();
    assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.NONE_USABLE);
  }

  @Test
  void aboveAListenersMaxconnTheKernelHoldsClients() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener("maxconn = 2"));
    holdsTheThird(rig);
  }

  @Test
  void aboveTheGlobalMaxconnTheKernelHoldsClients() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig("maxconn = 2\n" + coordinators("", echo.port()) + listener("maxconn = 2"));
    holdsTheThird(rig);
  }

  private void holdsTheThird(BalancerRig rig) throws IOException {
    Socket first = speaking(rig, 0);
    assertThat(answered(first, 5000)).isTrue();
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    Socket third = speaking(rig, 0);
    assertThat(answered(third, 300)).isFalse();
    assertThat(rig.balancer.sessions()).isEqualTo(2);
    assertThat(rig.balancer.listeners().get(0).accepted()).isEqualTo(2);
    first.close();
    assertThat(answered(third, 5000)).isTrue();
  }

  @Test
  void acceptorsOfSeveralLoopsKeepTheLimitAndCountRealClientsOnly() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("", echo.port())
                + listener("maxconn = 3")
                    .replace("\"127.0.0.1:0\"", "[\"127.0.0.1:0\", \"127.0.0.2:0\"]"));
    List<InetSocketAddress> addresses = rig.balancer.listeners().get(0).addresses();
    for (int i = 0; i < 6; i++) {
      askAndLeave(addresses.get(i % 2));
      rig.awaitEnded(i + 1);
      rig.awaitSessions(0);
    }
    assertThat(rig.ended).extracting(SessionView::listenerSessions).containsOnly(1);
    assertThat(rig.ended).extracting(SessionView::balancerSessions).containsOnly(1);
    AtomicInteger turn = new AtomicInteger();
    Trial.inParallel(
        8,
        () -> {
          for (int i = 0; i < 20; i++) {
            askAndLeave(addresses.get(turn.getAndIncrement() % 2));
          }
        });
    rig.awaitEnded(6 + 8 * 20);
    assertThat(rig.ended)
        .extracting(SessionView::listenerSessions)
        .allSatisfy(count -> assertThat(count).isBetween(1, 3));
  }

  private static void askAndLeave(InetSocketAddress address) {
    try (Socket client = new Socket(address.getAddress(), address.getPort())) {
      client.getOutputStream().write('x');
      assertThat(answered(client, 20_000)).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aFullCoordinatorsSourceClientTakesTheNext() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig =
        rig(coordinators("maxconn = 1", one.port(), two.port()) + listener("balance = source"));
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    assertThat(rig.coordinator(0).sessions()).isEqualTo(1);
    assertThat(rig.coordinator(1).sessions()).isEqualTo(1);
  }

  @Test
  void whoWaitsIsNotCutWithACoordinatorThatFailedIt() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("maxconn = 1", TestServer.closedPort(), echo.port())
                + listener("balance = first"));
    Socket holder = speaking(rig, 0);
    assertThat(answered(holder, 5000)).isTrue();
    Socket waiting = speaking(rig, 0);
    awaitQueued(rig, 0, 1);
    rig.balancer.closeSessions(rig.coordinator(0), Termination.COORDINATOR_DOWN);
    holder.close();
    assertThat(answered(waiting, 5000)).isTrue();
  }

  @Test
  void whoMayNotUseASlotHoldsUpNobodyWhoMay() throws Exception {
    TestServer echo = keep(TestServer.echo());
    int closed = TestServer.closedPort();
    BalancerRig rig =
        rig(coordinators("maxconn = 1", closed, echo.port()) + listener("balance = first"));
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    Socket refused = speaking(rig, 0);
    awaitQueued(rig, 0, 1);
    try (ServerSocket opened = new ServerSocket(closed, 1, InetAddress.getLoopbackAddress())) {
      opened.setSoTimeout((int) SOON.toMillis());
      speaking(rig, 0);
      opened.accept().close();
    }
    assertThat(refused.getInputStream().available()).isZero();
  }

  @Test
  void aClientThatHasJustConnectedIsNotEvicted() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(coordinators("", echo.port()) + listener("dial = on-first-bytes, maxconn = 8"));
    List<Socket> silent = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      silent.add(keep(rig.connect()));
    }
    rig.awaitSessions(8);
    for (Socket client : silent) {
      client.getOutputStream().write('x');
      assertThat(answered(client, 5000)).isTrue();
    }
    assertThat(rig.terminations).isEmpty();
  }

  @Test
  void aListenerThatIsNearlyFullEvictsItsOwnSilentClients() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            "defaults { protocol = tcp, dial = on-first-bytes }\n"
                + coordinators("", echo.port())
                + "listeners = [{ name = narrow, bind = \"127.0.0.1:0\", maxconn = 2 },"
                + " { name = wide, bind = \"127.0.0.1:0\" }]");
    int wide = rig.balancer.listeners().get(1).addresses().get(0).getPort();
    List<Socket> elsewhere = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      elsewhere.add(keep(new Socket(InetAddress.getLoopbackAddress(), wide)));
      rig.awaitSessions(i + 1);
    }
    keep(rig.connect());
    rig.awaitSessions(5);
    rig.advance(Duration.ofSeconds(2));
    assertThat(answered(speaking(rig, 0), 5000)).isTrue();
    rig.awaitEnded(1);
    assertThat(rig.ended).extracting(s -> s.listener().name()).containsExactly("narrow");
    for (Socket client : elsewhere) {
      client.getOutputStream().write('x');
      assertThat(answered(client, 5000)).isTrue();
    }
  }
}
