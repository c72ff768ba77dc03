package io.impalabalancer.it;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Finds ports of 127.0.0.1 that nobody listens on. */
final class FreePort {

  private static final int LOWEST = 10_000;

  /** Below it, no port is given to outgoing connections by default, on Linux and elsewhere. */
  private static final int LOWEST_EPHEMERAL = 32_768;

  private static final Set<Integer> given = new HashSet<>();

  /** Locked at the place of each port that was given, against other tests on this machine. */
  private static final FileChannel CLAIMS = claims();

  private FreePort() {}

  private static FileChannel claims() {
    String name = "impala-balancer-it-ports-" + System.getProperty("user.name");
    try {
      return FileChannel.open(
          Path.of(System.getProperty("java.io.tmpdir"), name), CREATE, READ, WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns a port that this method did not return before, nor in another process that still runs.
   *
   * <p>It is not an ephemeral one, as binding port 0 gives: while a server is down, a connection to
   * its ephemeral port may get that very port for its own end, and so connect to itself and take
   * the port away.
   */
  static synchronized int next() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, LOWEST_EPHEMERAL);
      if (given.add(port) && isFree(port) && claim(port)) {
        return port;
      }
    }
  }

  /** Claims a port until the end of this process; false if another one has it. */
  private static boolean claim(int port) {
    try {
      return CLAIMS.tryLock(port, 1, false) != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
