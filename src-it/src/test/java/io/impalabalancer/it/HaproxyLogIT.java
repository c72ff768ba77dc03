package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The same scripted sessions through real HAProxy and through the balancer: the lines that they log
 * are alike, field by field.
 */
class HaproxyLogIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** A line without its times, which differ from run to run, but for whether they are known. */
  private record Untimed(
      String listener,
      String server,
      boolean queued,
      boolean connected,
      long bytes,
      String letters,
      int retries) {

    static Untimed of(SessionLine line) {
      return new Untimed(
          line.listener(),
          line.server(),
          line.queueMillis() >= 0,
          line.connectMillis() >= 0,
          line.bytes(),
          line.letters(),
          line.retries());
    }
  }

  /** One scripted client, against the port of its listener. */
  private interface Script {
    void run(int port) throws Exception;
  }

  private final List<AutoCloseable> open = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private final Map<String, Script> scripts = new LinkedHashMap<>();

  @BeforeEach
  void writeScripts() {
    scripts.put("completed", HaproxyLogIT::askAndEnd);
    scripts.put("client-reset", port -> reset(ask(port)));
    scripts.put("server-reset", port -> readToEnd(ask(port)));
    scripts.put("refused", port -> readToEnd(speak(port)));
    scripts.put("black-hole", port -> readToEnd(speak(port)));
    scripts.put("disabled", port -> readToEnd(speak(port)));
    scripts.put("client-timeout", port -> readToEnd(ask(port)));
    scripts.put("server-timeout", port -> readToEnd(ask(port)));
    scripts.put(
        "server-fin-timeout",
        port -> {
          Socket client = ask(port);
          client.shutdownOutput();
          readToEnd(client);
        });
    scripts.put(
        "queue-timeout",
        port -> {
          try (Socket holder = ask(port)) {
            readToEnd(speak(port));
            holder.shutdownOutput();
            readToEnd(holder);
          }
        });
  }

  @AfterEach
  void closeAll() throws Exception {
    over.countDown();
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  @Test
  void theSameSessionsLeaveTheSameLines() throws Exception {
    Path haproxy = Requirement.of(onPath("haproxy"), "haproxy (Debian's package haproxy)");
    Map<String, Integer> servers = servers();

    Map<String, Integer> ports = ports();
    ChildProcess peer = startHaproxy(haproxy, ports, servers);
    runAll(ports);
    List<Untimed> expected = lines(peer);

    Map<String, Integer> ours = ports();
    BalancerProcess balancer = keep(BalancerProcess.start(config(ours, servers)));
    runAll(ours);
    assertThat(lines(balancer.process())).isEqualTo(expected);
  }

  private void runAll(Map<String, Integer> ports) throws Exception {
    for (Map.Entry<String, Script> script : scripts.entrySet()) {
      script.getValue().run(port(ports, script.getKey()));
    }
  }

  /** Returns the lines of all scripts; the queue leaves two. */
  private List<Untimed> lines(ChildProcess process) {
    int count = scripts.size() + 1;
    process.awaitLine(
        count + " session lines",
        line -> SessionLine.among(process.lines()).size() >= count,
        TIMEOUT);
    return SessionLine.among(process.lines()).stream().map(Untimed::of).toList();
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
    ServerSocket server = keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                try (Socket client = server.accept()) {
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
                } catch (IOException e) {
                  if (server.isClosed()) {
                    return;
                  }
                } catch (InterruptedException e) {
                  return;
                }
              }
            },
            "greeter");
    thread.setDaemon(true);
    thread.start();
    return server.getLocalPort();
  }

  /** A port that neither takes nor refuses: its accept queue is full and nobody accepts. */
  private int blackHole() throws IOException {
    ServerSocket full = keep(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    for (int i = 0; i < 2; i++) {
      keep(new Socket(full.getInetAddress(), full.getLocalPort()));
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

  /** Says one more byte, which some servers wait for, and takes whatever end comes. */
  private static void readToEnd(Socket client) throws IOException {
    try (client) {
      if (!client.isOutputShutdown()) {
        client.getOutputStream().write('e');
      }
      client.getInputStream().readAllBytes();
    } catch (java.net.SocketException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
  }

  private ChildProcess startHaproxy(
      Path haproxy, Map<String, Integer> ports, Map<String, Integer> servers) throws IOException {
    StringBuilder config =
        new StringBuilder(
            """
            global
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
        keep(
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

  private static Optional<Path> onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private <T extends AutoCloseable> T keep(T closeable) {
    open.add(closeable);
    return closeable;
  }
}
