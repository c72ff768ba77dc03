package io.impalabalancer.health;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import javax.net.ssl.SSLContext;

/** A free loopback port that speaks TLS, before a loopback port that does not. */
final class TlsPort implements AutoCloseable {
  private final ServerSocket server;
  private final int behind;

  TlsPort(SSLContext tls, int behind) throws IOException {
    server =
        tls.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.behind = behind;
    start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  private static void start(Runnable body) {
    Thread thread = new Thread(body, "tls-port");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), behind);
        start(() -> copy(client, plain));
        start(() -> copy(plain, client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static void copy(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException over) {
      // So is the other way.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
