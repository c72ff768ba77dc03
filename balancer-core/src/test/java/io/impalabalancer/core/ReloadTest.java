package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.Protocol;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What a balancer keeps, takes and gives up when it goes over to another configuration. */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class ReloadTest extends WireTest {

  ReloadTest(String wire) {
    super(wire);
  }

  private static String coordinator(String name, TestServer server, String settings) {
    return ("{ name = %s, host = 127.0.0.1, ports { beeswax = none, hiveserver2-http = none,"
            + " web = none, hiveserver2 = none, tcp = %d }, %s }\n")
        .formatted(name, server.port(), settings);
  }

  private static String coordinators(String... coordinators) {
    return "coordinators = [" + String.join(", ", coordinators) + "]\n";
  }

  private static String listener(String name, int port, String settings) {
    return "{ name = %s, bind = \"127.0.0.1:%d\", protocol = tcp, %s }\n"
        .formatted(name, port, settings);
  }

  private static String listeners(String... listeners) {
    return "listeners = [" + String.join(", ", listeners) + "]\n";
  }

  private static Listener named(BalancerRig rig, String name) {
    return rig.balancer.listeners().stream()
        .filter(l -> l.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private Socket relayed(InetSocketAddress address) throws IOException {
    Socket client = keep(new Socket(address.getAddress(), address.getPort()));
    client.setSoTimeout((int) SOON.toMillis());
    echoes(client);
    return client;
  }

  private Socket relayed(BalancerRig rig) throws IOException {
    return relayed(rig.balancer.listeners().get(0).addresses().get(0));
  }

  private static void echoes(Socket client) throws IOException {
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().read()).isEqualTo('x');
  }

  private static void refuses(InetSocketAddress address) {
    assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()).close())
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void theSameConfigurationChangesNothing() throws Exception {
    TestServer one = keep(TestServer.echo());
    String text = coordinators(coordinator("c1", one, "")) + listeners(listener("l", 0, ""));
    BalancerRig rig = rig(text);
    Socket client = relayed(rig);
    Coordinator coordinator = rig.coordinator(0);
    Listener listener = rig.balancer.listeners().get(0);
    Member member = listener.pool().members().get(0);
    List<InetSocketAddress> addresses = listener.addresses();
    coordinator.setAdminState(AdminState.DRAIN, "test");
    int events = rig.events.size();
    rig.reload(text);
    assertThat(rig.balancer.coordinators()).containsExactly(coordinator);
    assertThat(rig.balancer.listeners()).containsExactly(listener);
    assertThat(listener.pool().members()).containsExactly(member);
    assertThat(listener.addresses()).isEqualTo(addresses);
    assertThat(coordinator.adminState()).isEqualTo(AdminState.DRAIN);
    assertThat(coordinator.sessions()).isEqualTo(1);
    assertThat(rig.counters(0).assigned()).isEqualTo(1);
    assertThat(rig.events).hasSize(events);
    echoes(client);
    coordinator.setAdminState(AdminState.READY, "test");
    relayed(rig);
  }

  @Test
  void aNewCoordinatorServesAndARemovedOneLivesUntilItsSessionsEnd() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String listeners = listeners(listener("l", 0, ""));
    BalancerRig rig = rig(coordinators(coordinator("c1", one, "")) + listeners);
    Socket old = relayed(rig);
    rig.reload(coordinators(coordinator("c2", two, "")) + listeners);
    assertThat(rig.balancer.coordinators())
        .extracting(Coordinator::name)
        .containsExactly("c2", "c1");
    assertThat(rig.coordinator(1).leaving()).isTrue();
    relayed(rig);
    assertThat(two.accepted).hasValue(1);
    echoes(old);
    assertThat(rig.coordinator(1).sessions()).isEqualTo(1);
    old.close();
    Awaitility.await().atMost(SOON).until(() -> rig.balancer.coordinators().size() == 1);
    assertThat(rig.coordinator(0).name()).isEqualTo("c2");
  }

  @Test
  void aCoordinatorThatComesBackBeforeItHasLeftIsTheSame() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String both = coordinators(coordinator("c1", one, ""), coordinator("c2", two, ""));
    String listeners = listeners(listener("l", 0, "balance = first"));
    BalancerRig rig = rig(both + listeners);
    Socket old = relayed(rig);
    Coordinator coordinator = rig.coordinator(0);
    rig.reload(coordinators(coordinator("c2", two, "")) + listeners);
    rig.reload(both + listeners);
    assertThat(rig.coordinator(0)).isSameAs(coordinator);
    assertThat(coordinator.leaving()).isFalse();
    old.close();
    rig.awaitEnded(1);
    relayed(rig);
    assertThat(one.accepted).hasValue(2);
  }

  @Test
  void aListenerThatIsAddedOpensAndOneThatIsRemovedClosesButKeepsItsSessions() throws Exception {
    TestServer one = keep(TestServer.echo());
    int first = TestServer.closedPort();
    String coordinators = coordinators(coordinator("c1", one, ""));
    BalancerRig rig = rig(coordinators + listeners(listener("old", first, "")));
    InetSocketAddress oldAddress = rig.balancer.listeners().get(0).addresses().get(0);
    Socket old = relayed(rig);
    rig.reload(coordinators + listeners(listener("new", 0, "")));
    relayed(rig);
    refuses(oldAddress);
    echoes(old);
    assertThat(named(rig, "old").leaving()).isTrue();
    assertThat(rig.balancer.ready()).isTrue();
    old.close();
    Awaitility.await().atMost(SOON).until(() -> rig.balancer.listeners().size() == 1);
  }

  @Test
  void aSocketStaysWhenItsListenerIsSetUpAnewOrGivesItToAnother() throws Exception {
    TestServer one = keep(TestServer.echo());
    int port = TestServer.closedPort();
    String coordinators = coordinators(coordinator("c1", one, "")) + "maxconn = 1\n";
    BalancerRig rig = rig(coordinators + listeners(listener("l", port, "")));
    Socket first = relayed(rig);
    // It waits in the queue of the socket: a socket that is closed would reset it.
    Socket waiting = keep(rig.connect());
    waiting.getOutputStream().write('x');
    rig.reload(
        coordinators
            + listeners(listener("l", port, "balance = source, keepalive.idle = 7s, retries = 0")));
    rig.reload(coordinators + listeners(listener("renamed", port, "keepalive.enabled = false")));
    first.close();
    assertThat(waiting.getInputStream().read()).isEqualTo('x');
    assertThat(named(rig, "renamed").accepted()).isEqualTo(1);
  }

  @Test
  void anAddressThatCannotBeBoundLeavesEverythingAsItWas() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String before =
        coordinators(coordinator("c1", one, "weight = 50")) + listeners(listener("l", 0, ""));
    BalancerRig rig = rig(before);
    int free = TestServer.closedPort();
    Socket client = relayed(rig);
    assertThatThrownBy(() ->
            rig.reload(
                coordinators(coordinator("c2", two, ""))
                    + listeners(listener("free", free, ""), listener("taken", two.port(), ""))))
        .isInstanceOf(BindException.class)
        .hasMessageContaining("listener taken: cannot bind 127.0.0.1:" + two.port());
    refuses(new InetSocketAddress(InetAddress.getLoopbackAddress(), free));
    assertThat(rig.balancer.coordinators()).extracting(Coordinator::name).containsExactly("c1");
    assertThat(rig.balancer.listeners()).extracting(Listener::name).containsExactly("l");
    echoes(client);
    relayed(rig);
    rig.reload(before);
    relayed(rig);
  }

  @Test
  void aClientOfANewListenerWaitsForTheFirstCheckOfItsCoordinator() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String before = coordinators(coordinator("c1", one, "")) + listeners(listener("l", 0, ""));
    BalancerRig rig = rig(before);
    rig.balancer.reload(
        BalancerRig.config(
            wire, coordinators(coordinator("c2", two, "")) + listeners(listener("fresh", 0, ""))));
    assertThat(rig.coordinator(0).status()).isEqualTo(Coordinator.Status.CHECKING);
    Socket early = keep(rig.connect());
    early.getOutputStream().write('x');
    Awaitility.await().atMost(SOON).until(() -> named(rig, "fresh").queued() == 1);
    rig.coordinator(0).setStatus(Coordinator.Status.UP, "test");
    assertThat(early.getInputStream().read()).isEqualTo('x');
    rig.balancer.reload(
        BalancerRig.config(
            wire,
            coordinators(coordinator("c3", two, "")) + listeners(listener("fresher", 0, ""))));
    Socket unlucky = keep(rig.connect());
    unlucky.getOutputStream().write('x');
    Awaitility.await().atMost(SOON).until(() -> named(rig, "fresher").queued() == 1);
    rig.coordinator(0).setStatus(Coordinator.Status.DOWN, "test");
    assertThat(unlucky.getInputStream().read()).isEqualTo(-1);
    unlucky.close();
    assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.NONE_USABLE);
  }

  @Test
  void weightsAndStatesSetByHandGiveWayToOtherOnesInTheConfigurationOnly() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String listeners = listeners(listener("l", 0, ""));
    BalancerRig rig =
        rig(coordinators(coordinator("c1", one, ""), coordinator("c2", two, "")) + listeners);
    rig.coordinator(0).setAdminState(AdminState.DRAIN, "by hand");
    rig.reload(
        coordinators(coordinator("c1", one, "weight = 7"), coordinator("c2", two, "state = maint"))
            + listeners);
    assertThat(rig.coordinator(0).adminState()).isEqualTo(AdminState.DRAIN);
    assertThat(rig.coordinator(1).adminState()).isEqualTo(AdminState.MAINT);
    assertThat(rig.balancer.pools().get(0).members().get(0).weight()).isEqualTo(7);
    assertThat(rig.balancer.ready()).isFalse();
  }

  @Test
  void anotherHostIsCheckedAnewAndAnotherPortCountsAsOpen() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String listeners = listeners(listener("l", 0, ""));
    BalancerRig rig = rig(coordinators(coordinator("c1", one, "")) + listeners);
    Socket old = relayed(rig);
    rig.coordinator(0).setOpen(Protocol.TCP, false, "test");
    rig.reload(coordinators(coordinator("c1", two, "")) + listeners);
    assertThat(rig.coordinator(0).status()).isEqualTo(Coordinator.Status.UP);
    relayed(rig);
    assertThat(two.accepted).hasValue(1);
    rig.balancer.reload(
        BalancerRig.config(
            wire,
            coordinators(coordinator("c1", two, "").replace("127.0.0.1", "127.0.0.2"))
                + listeners));
    assertThat(rig.coordinator(0).status()).isEqualTo(Coordinator.Status.CHECKING);
    assertThat(rig.coordinator(0).address()).isEqualTo(InetAddress.getByName("127.0.0.2"));
    echoes(old);
  }

  @Test
  void runningSessionsKeepTheTimeoutsThatTheyWereAcceptedUnder() throws Exception {
    TestServer one = keep(TestServer.echo());
    String coordinators = coordinators(coordinator("c1", one, ""));
    BalancerRig rig = rig(coordinators + listeners(listener("l", 0, "timeouts.client = 2h")));
    Socket old = relayed(rig);
    rig.reload(coordinators + listeners(listener("l", 0, "timeouts.client = 1h")));
    Socket fresh = relayed(rig);
    rig.advance(Duration.ofMinutes(61));
    assertThat(fresh.getInputStream().read()).isEqualTo(-1);
    fresh.close();
    SessionView ended = rig.awaitEnded(1);
    assertThat(ended.termination()).isEqualTo(Termination.CLIENT_TIMEOUT);
    echoes(old);
  }

  @Test
  void aHigherLimitLetsInWhoWaits() throws Exception {
    TestServer one = keep(TestServer.echo());
    String listeners = listeners(listener("l", 0, ""));
    BalancerRig rig = rig(coordinators(coordinator("c1", one, "maxconn = 1")) + listeners);
    relayed(rig);
    Socket waiting = keep(rig.connect());
    waiting.getOutputStream().write('x');
    Awaitility.await().atMost(SOON).until(() -> rig.balancer.listeners().get(0).queued() == 1);
    rig.reload(coordinators(coordinator("c1", one, "maxconn = 2")) + listeners);
    assertThat(waiting.getInputStream().read()).isEqualTo('x');
  }

  @Test
  void aPoolThatIsRemovedServesTheSessionsOfItsListenerThatWait() throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    int port = TestServer.closedPort();
    String both =
        coordinators(coordinator("c1", one, "maxconn = 1"), coordinator("c2", two, "maxconn = 1"));
    BalancerRig rig =
        rig(both + "pools { p = [c1, c2] }\n" + listeners(listener("l", port, "pool = p")));
    Socket first = relayed(rig);
    relayed(rig);
    Socket waiting = keep(rig.connect());
    waiting.getOutputStream().write('x');
    Awaitility.await().atMost(SOON).until(() -> rig.balancer.listeners().get(0).queued() == 1);
    rig.reload(both + listeners(listener("other", 0, "")));
    first.close();
    assertThat(waiting.getInputStream().read()).isEqualTo('x');
  }

  /** Of so many members who serve is told of each one's changes, until others do. */
  @Test
  void aPoolThatIsRemovedIsToldOfNoMoreChanges() throws Exception {
    int[] ports = new int[20];
    Arrays.setAll(ports, i -> i + 1);
    String both = BalancerRig.coordinators("", ports);
    BalancerRig rig =
        rig(both + "pools { p = [\"c.*\"] }\n" + listeners(listener("l", 0, "pool = p")));
    rig.balancer
        .coordinators()
        .forEach(coordinator -> coordinator.setStatus(Coordinator.Status.UP, "test"));
    Serving serving = rig.balancer.listeners().get(0).pool().serving(Protocol.TCP);
    assertThat(changesTold(rig, serving)).isEqualTo(2);
    rig.reload(both + listeners(listener("other", 0, "")));
    assertThat(changesTold(rig, serving)).isZero();
  }

  private static int changesTold(BalancerRig rig, Serving serving) {
    int before = serving.changes(0, 0);
    rig.coordinator(0).take(Protocol.TCP);
    rig.coordinator(0).giveBack(Protocol.TCP);
    return serving.changes(0, 0) - before;
  }

  @Test
  void whoListensIsToldOnceTheNextConfigurationIsInForceAndWhenTheLastSessionHasEnded()
      throws Exception {
    TestServer one = keep(TestServer.echo());
    TestServer two = keep(TestServer.echo());
    String listeners = listeners(listener("l", 0, ""));
    BalancerRig rig = rig(coordinators(coordinator("c1", one, "")) + listeners);
    AtomicInteger told = new AtomicInteger();
    rig.balancer.addListener(
        new BalancerListener() {
          @Override
          public void partsChanged() {
            told.addAndGet(rig.balancer.coordinators().size());
          }
        });
    Socket client = relayed(rig);
    rig.reload(coordinators(coordinator("c2", two, "")) + listeners);
    assertThat(told).hasValue(2);
    client.close();
    Awaitility.await().atMost(SOON).untilAsserted(() -> assertThat(told).hasValue(3));
  }
}
