package io.impalabalancer.core;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A coordinator's end of a connection that answers with what it is asked, until the client ends.
 * Its clients wait for an answer before they ask again, so that it need not.
 *
 * <p>As a program it prints the port that it listens on, and runs until its standard input ends: a
 * process of its own has descriptors of its own.
 */
final class EchoPeer extends Peers.Peer {

  @Override
  void connected() {}

  @Override
  void readable() throws IOException {
    ByteBuffer bytes = peers().buffer.clear();
    int count = channel().read(bytes);
    if (count < 0) {
      close();
      return;
    }
    channel().write(bytes.flip());
    if (bytes.hasRemaining()) {
      throw new IOException("the client asks more than it takes");
    }
  }

  @Override
  void failed(IOException cause) {}

  /** Takes no arguments. */
  public static void main(String[] args) throws IOException {
    try (Peers peers = new Peers()) {
      System.out.println(peers.listen(0, EchoPeer::new));
      while (System.in.read() >= 0) {
        // Until there is no more.
      }
    }
  }
}
