package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.Protocol;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Where sessions go, and where they go when that fails. */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class RoutingTest extends WireTest {

  RoutingTest(String wire) {
    super(wire);
  }

  /** Connects and sees a byte come back, so that the session relays. */
  private Socket relayed(BalancerRig rig) throws IOException {
    Socket client = keep(rig.connect());
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().read()).isEqualTo('x');
    return client;
  }

  @Test
  void leastconnSpreadsSessions() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", one.port(), two.port()) + listener(""));
    for (int i = 0; i < 10; i++) {
      relayed(rig);
    }
    assertThat(rig.coordinator(0).sessions()).isEqualTo(5);
    assertThat(rig.coordinator(1).sessions()).isEqualTo(5);
  }

  @Test
  void sourceKeepsAClientOnOneCoordinatorUntilThatIsDrained() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", one.port(), two.port()) + listener("balance = source"));
    for (int i = 0; i < 5; i++) {
      relayed(rig);
    }
    int chosen = rig.coordinator(0).sessions() == 5 ? 0 : 1;
    assertThat(rig.coordinator(chosen).sessions()).isEqualTo(5);
    rig.coordinator(chosen).setAdminState(AdminState.DRAIN, "test");
    relayed(rig);
    assertThat(rig.coordinator(1 - chosen).sessions()).isEqualTo(1);
    assertThat(rig.coordinator(chosen).sessions()).as("running sessions live on").isEqualTo(5);
  }

  @Test
  void aRefusedSessionGoesToTheNextMemberAndSaysSo() throws Exception {
    TestServer live = keep(TestServer.echo());
    BalancerRig rig =
        rig(coordinators("", TestServer.closedPort(), live.port()) + listener("balance = first"));
    Socket client = relayed(rig);
    client.shutdownOutput();
    SessionView session = rig.awaitEnded(1);
    assertThat(session.termination()).isEqualTo(Termination.COMPLETED);
    assertThat(session.retries()).isEqualTo(1);
    assertThat(session.redispatched()).isTrue();
    assertThat(rig.counters(0).connectErrors()).isEqualTo(1);
  }

  @Test
  void theSameCoordinatorIsTriedAgainOnlyAfterASecond() throws Exception {
    int port = TestServer.closedPort();
    BalancerRig rig = rig(coordinators("", port) + listener("dial = on-first-bytes"));
    Socket client = keep(rig.connect());
    client.getOutputStream().write('x');
    Awaitility.await().atMost(SOON).until(() -> rig.counters(0).connectErrors() == 1);
    keep(new TestServer(port, TestServer::copy));
    rig.advance(Duration.ofMillis(900));
    assertThat(rig.counters(0).assigned()).isZero();
    rig.advance(Duration.ofMillis(200));
    assertThat(client.getInputStream().read()).isEqualTo('x');
    assertThat(rig.counters(0).retries()).isEqualTo(1);
  }

  @Test
  void nothingIsRetriedAfterAByteWasSent() throws Exception {
    TestServer resetting =
        keep(
            new TestServer(socket -> {
              socket.getInputStream().read();
              TestServer.reset(socket);
            }));
    TestServer live = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("", resetting.port(), live.port())
                + listener("balance = first, dial = on-first-bytes"));
    Socket client = keep(rig.connect());
    client.getOutputStream().write('x');
    assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.COORDINATOR_RESET);
    assertThat(live.accepted).hasValue(0);
  }

  @Test
  void aSilentClientIsUnknownToEveryCoordinator() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener("dial = on-first-bytes"));
    Socket silent = keep(rig.connect());
    rig.awaitSessions(1);
    relayed(rig);
    assertThat(echo.accepted).hasValue(1);
    silent.getOutputStream().write('y');
    assertThat(silent.getInputStream().read()).isEqualTo('y');
    assertThat(echo.accepted).hasValue(2);
  }

  @Test
  void dialledOnAcceptAClientNeedNotSpeak() throws Exception {
    TestServer greeting = keep(new TestServer(socket -> socket.getOutputStream().write('g')));
    BalancerRig rig = rig(coordinators("", greeting.port()) + listener("dial = on-accept"));
    assertThat(keep(rig.connect()).getInputStream().read()).isEqualTo('g');
  }

  @Test
  void backupsServeOnlyWhileNoPrimaryIsUsable() throws Exception {
    TestServer primary = keep(TestServer.echo());
    TestServer backup = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("", primary.port(), backup.port())
                + "pools { p = [c1, { coordinator = c2, backup = true }] }\n"
                + listener("pool = p"));
    relayed(rig);
    assertThat(backup.accepted).hasValue(0);
    rig.coordinator(0).setStatus(Coordinator.Status.DOWN, "test");
    relayed(rig);
    assertThat(backup.accepted).hasValue(1);
    rig.coordinator(0).setStatus(Coordinator.Status.UP, "test");
    relayed(rig);
    assertThat(backup.accepted).hasValue(1);
  }

  @Test
  void aClosedPortTakesACoordinatorOutOfTheListenersThatUseItOnly() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String ports = "web = none, beeswax = none, hiveserver2-http = none";
    BalancerRig rig =
        rig(
            "coordinators = [{ name = c1, host = 127.0.0.1, ports { "
                + ports
                + ", tcp = "
                + one.port()
                + ", hiveserver2 = "
                + two.port()
                + " } }]\n"
                + "listeners = [{ name = l, bind = \"127.0.0.1:0\", protocol = tcp },"
                + " { name = h, bind = \"127.0.0.1:0\", protocol = hiveserver2 }]");
    rig.coordinator(0).setOpen(Protocol.TCP, false, "test");
    assertThat(rig.balancer.listeners().get(0).available()).isFalse();
    assertThat(rig.balancer.listeners().get(1).available()).isTrue();
    assertThat(rig.balancer.ready()).isFalse();
  }

  @Test
  void loadIsCountedOverAllPortsOfACoordinator() throws Exception {
    TestServer a1 = keep(TestServer.echo());
    TestServer a2 = keep(TestServer.echo());
    TestServer b1 = keep(TestServer.echo());
    TestServer b2 = keep(TestServer.echo());
    String none = "web = none, beeswax = none, hiveserver2-http = none";
    BalancerRig rig =
        rig(
            ("coordinators = [{ name = a, host = 127.0.0.1, ports { %s, tcp = %d, hiveserver2 = %d } },"
                    + " { name = b, host = 127.0.0.1, ports { %s, tcp = %d, hiveserver2 = %d } }]\n"
                    + "listeners = [{ name = l, bind = \"127.0.0.1:0\", protocol = tcp },"
                    + " { name = h, bind = \"127.0.0.1:0\", protocol = hiveserver2, pool = all }]")
                .formatted(none, a1.port(), a2.port(), none, b1.port(), b2.port()));
    rig.coordinator(1).setAdminState(AdminState.DRAIN, "test");
    relayed(rig);
    relayed(rig);
    rig.coordinator(1).setAdminState(AdminState.READY, "test");
    int other = rig.balancer.listeners().get(1).addresses().get(0).getPort();
    for (int i = 0; i < 2; i++) {
      Socket client = keep(new Socket(InetAddress.getLoopbackAddress(), other));
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo('x');
    }
    assertThat(rig.coordinator(1).sessions()).isEqualTo(2);
  }

  @Test
  void anUnbindingListenerRefusesWhileNobodyIsUsable() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("", echo.port())
                + "listeners = [{ name = l, bind = \"127.0.0.1:"
                + TestServer.closedPort()
                + "\", protocol = tcp, unavailable = unbind }]");
    int port = rig.port();
    relayed(rig);
    rig.coordinator(0).setStatus(Coordinator.Status.DOWN, "test");
    assertThat(rig.balancer.listeners().get(0).addresses()).isEmpty();
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port))
        .isInstanceOf(ConnectException.class);
    rig.coordinator(0).setStatus(Coordinator.Status.UP, "test");
    relayed(rig);
  }

  @Test
  void anAddressInUseIsNamedAndNothingStaysBound() throws Exception {
    TestServer echo = keep(TestServer.echo());
    TestServer occupant = keep(TestServer.echo());
    int free = TestServer.closedPort();
    BalancerRig rig =
        keep(
            BalancerRig.make(
                wire,
                coordinators("", echo.port())
                    + "listeners = [{ name = free, bind = \"127.0.0.1:%d\", protocol = tcp },"
                        .formatted(free)
                    + " { name = taken, bind = \"127.0.0.1:%d\", protocol = tcp }]"
                        .formatted(occupant.port()),
                null));
    assertThatThrownBy(rig.balancer::open)
        .isInstanceOf(BindException.class)
        .hasMessageContaining("taken")
        .hasMessageContaining("127.0.0.1:" + occupant.port());
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), free))
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void severalAddressesAndIpv6AreServed() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(
            coordinators("", echo.port())
                + "listeners = [{ name = l, bind = [\"127.0.0.1:0\", \"[::1]:0\"], protocol = tcp }]");
    assertThat(rig.balancer.listeners().get(0).addresses()).hasSize(2);
    for (var address : rig.balancer.listeners().get(0).addresses()) {
      Socket client = keep(new Socket(address.getAddress(), address.getPort()));
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo('x');
    }
  }

  @Test
  void bothFamiliesAreServedOnOnePort() throws Exception {
    TestServer echo = keep(TestServer.echo());
    int port = TestServer.closedPort();
    BalancerRig rig =
        rig(
            coordinators("", echo.port())
                + "listeners = [{ name = l, protocol = tcp, bind = [%s\"[::]:%d\"] }]"
                    // An IPv6 socket of NIO takes IPv4 too, and cannot be told not to.
                    .formatted(wire.equals("epoll") ? "\"0.0.0.0:" + port + "\", " : "", port));
    for (String host : List.of("127.0.0.1", "::1")) {
      Socket client = keep(new Socket(host, port));
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo('x');
    }
    assertThat(rig.balancer.sessions()).isEqualTo(2);
  }
}
