package io.impalabalancer.cli.ctl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** The runtime socket of a balancer as its client: a connection for each command. */
final class ControlSocket {
  private static final int BUFFER = 65_536;

  /** How long a balancer may be silent that is asked something. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Path path;
  private final Duration patience;

  ControlSocket(Path path) {
    this(path, PATIENCE);
  }

  ControlSocket(Path path, Duration patience) {
    this.path = path;
    this.patience = patience;
  }

  /** No balancer answers. */
  static final class Unreachable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreachable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Sends a command and returns its answer, without the empty line behind it.
   *
   * @param words a blank or semicolon in one of them stays in it
   * @throws Unreachable if nobody answers
   */
  String ask(String... words) {
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      line.append(line.isEmpty() ? "" : " ").append(word.replaceAll("([ \\\\;\t])", "\\\\$1"));
    }
    line.append('\n');
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      channel.connect(UnixDomainSocketAddress.of(path));
      ByteBuffer out = ByteBuffer.wrap(line.toString().getBytes(UTF_8));
      while (out.hasRemaining()) {
        channel.write(out);
      }
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      ByteBuffer in = ByteBuffer.allocate(BUFFER);
      while (true) {
        if (selector.select(patience.toMillis()) == 0) {
          throw new IOException("nothing came within " + patience.toSeconds() + " s");
        }
        selector.selectedKeys().clear();
        if (channel.read(in) < 0) {
          break;
        }
        answer.write(in.array(), 0, in.position());
        in.clear();
      }
      return answer.toString(UTF_8).replaceFirst("\n$", "");
    } catch (IOException e) {
      throw new Unreachable(
          "no balancer answers on "
              + path
              + " ("
              + e.getMessage()
              + "); is it running, and is this its runtime.socket? Name another with --socket",
          e);
    }
  }
}
