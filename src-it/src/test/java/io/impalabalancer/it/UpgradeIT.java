package io.impalabalancer.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A new process takes over from a running one, and reloads and upgrades cost no session. */
@EnabledOnOs(OS.LINUX)
class UpgradeIT {
  private static final int SESSIONS = 1000;
  private static final int RELOADS = 50;

  /** After so many reloads each kind of change was made. */
  private static final int WARM = 9;

  /** Bytes that code compiled and classes loaded meanwhile may take of the heap. */
  private static final long HEAP_GROWTH = 2 << 20;

  private static final Pattern HEAP_USED = Pattern.compile("used (\\d+)K");

  @TempDir Path directory;

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();

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
    Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout(20_000);
    return client;
  }

  @Test
  void aSuccessorTakesOverSocketsAndStatesAndAFailingOneDoesNot() throws Exception {
    EchoServer echo = opened.keep(new EchoServer());
    Path state = directory.resolve("state");
    String coordinators =
        coordinator("c1", echo.port(), "") + ", " + coordinator("c2", echo.port2(), "");
    Path socket = directory.resolve("admin.sock");
    String good =
        config(
            coordinators, "state-file = \"%s\", runtime.socket = \"%s\"".formatted(state, socket));
    Files.writeString(state, "coordinators { c2 { state = drain, reason = \"by hand\" } }");
    BalancerProcess balancer = opened.keep(BalancerProcess.start(good));
    assertThat(balancer.metric("impala_balancer_coordinator_admin", "\"c2\"", "\"drain\"")).isOne();
    Socket old = connect();
    echoes(old);
    balancer.configure(good.replace("tcp,", "tpc,"));
    BalancerProcess.Output failed = balancer.ctl("upgrade", "-s", socket.toString());
    assertThat(failed.text()).contains("the upgrade failed: the successor ");
    assertThat(failed.status()).isEqualTo(1);
    try (Socket fresh = connect()) {
      echoes(fresh);
    }
    balancer.configure(good);
    long before = balancer.mainPid();
    ask(socket, "set maxconn server l/c1 77;set maxconn frontend l 88;set maxconn global 99");
    ask(socket, "disable health l/c1");
    BalancerProcess.Output done = balancer.ctl("upgrade", "-s", socket.toString());
    assertThat(done.text()).contains("has taken over; process " + before + " ends with its last");
    assertThat(done.status()).isZero();
    assertThat(balancer.mainPid()).isNotEqualTo(before);
    assertThat(ask(socket, "show events"))
        .contains(" upgrade - taken over (from process " + before + ", version ");
    assertThat(ask(socket, "show coordinators")).containsPattern("c1 127.0.0.1 UP READY \\d+ 77 ");
    assertThat(ask(socket, "show servers state").lines().filter(line -> line.contains(" c1 ")))
        .singleElement()
        .asString()
        .as("its checks stay disabled")
        .contains(" 2 0 0 0 - ");
    assertThat(balancer.metric("impala_balancer_listener_session_limit")).isEqualTo(88);
    assertThat(ask(socket, "show info")).contains("Maxconn: 99\n");
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
  void theRuntimeSocketComesBackFromASuccessorThatDiesWithIt() throws Exception {
    EchoServer echo = opened.keep(new EchoServer());
    Path socket = directory.resolve("admin.sock");
    Path program = directory.resolve("impala-balancer");
    Files.createSymbolicLink(program, Path.of("..", "impala-balancer").toRealPath());
    List<String> installed = List.of("sh", "-c", "shift; exec " + program + " \"$@\"", "sh");
    BalancerProcess balancer =
        opened.keep(
            BalancerProcess.start(
                config(coordinator("c1", echo.port(), ""), "runtime.socket = \"" + socket + "\""),
                installed));
    Files.delete(program);
    Files.writeString(program, "#!/bin/sh\nrm " + socket + "\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    assertThat(balancer.upgrade()).contains("result=failed");
    assertThat(ask(socket, "show upgrade")).startsWith("failed: ");
    echoes(connect());
  }

  /** Sends a line to a runtime socket and returns the answers. */
  private static String ask(Path socket, String line) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      channel.write(ByteBuffer.wrap((line + "\n").getBytes(UTF_8)));
      return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
    }
  }

  @Test
  void theOldProcessClosesItsLastSessionsWhenItsTimeIsOver() throws Exception {
    EchoServer echo = opened.keep(new EchoServer());
    BalancerProcess balancer =
        opened.keep(
            BalancerProcess.start(
                config(coordinator("c1", echo.port(), ""), "shutdown.hard-stop-after = 1s")));
    Socket old = connect();
    echoes(old);
    long before = balancer.mainPid();
    assertThat(balancer.upgrade()).contains("result=ok");
    assertThat(old.getInputStream().read()).isEqualTo(-1);
    await().until(() -> !ProcessHandle.of(before).map(ProcessHandle::isAlive).orElse(false));
    echoes(connect());
  }

  @Test
  void aStateFileThatCannotBeReadIsKeptAsideAndTheBalancerServes() throws Exception {
    EchoServer echo = opened.keep(new EchoServer());
    Path state = directory.resolve("state");
    Files.writeString(state, "coordinators { c1 { state = drian, reason = x } }");
    BalancerProcess balancer =
        opened.keep(
            BalancerProcess.start(
                config(coordinator("c1", echo.port(), ""), "state-file = \"" + state + "\"")));
    echoes(connect());
    assertThat(balancer.process().lines())
        .anyMatch(
            line -> line.text().contains("event=state-refused") && line.text().contains("drian"));
    assertThat(directory.resolve("state.corrupt")).exists();
  }

  @Test
  void reloadsAndUpgradesCostNoSessionNoConnectAndNoByte() throws Exception {
    EchoServer echo = opened.keep(new EchoServer());
    BalancerProcess balancer = opened.keep(BalancerProcess.start(variant(echo, 0)));
    try (Traffic traffic = new Traffic(port, SESSIONS)) {
      traffic.awaitExchanges(SESSIONS);
      long descriptors = descriptors(balancer.mainPid());
      long heap = 0;
      for (int i = 1; i <= RELOADS; i++) {
        if (i % 10 == 5) {
          assertThat(balancer.reload(variant(echo, i).replace("protocol = tcp", "protocol = tpc")))
              .contains("result=refused");
        } else {
          assertThat(balancer.reload(variant(echo, i))).contains("result=ok");
        }
        if (i == WARM) {
          heap = heap(balancer.mainPid());
        }
        if (i == RELOADS / 2) {
          await()
              .untilAsserted(() ->
                  assertThat(descriptors(balancer.mainPid()))
                      .isBetween(descriptors - 20, descriptors + 20));
          assertThat(heap(balancer.mainPid())).isLessThan(heap + HEAP_GROWTH);
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

  /** Returns the bytes in use of a process's heap, after a collection. */
  private static long heap(long pid) {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    String told =
        run(jcmd.toString(), Long.toString(pid), "GC.run")
            + run(jcmd.toString(), Long.toString(pid), "GC.heap_info");
    return HEAP_USED
        .matcher(told)
        .results()
        .limit(2)
        .mapToLong(used -> 1024 * Long.parseLong(used.group(1)))
        .sum();
  }

  private static String run(String... command) {
    try (ChildProcess process =
        ChildProcess.start("jcmd", ChildProcess.newDirectory("jcmd"), Map.of(), List.of(command))) {
      process.awaitExit(Duration.ofSeconds(20));
      return process.lines().stream()
          .map(ChildProcess.Line::text)
          .collect(Collectors.joining("\n"));
    }
  }

  private static long descriptors(long pid) throws IOException {
    try (var files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return files.count();
    }
  }
}
