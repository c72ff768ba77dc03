package io.impalabalancer.health;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A server on a free loopback port that answers each connection as it was told last. */
final class FakeServer implements AutoCloseable {

  /** What it does with a connection. */
  enum Manner {
    /** Reads the request, and answers with {@link #answer}. */
    ANSWER,
    /** Reads the request and says nothing; the connection stays. */
    SILENCE,
    /** Reads the request and closes. */
    CLOSE,
    /** Reads the request and resets. */
    RESET
  }

  volatile Manner manner = Manner.ANSWER;
  volatile String answer = status("200 OK");

  /** The request of each connection, as far as read. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  final AtomicInteger connections = new AtomicInteger();

  /** Connections that ended because the other side closed them. */
  final AtomicInteger left = new AtomicInteger();

  private @Nullable ClosedPort holder;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final ServerSocket server = new ServerSocket();
  private final Thread acceptor;

  FakeServer() throws IOException {
    this(0);
  }

  FakeServer(int port) throws IOException {
    server.setReuseAddress(true);
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    acceptor = start(this::accept);
  }

  /** Returns an answer without a body. */
  static String status(String status) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }

  /** Stops to listen and ends all connections; the port stays taken, and refuses. */
  void die() throws IOException {
    int port = port();
    close();
    holder = new ClosedPort(port);
  }

  int port() {
    return server.getLocalPort();
  }

  private static Thread start(Runnable body) {
    Thread thread = new Thread(body, "fake-server");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        open.add(socket);
        connections.incrementAndGet();
        Thread unused = start(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      StringBuilder request = new StringBuilder();
      for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        request.append(line).append('\n');
      }
      requests.add(request.toString());
      switch (manner) {
        case ANSWER -> {
          socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
          socket.getOutputStream().flush();
          untilLeft(in);
        }
        case SILENCE -> untilLeft(in);
        case CLOSE -> {}
        case RESET -> socket.setSoLinger(true, 0);
      }
    } catch (IOException broken) {
      left.incrementAndGet();
    }
  }

  private void untilLeft(BufferedReader in) throws IOException {
    while (in.read() >= 0) {
      // What comes after the request is of no interest.
    }
    left.incrementAndGet();
  }

  @Override
  public void close() throws IOException {
    if (holder != null) {
      holder.close();
    }
    server.close();
    // The port is free only when nobody waits on it any more.
    try {
      acceptor.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Socket socket : open) {
      socket.close();
    }
  }
}
