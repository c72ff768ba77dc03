package io.impalabalancer.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A coordinator on two ports that answers with what it is asked, of one thread. */
final class EchoServer implements AutoCloseable {
  private final Selector selector = Selector.open();
  private final ServerSocketChannel first = listen();
  private final ServerSocketChannel second = listen();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
  private final Thread thread = new Thread(this::run, "echo");

  EchoServer() throws IOException {
    thread.setDaemon(true);
    thread.start();
  }

  private ServerSocketChannel listen() throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    return server;
  }

  int port() {
    return first.socket().getLocalPort();
  }

  int port2() {
    return second.socket().getLocalPort();
  }

  private void run() {
    while (selector.isOpen()) {
      try {
        selector.select(this::serve);
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(SelectionKey key) {
    try {
      if (key.channel() instanceof ServerSocketChannel server) {
        SocketChannel accepted = server.accept();
        accepted.configureBlocking(false);
        accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
        accepted.register(selector, SelectionKey.OP_READ);
        return;
      }
      SocketChannel client = (SocketChannel) key.channel();
      buffer.clear();
      if (client.read(buffer) < 0) {
        client.close();
        return;
      }
      buffer.flip();
      while (buffer.hasRemaining()) {
        client.write(buffer);
      }
    } catch (IOException e) {
      key.cancel();
      close(key);
    }
  }

  private static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException e) {
      // It is gone.
    }
  }

  @Override
  public void close() throws IOException {
    for (SelectionKey key : selector.keys()) {
      close(key);
    }
    selector.close();
  }
}
