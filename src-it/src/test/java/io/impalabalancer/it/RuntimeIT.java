package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runtime commands through the tools that people have: socat and hatop, beside the real HAProxy.
 */
class RuntimeIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  /** Answered by a word of error or by nothing, whatever the state of the process is. */
  private static final List<String> COMMANDS =
      List.of(
          "set server",
          "set server x/a state drain",
          "set server impala/x state drain",
          "set server impala/a state foo",
          "set server impala/a health foo",
          "set server impala/a weight",
          "set server impala/a weight 300",
          "set server impala/a weight 40",
          "get weight impala/a",
          "set weight impala/a 50%",
          "get weight impala/a",
          "set weight impala/a 100%",
          "get weight impala/a;get weight impala/b",
          "get weight a/b",
          "enable frontend foo",
          "enable frontend impala",
          "disable frontend impala",
          "disable frontend impala",
          "enable frontend impala",
          "disable server foo/bar",
          "disable server impala/a",
          "enable server impala/a",
          "disable health impala/a",
          "enable health impala/a",
          "enable health",
          "shutdown session",
          "shutdown session 0x1",
          "shutdown sessions server",
          "shutdown sessions server impala/a",
          "set maxconn frontend impala",
          "set maxconn frontend foo 3",
          "set maxconn frontend impala 30",
          "set maxconn server impala/a",
          "set maxconn server impala/a 5",
          "set maxconn global",
          "set maxconn global 99999999",
          "set maxconn foo",
          "show servers state foo",
          "show servers conn foo",
          "show sess 0x1",
          "show stat foo 1 1",
          "show backend",
          "show cli level",
          "clear counters",
          "clear counters all",
          "operator;set server impala/a state ready",
          "operator;show cli level",
          "user;show sess",
          "user;clear counters",
          "prompt",
          "quit");

  @TempDir Path directory;

  @RegisterExtension private final Opened opened = new Opened();
  private ServerSocket coordinator;

  @BeforeEach
  void listen() throws IOException {
    coordinator = opened.keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
  }

  private Path socket() {
    return directory.resolve("admin.sock");
  }

  private BalancerProcess run() {
    String ports =
        "ports { beeswax = %d, web = none, hiveserver2 = none, hiveserver2-http = none }";
    return opened.keep(
        BalancerProcess.start(
            """
            impala-balancer {
              runtime.socket = "%s"
              check.type = none
              coordinators = [
                { name = a, host = 127.0.0.1, weight = 80, %s }
                { name = b, host = 127.0.0.2, weight = 50, %s }
              ]
              listeners = [{ name = impala, bind = "127.0.0.1:%d", protocol = beeswax }]
            }
            """
                .formatted(
                    socket(),
                    ports.formatted(coordinator.getLocalPort()),
                    ports.formatted(coordinator.getLocalPort()),
                    FreePort.next())));
  }

  /** Pipes a line to socat and returns what comes out of it. */
  private String socat(Path to, String line) throws Exception {
    return program(line + "\n", "socat", "-t5", "-", "UNIX-CONNECT:" + to);
  }

  private static String program(String input, String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  private Path startHaproxy(Path haproxy) throws IOException {
    Path to = directory.resolve("haproxy.sock");
    Path config = directory.resolve("haproxy.cfg");
    Files.writeString(
        config,
        """
        global
          stats socket %s level admin
        defaults
          mode tcp
          timeout connect 5s
          timeout client 1m
          timeout server 1m
        listen impala
          bind 127.0.0.1:%d
          balance leastconn
          server a 127.0.0.1:%d weight 80
          server b 127.0.0.2:%d weight 50
        """
            .formatted(
                to, FreePort.next(), coordinator.getLocalPort(), coordinator.getLocalPort()));
    opened.keep(
        ChildProcess.start(
            "haproxy",
            ChildProcess.newDirectory("haproxy"),
            Map.of(),
            List.of(haproxy.toString(), "-db", "-f", config.toString())));
    await().atMost(SOON).until(() -> Files.exists(to));
    return to;
  }

  @Test
  void answersAreHaproxysWordForWord() throws Exception {
    Requirement.program("socat", "socat");
    Path peer = startHaproxy(Requirement.program("haproxy", "haproxy"));
    run();
    for (String command : COMMANDS) {
      assertThat(socat(socket(), command)).as(command).isEqualTo(socat(peer, command));
    }
    assertThat(header(socat(socket(), "show stat"))).isEqualTo(header(socat(peer, "show stat")));
    assertThat(rows(socat(socket(), "show stat"))).isEqualTo(rows(socat(peer, "show stat")));
    assertThat(header(socat(socket(), "show servers state").substring(2)))
        .isEqualTo(header(socat(peer, "show servers state").substring(2)));
    assertThat(tags(socat(peer, "show stat typed")))
        .containsAll(tags(socat(socket(), "show stat typed")));
    assertThat(tags(socat(peer, "show info typed")))
        .containsAll(tags(socat(socket(), "show info typed")));
  }

  private static String header(String text) {
    return text.lines().findFirst().orElse("");
  }

  /** Returns names and kinds of rows: the columns that do not depend on the process. */
  private static List<String> rows(String csv) {
    return csv.lines()
        .skip(1)
        .filter(line -> !line.isEmpty())
        .map(line -> line.split(",", -1))
        .map(row -> String.join(" ", row[0], row[1], row[27], row[28], row[32]))
        .toList();
  }

  /** Returns everything but the values. */
  private static List<String> tags(String typed) {
    return typed
        .lines()
        .filter(line -> !line.isEmpty())
        .map(line -> line.replaceFirst("^([^:]*:[^:]*:[^:]*):.*", "$1"))
        .toList();
  }

  @Test
  void hatopListsDrainsAndEnables() throws Exception {
    Requirement.program("hatop", "hatop");
    Requirement.program("tmux", "tmux");
    run();
    String server = "impala-balancer-" + ProcessHandle.current().pid();
    opened.keep(() -> program("", "tmux", "-L", server, "kill-server"));
    program(
        "",
        "tmux",
        "-L",
        server,
        "new-session",
        "-d",
        "-x",
        "140",
        "-y",
        "40",
        "hatop -s " + socket());
    awaitScreen(server, ">>> impala");
    awaitScreen(server, "a                      80 -");
    // Down from FRONTEND to the first member; F10 disables it, F9 enables it.
    keys(server, "Down", "Down", "F10");
    awaitScreen(server, "a                      80 MAINT");
    keys(server, "F9");
    awaitScreen(server, "a                      80 -");
    // Its command line.
    keys(server, "5", "set server impala/a state drain", "Enter");
    keys(server, "M-1");
    awaitScreen(server, "a                      80 DRAIN");
    assertThat(socat(socket(), "show coordinators")).contains("a 127.0.0.1 UP DRAIN ");
  }

  private static void keys(String server, String... keys) throws Exception {
    for (String key : keys) {
      program("", "tmux", "-L", server, "send-keys", key);
    }
  }

  private static void awaitScreen(String server, String text) {
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(program("", "tmux", "-L", server, "capture-pane", "-p")).contains(text));
  }

  @Test
  void aSessionIsListedAndCut() throws Exception {
    Requirement.program("socat", "socat");
    BalancerProcess balancer = run();
    String address =
        balancer.process().lines().stream()
            .map(ChildProcess.Line::text)
            .filter(line -> line.contains("event=ready"))
            .findFirst()
            .orElseThrow()
            .replaceFirst(".*impala 127\\.0\\.0\\.1:(\\d+).*", "$1");
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(address))) {
      client.getOutputStream().write('x');
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(socat(socket(), "show sess")).contains("phase=data"));
      String line = socat(socket(), "show sess");
      assertThat(line)
          .contains("proto=tcpv4 src=127.0.0.1:" + client.getLocalPort() + " fe=impala");
      String id = line.substring(0, line.indexOf(':'));
      assertThat(socat(socket(), "shutdown session " + id)).isEqualTo("\n");
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
    balancer.process().awaitLine("killed", line -> line.text().endsWith(" killed"), SOON);
  }
}
