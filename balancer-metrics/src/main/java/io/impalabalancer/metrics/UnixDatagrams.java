package io.impalabalancer.metrics;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A way to send datagrams to a UNIX socket, as systemd and syslog have them; Java itself has none.
 * The receiver is looked up at each datagram, so that it may go and come back. One thread at a
 * time.
 */
public final class UnixDatagrams implements Closeable {
  private final String path;
  private final byte[] address;
  private final Socket socket;
  private ByteBuffer direct = ByteBuffer.allocateDirect(512);

  /**
   * Makes one.
   *
   * @param path of the receiver's socket; {@code @name} is a name of Linux that no file has
   * @throws IOException if the platform has no such sockets, or no descriptor is left
   */
  public UnixDatagrams(String path) throws IOException {
    if (!Epoll.isAvailable()) {
      throw new IOException("UNIX datagrams can be had on Linux only", Epoll.unavailabilityCause());
    }
    this.path = path;
    String name = path.startsWith("@") ? "\0" + path.substring(1) : path;
    address = name.getBytes(StandardCharsets.UTF_8);
    socket = Socket.newSocketDomainDgram();
  }

  /**
   * Sends what the buffer has as one datagram, without waiting.
   *
   * @return false if the receiver's queue is full, and nothing was sent
   * @throws IOException if nobody receives there
   */
  public boolean send(ByteBuffer bytes) throws IOException {
    int length = bytes.remaining();
    if (direct.capacity() < length) {
      direct = ByteBuffer.allocateDirect(length);
    }
    direct.clear().put(bytes.duplicate());
    try {
      return socket.sendToDomainSocket(direct, 0, length, address) == length;
    } catch (IOException e) {
      // Netty's exception for a missing socket says nothing.
      throw new IOException("nobody receives at " + path + ": " + e, e);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
