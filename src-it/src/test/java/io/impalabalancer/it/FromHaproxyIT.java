package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The steps of docs/from-haproxy.md: its own commands, one block after the other, with real HAProxy
 * on the other side; only paths and ports are others.
 */
@Timeout(180)
class FromHaproxyIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int SESSIONS = 4;

  @TempDir private Path directory;

  @RegisterExtension private final Opened opened = new Opened();

  /** What stands in the document, and what takes its place. */
  private final Map<String, String> places = new LinkedHashMap<>();

  private final Deque<String> blocks = new ArrayDeque<>();
  private Path haproxyPid;

  @BeforeEach
  void prepare() throws IOException {
    Requirement.program("haproxy", "haproxy");
    Requirement.program("socat", "socat");
    opened.keep(this::endHaproxy);
    haproxyPid = directory.resolve("haproxy.pid");
    places.put("/etc/haproxy/haproxy.cfg", directory.resolve("haproxy.cfg").toString());
    places.put("/etc/impala-balancer", directory.toString());
    places.put("/run/haproxy/admin.sock", directory.resolve("h.sock").toString());
    places.put("/run/impala-balancer/admin.sock", directory.resolve("b.sock").toString());
    places.put("/run/haproxy.pid", haproxyPid.toString());
    for (String port : List.of("25003", "21051", "25002", "35003", "31051", "25012")) {
      places.put(port, String.valueOf(FreePort.next()));
    }
    String document = Files.readString(Path.of("..", "docs", "from-haproxy.md"));
    Pattern.compile("(?m)^```sh\n(.*?)^```", Pattern.DOTALL)
        .matcher(document)
        .results()
        .map(MatchResult::group)
        .map(block -> here(block.replaceAll("(?m)^```.*\n?", "")))
        .forEach(blocks::add);
  }

  /** HAProxy is in the background: only its file tells its number. */
  private void endHaproxy() throws IOException {
    if (Files.exists(haproxyPid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(haproxyPid).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private String here(String text) {
    String result = text;
    for (Map.Entry<String, String> place : places.entrySet()) {
      result = result.replace(place.getKey(), place.getValue());
    }
    return result;
  }

  private int port(String inDocument) {
    return Integer.parseInt(here(inDocument));
  }

  @Test
  void everyStepWorksAndNoSessionIsCut() throws Exception {
    EchoServer coordinators = opened.keep(new EchoServer());
    Files.writeString(directory.resolve("haproxy.cfg"), haproxyConfiguration(coordinators));
    run("haproxy -D -f %s -p %s".formatted(here("/etc/haproxy/haproxy.cfg"), haproxyPid));
    Talk withHaproxy = new Talk(port("25003"));

    assertThat(next("convert")).contains("Carried over", "Not supported (0)");
    assertThat(next("check -c")).contains("configuration is valid");
    assertThat(next("check --here")).contains("configuration is valid");
    ChildProcess trial = nextProcess("trial.conf");
    for (int i = 0; i < SESSIONS; i++) {
      new Talk(port("35003")).end();
      new Talk(port("25003")).end();
    }
    // HAProxy has one more, which still lives. A server is UP 1/3 there until it has been checked.
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          List<List<String>> tables = tables(run(blocks.getFirst()));
          assertThat(tables.get(1)).contains("impala,BACKEND,0," + SESSIONS + ",UP");
          assertThat(tables.get(0)).contains("impala,BACKEND,1," + (SESSIONS + 1) + ",UP");
          assertThat(names(tables.get(1))).isEqualTo(names(tables.get(0)));
        });
    assertThat(next("show stat")).isNotEmpty();
    next("kill -TERM");
    assertThat(trial.awaitExit(SOON)).isZero();

    next("kill -USR1");
    ChildProcess balancer = nextProcess("impala-balancer.conf");
    Talk withBalancer = new Talk(port("25003"));
    withHaproxy.exchange();
    withHaproxy.end();
    awaitEnd();

    rollBack();
    Talk again = new Talk(port("25003"));
    withBalancer.exchange();
    withBalancer.end();
    assertThat(balancer.awaitExit(SOON)).isZero();
    assertThat(SessionLine.among(balancer.lines()))
        .singleElement()
        .satisfies(line -> assertThat(line.letters()).isEqualTo("--"));
    again.end();
    assertThat(blocks).isEmpty();
  }

  /** Waits until HAProxy has ended, because its last session has. */
  private void awaitEnd() throws IOException {
    long pid = Long.parseLong(Files.readString(haproxyPid).strip());
    await().atMost(SOON).until(() -> ProcessHandle.of(pid).isEmpty());
  }

  /** Executes the last block; its second command again, as it says, while the port is taken. */
  private void rollBack() {
    String[] commands = blocks.removeFirst().strip().split("\n", -1);
    assertThat(commands).hasSize(2);
    run(commands[0]);
    await().atMost(SOON).until(() -> status(commands[1]) == 0);
  }

  /** Executes the next block, which has to end well. */
  private String next(String what) {
    assertThat(blocks.getFirst()).contains(what);
    return run(blocks.removeFirst());
  }

  /** Starts the next block, which is a balancer, and waits until it is ready. */
  private ChildProcess nextProcess(String what) {
    assertThat(blocks.getFirst()).contains("impala-balancer run -c", what);
    ChildProcess process = opened.keep(start("exec " + blocks.removeFirst()));
    process.awaitLine("ready", line -> line.text().contains("event=ready"), SOON);
    return process;
  }

  private static ChildProcess start(String commands) {
    String launcher = Path.of("..").toAbsolutePath().normalize().toString();
    return ChildProcess.start(
        "step",
        ChildProcess.newDirectory("step"),
        Map.of(
            "JAVA_HOME",
            System.getProperty("java.home"),
            "PATH",
            launcher + ":" + System.getenv("PATH") + ":/usr/sbin"),
        List.of("sh", "-ec", commands));
  }

  private static String run(String commands) {
    try (ChildProcess process = start(commands)) {
      int status = process.awaitExit(SOON);
      String output =
          process.lines().stream().map(ChildProcess.Line::text).collect(Collectors.joining("\n"));
      assertThat(status).as("%s%n%s", commands, output).isZero();
      return output;
    }
  }

  private static int status(String command) {
    try (ChildProcess process = start(command)) {
      return process.awaitExit(SOON);
    }
  }

  /** Takes the two tables apart: HAProxy's, without its own page, and the balancer's. */
  private static List<List<String>> tables(String output) {
    List<List<String>> tables = new ArrayList<>();
    for (String line : output.lines().toList()) {
      if (line.startsWith("# pxname")) {
        tables.add(new ArrayList<>());
      } else if (!line.isBlank() && !line.startsWith("stats,")) {
        tables.get(tables.size() - 1).add(line);
      }
    }
    assertThat(tables).hasSize(2);
    return tables;
  }

  private static List<String> names(List<String> table) {
    return table.stream().map(line -> line.replaceFirst("^([^,]*,[^,]*),.*,", "$1,")).toList();
  }

  private String haproxyConfiguration(EchoServer coordinators) {
    return here("""
    global
      stats socket /run/haproxy/admin.sock level admin
    defaults
      mode tcp
      timeout connect 5s
      timeout client 1h
      timeout server 1h
    listen impala
      bind 127.0.0.1:25003
      balance leastconn
      server symbolic_name_1 127.0.0.1:ONE check
      server symbolic_name_2 127.0.0.1:TWO check
    listen impala-jdbc
      bind 127.0.0.1:21051
      balance source
      server symbolic_name_3 127.0.0.1:ONE check
      server symbolic_name_4 127.0.0.1:TWO check
    listen stats
      bind 127.0.0.1:25002
      mode http
      stats enable
    """)
        .replace("ONE", String.valueOf(coordinators.port()))
        .replace("TWO", String.valueOf(coordinators.port2()));
  }

  /** A session that says something now and then. */
  private final class Talk implements AutoCloseable {
    private final Socket socket;

    Talk(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout((int) SOON.toMillis());
      opened.keep(this);
      exchange();
    }

    void exchange() throws IOException {
      socket.getOutputStream().write('?');
      assertThat(socket.getInputStream().read()).isEqualTo('?');
    }

    void end() throws IOException {
      socket.shutdownOutput();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
      socket.close();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
