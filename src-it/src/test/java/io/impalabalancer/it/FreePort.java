package io.impalabalancer.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Finds ports of 127.0.0.1 that nobody listens on. */
final class FreePort {

  private static final int LOWEST = 10_000;

  /** Below it, no port is given to outgoing connections by default, on Linux and elsewhere. */
  private static final int LOWEST_EPHEMERAL = 32_768;

  private static final Set<Integer> given = new HashSet<>();

  private FreePort() {}

  /**
   * Returns a port that this method did not return before.
   *
   * <p>It is not an ephemeral one, as binding port 0 gives: while a server is down, a connection to
   * its ephemeral port may get that very port for its own end, and so connect to itself and take
   * the port away.
   */
  static synchronized int next() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, LOWEST_EPHEMERAL);
      if (!given.contains(port) && isFree(port)) {
        given.add(port);
        return port;
      }
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
