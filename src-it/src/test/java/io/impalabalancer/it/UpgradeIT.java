package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A new process takes over from a running one, and reloads and upgrades cost no session. */
@EnabledOnOs(OS.LINUX)
class UpgradeIT {
  private static final int SESSIONS = 1000;
  private static final int RELOADS = 50;

  @TempDir Path directory;

  private final int port = FreePort.next();
  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  private <T extends AutoCloseable> T keep(T each) {
    opened.add(each);
    return each;
  }

  private static String coordinator(String name, int to, String more) {
    return ("{ name = %s, host = 127.0.0.1, ports { tcp = %d, hiveserver2 = none, beeswax = none,"
            + " hiveserver2-http = none, web = none }, %s }")
        .formatted(name, to, more);
  }

  private String config(String coordinators, String more) {
    return ("impala-balancer { coordinators = [%s], listeners = [{ name = l, protocol = tcp,"
            + " bind = \"127.0.0.1:%d\" }], %s }")
        .formatted(coordinators, port, more);
  }

  private static void echoes(Socket client) throws IOException {
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().read()).isEqualTo('x');
  }

  private Socket connect() throws IOException {
    Socket client = keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout(20_000);
    return client;
  }

  @Test
  void aSuccessorTakesOverSocketsAndStatesAndAFailingOneDoesNot() throws Exception {
    EchoServer echo = keep(new EchoServer());
    Path state = directory.resolve("state");
    String coordinators =
        coordinator("c1", echo.port(), "") + ", " + coordinator("c2", echo.port2(), "");
    String good = config(coordinators, "state-file = \"" + state + "\"");
    Files.writeString(state, "coordinators { c2 { state = drain, reason = \"by hand\" } }");
    BalancerProcess balancer = keep(BalancerProcess.start(good));
    assertThat(balancer.metric("impala_balancer_coordinator_admin", "\"c2\"", "\"drain\"")).isOne();
    Socket old = connect();
    echoes(old);
    balancer.configure(good.replace("tcp,", "tpc,"));
    assertThat(balancer.upgrade()).contains("result=failed");
    try (Socket fresh = connect()) {
      echoes(fresh);
    }
    balancer.configure(good);
    long before = balancer.mainPid();
    assertThat(balancer.upgrade()).contains("result=ok");
    assertThat(balancer.mainPid()).isNotEqualTo(before);
    echoes(old);
    try (Socket fresh = connect()) {
      echoes(fresh);
    }
    assertThat(balancer.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(balancer.metric("impala_balancer_coordinator_admin", "\"c2\"", "\"drain\"")).isOne();
    assertThat(ProcessHandle.of(before)).as("lives as long as its session").isPresent();
    old.close();
    await().until(() -> !ProcessHandle.of(before).map(ProcessHandle::isAlive).orElse(false));
  }

  @Test
  void aStateFileThatCannotBeReadIsKeptAsideAndTheBalancerServes() throws Exception {
    EchoServer echo = keep(new EchoServer());
    Path state = directory.resolve("state");
    Files.writeString(state, "coordinators { c1 { state = drian, reason = x } }");
    BalancerProcess balancer =
        keep(
            BalancerProcess.start(
                config(coordinator("c1", echo.port(), ""), "state-file = \"" + state + "\"")));
    echoes(connect());
    assertThat(balancer.process().lines())
        .anyMatch(
            line -> line.text().contains("event=state-refused") && line.text().contains("drian"));
    assertThat(directory.resolve("state.corrupt")).exists();
  }

  @Test
  @Tag("long")
  void reloadsAndUpgradesCostNoSessionNoConnectAndNoByte() throws Exception {
    EchoServer echo = keep(new EchoServer());
    BalancerProcess balancer = keep(BalancerProcess.start(variant(echo, 0)));
    try (Traffic traffic = new Traffic(port, SESSIONS)) {
      traffic.awaitExchanges(SESSIONS);
      long descriptors = descriptors(balancer.mainPid());
      for (int i = 1; i <= RELOADS; i++) {
        if (i % 10 == 5) {
          assertThat(balancer.reload(variant(echo, i).replace("protocol = tcp", "protocol = tpc")))
              .contains("result=refused");
        } else {
          assertThat(balancer.reload(variant(echo, i))).contains("result=ok");
        }
        if (i == RELOADS / 2) {
          await()
              .untilAsserted(() ->
                  assertThat(descriptors(balancer.mainPid()))
                      .isBetween(descriptors - 20, descriptors + 20));
          balancer.configure("impala-balancer { no = sense }");
          assertThat(balancer.upgrade()).contains("result=failed");
          balancer.configure(variant(echo, i));
          assertThat(balancer.upgrade()).contains("result=ok");
        }
      }
      assertThat(balancer.upgrade()).contains("result=ok");
      traffic.awaitExchanges(traffic.exchanges() + SESSIONS);
      assertThat(traffic.failures()).isEmpty();
    }
  }

  /** Returns the configuration number i: something else is different in each. */
  private String variant(EchoServer echo, int i) {
    String coordinators =
        coordinator("c1", echo.port(), "weight = " + (50 + i))
            + (i % 3 == 1 ? "" : ", " + coordinator("c2", echo.port2(), "maxconn = " + (2000 + i)));
    return config(
            coordinators,
            "maxconn = "
                + (10_000 + i)
                + ", check { inter = "
                + (500 + i)
                + "ms }, log { sessions = off, level = "
                + (i % 2 == 0 ? "info" : "debug")
                + " }, defaults { balance = "
                + (i % 4 < 2 ? "leastconn" : "roundrobin")
                + ", timeouts.client = "
                + (100 + i)
                + "m }")
        .replace("name = l,", i % 7 == 3 ? "name = other," : "name = l,");
  }

  private static long descriptors(long pid) throws IOException {
    try (var files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return files.count();
    }
  }
}
