package io.impalabalancer.health;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A loopback port that is taken, so that nobody else gets it, and refuses connections. */
final class ClosedPort implements AutoCloseable {
  private final Socket holder = new Socket();

  ClosedPort() throws IOException {
    this(0);
  }

  ClosedPort(int port) throws IOException {
    holder.setReuseAddress(true);
    holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  int port() {
    return holder.getLocalPort();
  }

  /** Begins to listen. */
  FakeServer open() throws IOException {
    int port = port();
    close();
    return new FakeServer(port);
  }

  @Override
  public void close() throws IOException {
    holder.close();
  }
}
