package io.impalabalancer.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A coordinator of a test: one thread a connection, doing what the test says. */
final class TestServer implements AutoCloseable {

  /** What is done with a connection; it is closed afterwards. */
  interface Script {
    void run(Socket socket) throws Exception;
  }

  final AtomicInteger accepted = new AtomicInteger();
  private final ServerSocket server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  TestServer(Script script) throws IOException {
    this(0, script);
  }

  TestServer(int port, Script script) throws IOException {
    server = new ServerSocket();
    server.setReuseAddress(true);
    server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1024);
    threads.execute(() -> {
      while (!server.isClosed()) {
        try {
          Socket socket = server.accept();
          accepted.incrementAndGet();
          open.add(socket);
          threads.execute(() -> serve(socket, script));
        } catch (IOException e) {
          return;
        }
      }
    });
  }

  private void serve(Socket socket, Script script) {
    try (socket) {
      socket.setTcpNoDelay(true);
      script.run(socket);
    } catch (Exception e) {
      // The test's client sees what came of it.
    } finally {
      open.remove(socket);
    }
  }

  /** Answers with what it is sent, until the client ends. */
  static TestServer echo() throws IOException {
    return new TestServer(socket -> copy(socket));
  }

  static void copy(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    byte[] buffer = new byte[32 * 1024];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      socket.getOutputStream().write(buffer, 0, n);
    }
    socket.shutdownOutput();
  }

  /** Closes with RST. */
  static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** Returns a port on which nobody listens at this moment. */
  static int closedPort() {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return server.getLocalPort();
  }

  int connections() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    stop();
  }

  /** Ends at once, and every connection with it. */
  void stop() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
