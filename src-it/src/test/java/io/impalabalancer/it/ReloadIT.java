package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What SIGHUP does to a running program, and what it says of it. */
class ReloadIT {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();

  private ServerSocket coordinator() throws IOException {
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    server.setSoTimeout((int) SOON.toMillis());
    opened.keep(server);
    return server;
  }

  private static String coordinator(String name, ServerSocket server) {
    return "{ name = %s, host = 127.0.0.1, ports { tcp = %d, hiveserver2 = none, beeswax = none,"
            .formatted(name, server.getLocalPort())
        + " hiveserver2-http = none, web = none } }";
  }

  private static String config(String coordinators, String listeners, String more) {
    return "impala-balancer {\n  coordinators = [%s]\n  listeners = [%s]\n  check.type = none\n  %s\n}"
        .formatted(coordinators, listeners, more);
  }

  private static String listener(String name, int port) {
    return "{ name = %s, bind = \"127.0.0.1:%d\", protocol = tcp }".formatted(name, port);
  }

  private BalancerProcess start(String config) {
    return opened.keep(BalancerProcess.start(config));
  }

  private Socket connect(int to) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), to);
    client.setSoTimeout((int) SOON.toMillis());
    opened.keep(client);
    return client;
  }

  private Socket accept(ServerSocket server) throws IOException {
    return opened.keep(server.accept());
  }

  private static void exchange(Socket client, Socket server) throws IOException {
    client.getOutputStream().write('q');
    assertThat(server.getInputStream().read()).isEqualTo('q');
    server.getOutputStream().write('a');
    assertThat(client.getInputStream().read()).isEqualTo('a');
  }

  @Test
  void whatIsNewServesAndWhatIsRemovedKeepsItsSessions() throws Exception {
    ServerSocket one = coordinator();
    ServerSocket two = coordinator();
    int second = FreePort.next();
    BalancerProcess balancer = start(config(coordinator("c1", one), listener("l1", port), ""));
    Socket oldClient = connect(port);
    Socket oldServer = accept(one);
    exchange(oldClient, oldServer);
    assertThat(
            balancer.reload(
                config(
                    coordinator("c2", two),
                    listener("l2", second),
                    "defaults.timeouts.client = 3h")))
        .contains("result=ok by=SIGHUP");
    exchange(connect(second), accept(two));
    exchange(oldClient, oldServer);
    assertThatThrownBy(() -> connect(port)).isInstanceOf(ConnectException.class);
    assertThat(changes(balancer))
        .contains("add coordinators[c2]", "remove coordinators[c1]")
        .contains("add listeners[l2]", "remove listeners[l1]");
    assertThat(balancer.metric("impala_balancer_coordinator_sessions", "coordinator=\"c1\""))
        .isEqualTo(1);
    assertThat(balancer.get("/readyz").statusCode()).isEqualTo(200);
    oldClient.close();
    oldServer.close();
    await()
        .untilAsserted(
            () -> assertThat(balancer.metrics().keySet()).noneMatch(key -> key.contains("\"c1\"")));
    assertThat(balancer.metric("impala_balancer_sessions", "listener=\"l2\"")).isEqualTo(1);
  }

  @Test
  void aBadFileChangesNothingAndEveryProblemIsNamed() throws Exception {
    ServerSocket one = coordinator();
    String good = config(coordinator("c1", one), listener("l1", port), "");
    BalancerProcess balancer = start(good);
    double hashes = balancer.metric("impala_balancer_config_info");
    assertThat(hashes).isEqualTo(1);
    String hash = hash(balancer);
    assertThat(balancer.reload(good.replace("tcp }", "tpc, retires = 1 }")))
        .contains("result=refused by=SIGHUP problems=2");
    assertThat(problems(balancer)).contains("tpc").contains("retires");
    assertThat(balancer.reload(config(coordinator("c1", one), listener("l1", port), "threads = 7")))
        .contains("result=refused by=SIGHUP problems=1");
    assertThat(problems(balancer)).contains("change threads: auto -> 7: a reload cannot change it");
    assertThat(
            balancer.reload(
                config(coordinator("c1", one), listener("l1", one.getLocalPort()), "maxconn = 9")))
        .contains("result=refused");
    assertThat(problems(balancer)).contains("cannot bind 127.0.0.1:" + one.getLocalPort());
    exchange(connect(port), accept(one));
    assertThat(balancer.metric("impala_balancer_reloads_total", "result=\"refused\"")).isEqualTo(3);
    assertThat(balancer.metric("impala_balancer_last_reload_success")).isZero();
    assertThat(balancer.get("/api/v1/events").body())
        .contains("by SIGHUP, 2 problems, first: ", "by SIGHUP, 1 problem, first: ");
    assertThat(hash(balancer)).isEqualTo(hash);
    assertThat(balancer.reload(good)).contains("result=ok by=SIGHUP changes=0");
    assertThat(balancer.metric("impala_balancer_last_reload_success")).isEqualTo(1);
    assertThat(hash(balancer)).isEqualTo(hash);
  }

  @Test
  void aStormOfSignalsEndsWithWhatTheFileSays() throws Exception {
    ServerSocket one = coordinator();
    BalancerProcess balancer = start(config(coordinator("c1", one), listener("l1", port), ""));
    for (int maxconn = 1; maxconn <= 50; maxconn++) {
      balancer.configure(
          config(coordinator("c1", one), listener("l1", port), "maxconn = " + maxconn));
      balancer.signal("HUP");
    }
    await()
        .atMost(SOON)
        .until(() -> balancer.metric("impala_balancer_listener_session_limit") == 50);
    assertThat(balancer.metric("impala_balancer_last_reload_success")).isEqualTo(1);
    assertThat(lines(balancer, "result=refused")).isEmpty();
  }

  @Test
  void theSessionLogAndTheWebPortMove() throws Exception {
    ServerSocket one = coordinator();
    BalancerProcess balancer = start(config(coordinator("c1", one), listener("l1", port), ""));
    assertThat(
            balancer.reload(
                config(
                    coordinator("c1", one),
                    listener("l1", port),
                    "log.sessions = off, log.level = debug")))
        .contains("result=ok");
    Socket client = connect(port);
    Socket server = accept(one);
    exchange(client, server);
    client.close();
    server.close();
    await()
        .untilAsserted(
            () -> assertThat(balancer.metric("impala_balancer_sessions_ended_total")).isEqualTo(1));
    assertThat(SessionLine.among(balancer.process().lines())).isEmpty();
  }

  @Test
  void aChangedFileIsReloadedByItselfIfItIsWatched() throws Exception {
    ServerSocket one = coordinator();
    String first = config(coordinator("c1", one), listener("l1", port), "watch = 100ms");
    BalancerProcess balancer = start(first);
    String second =
        config(coordinator("c1", one), listener("l1", port), "watch = 100ms, maxconn = 9");
    balancer.configure(second);
    awaitReload(balancer, "result=ok by=watch");
    balancer.configure(second.replace("maxconn = 9", "maxcon = 8"));
    awaitReload(balancer, "result=refused by=watch");
    balancer.configure(second.replace("maxconn = 9", "maxconn = 7"));
    awaitReload(balancer, "result=ok by=watch");
    assertThat(balancer.metric("impala_balancer_reloads_total", "result=\"refused\""))
        .as("what is refused is tried once")
        .isEqualTo(1);
    exchange(connect(port), accept(one));
  }

  private static void awaitReload(BalancerProcess balancer, String result) {
    balancer
        .process()
        .awaitLine(result, line -> line.text().contains(result), Duration.ofSeconds(30));
    balancer.process().forgetLines();
  }

  private static String hash(BalancerProcess balancer) {
    return balancer.metrics().keySet().stream()
        .filter(key -> key.startsWith("impala_balancer_config_info"))
        .collect(Collectors.joining());
  }

  private static String changes(BalancerProcess balancer) {
    return lines(balancer, "event=reload-change");
  }

  private static String problems(BalancerProcess balancer) {
    return lines(balancer, "event=reload-problem");
  }

  private static String lines(BalancerProcess balancer, String event) {
    return balancer.process().lines().stream()
        .map(ChildProcess.Line::text)
        .filter(line -> line.contains(event))
        .collect(Collectors.joining("\n"));
  }
}
