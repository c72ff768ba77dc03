package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The same scripted sessions through real HAProxy and through the balancer: the lines that they log
 * are alike, field by field.
 */
class HaproxyLogIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** A session line: address, date, names, times, and what stands behind them. */
  private static final Pattern LINE =
      Pattern.compile(
          "(127\\.0\\.0\\.1):\\d+ \\[\\d{2}/\\w{3}/\\d{4}:\\d{2}:\\d{2}:\\d{2}\\.\\d{3}\\]"
              + " (\\S+ \\S+) (-?\\d+)/(-?\\d+)/(-?\\d+) (\\d+ \\S\\S \\S+ \\S+).*");

  /** One scripted client, against the port of its listener; the process logs what it does. */
  private interface Script {
    void run(int port, ChildProcess process) throws Exception;
  }

  @RegisterExtension private final Opened opened = new Opened();
  private final CountDownLatch over = new CountDownLatch(1);
  private final Map<String, Script> scripts = new LinkedHashMap<>();

  @BeforeEach
  void writeScripts() {
    opened.keep(over::countDown);
    scripts.put("completed", (port, process) -> askAndEnd(port));
    scripts.put("client-reset", (port, process) -> reset(ask(port)));
    scripts.put(
        "server-reset",
        (port, process) -> {
          Socket client = ask(port);
          client.getOutputStream().write('r');
          readToEnd(client);
        });
    scripts.put("refused", (port, process) -> readToEnd(speak(port)));
    scripts.put("black-hole", (port, process) -> readToEnd(speak(port)));
    scripts.put("disabled", (port, process) -> readToEnd(speak(port)));
    scripts.put("client-timeout", (port, process) -> readToEnd(ask(port)));
    scripts.put("server-timeout", (port, process) -> readToEnd(ask(port)));
    scripts.put(
        "server-fin-timeout",
        (port, process) -> {
          Socket client = ask(port);
          client.shutdownOutput();
          readToEnd(client);
        });
    scripts.put(
        "queue-timeout",
        (port, process) -> {
          try (Socket holder = ask(port)) {
            readToEnd(speak(port));
            // The queued client's session has ended when its line is there: until then it counts.
            process.awaitLine("the queued one", line -> line.text().contains(" sQ "), TIMEOUT);
            holder.shutdownOutput();
            readToEnd(holder);
          }
        });
  }

  @Test
  void theSameSessionsLeaveTheSameLines() throws Exception {
    Path haproxy = Requirement.program("haproxy", "haproxy");
    Map<String, Integer> servers = servers();

    Map<String, Integer> ports = ports();
    ChildProcess peer = startHaproxy(haproxy, ports, servers);
    runAll(ports, peer);
    List<String> expected = sessionLines(peer);

    Map<String, Integer> ours = ports();
    BalancerProcess balancer = opened.keep(BalancerProcess.start(config(ours, servers)));
    runAll(ours, balancer.process());
    assertThat(sessionLines(balancer.process())).isEqualTo(expected);
  }

  /** Runs one script after the other, each when the lines of the one before are there. */
  private void runAll(Map<String, Integer> ports, ChildProcess process) throws Exception {
    int lines = 0;
    for (Map.Entry<String, Script> script : scripts.entrySet()) {
      script.getValue().run(port(ports, script.getKey()), process);
      lines += script.getKey().equals("queue-timeout") ? 2 : 1;
      int expected = lines;
      process.awaitLine("line " + lines, line -> sessionLines(process).size() >= expected, TIMEOUT);
    }
  }

  /**
   * Returns the session lines in the order of their text. Ports and the lengths of times differ
   * from run to run, but not whether a time is known.
   */
  private static List<String> sessionLines(ChildProcess process) {
    return process.lines().stream()
        .map(line -> LINE.matcher(line.text()))
        .filter(Matcher::matches)
        .map(line ->
            "%s:port [date] %s %s/%s/%s %s"
                .formatted(
                    line.group(1),
                    line.group(2),
                    time(line.group(3)),
                    time(line.group(4)),
                    time(line.group(5)),
                    line.group(6)))
        .sorted()
        .toList();
  }

  private static String time(String millis) {
    return millis.startsWith("-") ? millis : "T";
  }

  private Map<String, Integer> ports() {
    Map<String, Integer> ports = new LinkedHashMap<>();
    scripts.keySet().forEach(name -> ports.put(name, FreePort.next()));
    return ports;
  }

  private static int port(Map<String, Integer> ports, String name) {
    return Optional.ofNullable(ports.get(name)).orElseThrow();
  }

  private Map<String, Integer> servers() throws IOException {
    Map<String, Integer> servers = new LinkedHashMap<>();
    for (String name : scripts.keySet()) {
      servers.put(
          name,
          switch (name) {
            case "refused", "disabled" -> FreePort.next();
            case "black-hole" -> blackHole();
            default -> greeter(name.equals("server-reset"), name.equals("server-fin-timeout"));
          });
    }
    return servers;
  }

  /**
   * Answers "hello" to the first byte; then resets, keeps silent, or waits for the client's end.
   */
  private int greeter(boolean resets, boolean ignoresEnd) throws IOException {
    ServerSocket server = opened.keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    daemon(() -> {
      while (true) {
        Socket client = server.accept();
        daemon(() -> greet(client, resets, ignoresEnd));
      }
    });
    return server.getLocalPort();
  }

  private void greet(Socket socket, boolean resets, boolean ignoresEnd) throws Exception {
    try (Socket client = socket) {
      client.getInputStream().read();
      client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
      if (resets) {
        // The answer arrives before the reset: the client says so by a second byte.
        client.getInputStream().read();
        client.setSoLinger(true, 0);
      } else if (ignoresEnd) {
        over.await();
      } else {
        client.getInputStream().readAllBytes();
      }
    }
  }

  /** Runs something that ends with its sockets. */
  private static void daemon(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception ended) {
                // The clients see what came of it.
              }
            },
            "greeter");
    thread.setDaemon(true);
    thread.start();
  }

  private interface Work {
    void run() throws Exception;
  }

  /** A port that neither takes nor refuses: its accept queue is full and nobody accepts. */
  private int blackHole() throws IOException {
    ServerSocket full = opened.keep(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    for (int i = 0; i < 2; i++) {
      opened.keep(new Socket(full.getInetAddress(), full.getLocalPort()));
    }
    return full.getLocalPort();
  }

  private static Socket speak(int port) throws IOException {
    Socket client = new Socket();
    client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout((int) TIMEOUT.toMillis());
    client.getOutputStream().write('q');
    return client;
  }

  private static Socket ask(int port) throws IOException {
    Socket client = speak(port);
    assertThat(client.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
    return client;
  }

  private static void askAndEnd(int port) throws IOException {
    Socket client = ask(port);
    client.shutdownOutput();
    readToEnd(client);
  }

  private static void reset(Socket client) throws IOException {
    client.setSoLinger(true, 0);
    client.close();
  }

  /** Takes whatever end comes. */
  private static void readToEnd(Socket client) throws IOException {
    try (client) {
      client.getInputStream().readAllBytes();
    } catch (SocketException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
  }

  private ChildProcess startHaproxy(
      Path haproxy, Map<String, Integer> ports, Map<String, Integer> servers) throws IOException {
    StringBuilder config =
        new StringBuilder(
            """
            global
              # Of two threads that log at once HAProxy drops a line (fd_write_frag_line in src/fd.c).
              nbthread 1
              log stdout format raw local0
              maxconn 1000
            defaults
              mode tcp
              log global
              option tcplog
              option redispatch
              retries 1
              timeout connect 5s
              timeout queue 10s
              timeout client 10s
              timeout server 10s
            """);
    for (String name : ports.keySet()) {
      config.append(
          "listen %s\n  bind 127.0.0.1:%d\n  server c-%s 127.0.0.1:%d%s\n"
              .formatted(
                  name,
                  port(ports, name),
                  name,
                  port(servers, name),
                  switch (name) {
                    case "disabled" -> " disabled";
                    case "queue-timeout" -> " maxconn 1\n  timeout queue 500ms";
                    case "black-hole" -> "\n  timeout connect 500ms\n  retries 0";
                    case "client-timeout" -> "\n  timeout client 500ms";
                    case "server-timeout" -> "\n  timeout server 500ms";
                    case "server-fin-timeout" -> "\n  timeout server-fin 500ms";
                    default -> "";
                  }));
    }
    Path directory = ChildProcess.newDirectory("haproxy");
    Path file = directory.resolve("haproxy.cfg");
    Files.writeString(file, config);
    ChildProcess process =
        opened.keep(
            ChildProcess.start(
                "haproxy",
                directory,
                Map.of(),
                List.of(haproxy.toString(), "-db", "-f", file.toString())));
    awaitListening(port(ports, "completed"), process);
    return process;
  }

  /**
   * Waits until a port takes connections; the line of that probe is waited for, and not counted.
   */
  private static void awaitListening(int port, ChildProcess process) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      try {
        askAndEnd(port);
        process.awaitLine("the probe's line", line -> line.text().contains(" -- "), TIMEOUT);
        process.forgetLines();
        return;
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new AssertionError("nobody listens on " + port, e);
        }
        Thread.onSpinWait();
      }
    }
  }

  private static String config(Map<String, Integer> ports, Map<String, Integer> servers) {
    StringBuilder coordinators = new StringBuilder();
    StringBuilder pools = new StringBuilder();
    StringBuilder listeners = new StringBuilder();
    for (String name : ports.keySet()) {
      coordinators.append(
          """
          { name = c-%s, host = 127.0.0.1, %s
            ports { tcp = %d, beeswax = none, hiveserver2 = none, hiveserver2-http = none, web = none } }
          """
              .formatted(
                  name,
                  switch (name) {
                    case "disabled" -> "state = maint,";
                    case "queue-timeout" -> "maxconn = 1,";
                    default -> "";
                  },
                  port(servers, name)));
      pools.append("%s = [c-%s]\n".formatted(name, name));
      listeners.append(
          "{ name = %s, bind = \"127.0.0.1:%d\", protocol = tcp, pool = %s, %s }\n"
              .formatted(
                  name,
                  port(ports, name),
                  name,
                  switch (name) {
                    case "queue-timeout" -> "timeouts { queue = 500ms }";
                    case "black-hole" -> "retries = 0, timeouts { connect = 500ms }";
                    case "client-timeout" -> "timeouts { client = 500ms }";
                    case "server-timeout" -> "timeouts { server = 500ms }";
                    case "server-fin-timeout" -> "timeouts { server-fin = 500ms }";
                    default -> "";
                  }));
    }
    return """
    impala-balancer {
      coordinators = [ %s ]
      pools { %s }
      listeners = [ %s ]
      defaults { retries = 1, timeouts { queue = 10s, client = 10s, server = 10s } }
      check { type = none }
      log { sessions = stdout }
    }
    """
        .formatted(coordinators, pools, listeners);
  }
}
