package io.impalabalancer.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A program for {@code impala-balancer prepare}: runs the balancer as a user does, has it serve a
 * few clients and a scrape, and ends. Meanwhile the JVM notes what later starts need. Everything is
 * on loopback, on ports that the kernel chose.
 */
final class WarmUp {
  private static final int CLIENTS = 20;
  private static final int TIMEOUT_MILLIS = 60_000;
  private static final byte[] HEALTHY =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK".getBytes(StandardCharsets.US_ASCII);

  private WarmUp() {}

  /** Runs, and ends the process. */
  public static void main(String[] arguments) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    int port;
    int stats;
    try (ServerSocket one = new ServerSocket(0, 1, loopback);
        ServerSocket two = new ServerSocket(0, 1, loopback)) {
      port = one.getLocalPort();
      stats = two.getLocalPort();
    }
    ServerSocket coordinator = new ServerSocket(0, 50, loopback);
    ServerSocket other = new ServerSocket(0, 50, loopback);
    Path file = Files.createTempFile("impala-balancer-warm-up", ".conf");
    file.toFile().deleteOnExit();
    Files.writeString(
        file,
        """
        impala-balancer {
          coordinator-defaults.ports { beeswax = none, hiveserver2-http = none }
          coordinators = [
            { name = c1, host = "127.0.0.1", ports { hiveserver2 = %1$d, web = %1$d } }
            { name = c2, host = "127.0.0.1", ports { hiveserver2 = %2$d, web = none } }
          ]
          listeners = [
            { name = one, bind = "127.0.0.1:%3$d", protocol = hiveserver2 }
            { name = two, bind = "127.0.0.1:0", protocol = hiveserver2, balance = source }
          ]
          stats.bind = "127.0.0.1:%4$d"
        }
        """
            .formatted(coordinator.getLocalPort(), other.getLocalPort(), port, stats));
    start(() -> serve(coordinator));
    start(() -> serve(other));
    start(
        () -> drive(new InetSocketAddress(loopback, port), new InetSocketAddress(loopback, stats)));
    Main.main(new String[] {"run", "-c", file.toString()});
  }

  private interface Task {
    void run() throws Exception;
  }

  /** Runs a task on a thread of its own; if it fails, the whole warm-up has. */
  private static void start(Task task) {
    Thread thread =
        new Thread(() -> {
          try {
            task.run();
          } catch (Exception e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(ExitStatus.INTERNAL);
          }
        });
    thread.setDaemon(true);
    thread.start();
  }

  /** The coordinator: healthy, whatever it is asked. */
  private static void serve(ServerSocket coordinator) throws IOException {
    while (true) {
      try (Socket connection = coordinator.accept()) {
        connection.setSoTimeout(TIMEOUT_MILLIS);
        if (connection.getInputStream().read(new byte[1024]) > 0) {
          connection.getOutputStream().write(HEALTHY);
        }
      }
    }
  }

  /** The clients; then the end. */
  private static void drive(InetSocketAddress balancer, InetSocketAddress stats) throws Exception {
    long start = System.nanoTime();
    while (!ask(stats, "/readyz").contains("200 OK")) {
      if (System.nanoTime() - start > TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MILLIS)) {
        throw new IOException("not ready within " + TIMEOUT_MILLIS + " ms");
      }
      Thread.sleep(20);
    }
    for (int i = 0; i < CLIENTS; i++) {
      ask(balancer, "/");
    }
    ask(stats, "/metrics");
    System.exit(ExitStatus.OK);
  }

  /** Sends a request and returns the whole answer; empty if nobody listens yet. */
  private static String ask(InetSocketAddress address, String path) throws IOException {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      OutputStream out = socket.getOutputStream();
      out.write(("GET " + path + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (java.net.ConnectException e) {
      return "";
    }
  }
}
