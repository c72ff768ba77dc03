package io.impalabalancer.core;

import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * One bound address of a listener. It accepts from the first {@link #resume} on. It asks {@link
 * Listener#admit} before each accept; refused, it stops until {@link #resume}. Touched on its loop
 * only.
 */
interface Acceptor {

  /** Returns the address, with the port that the kernel chose. */
  InetSocketAddress address();

  /** Returns its loop. */
  Loop loop();

  /** Returns the descriptor of its socket, -1 if it cannot be given to another process. */
  int descriptor();

  /** Accepts again, if it had stopped. */
  void resume();

  /**
   * Accepts from now on for another listener, or for the same with another configuration. The
   * socket stays: whoever waits in its queue is not lost.
   *
   * @throws IOException if the socket refuses an option; it serves the listener all the same
   */
  void serve(Listener listener) throws IOException;

  /**
   * Gives up the address. Connections that the kernel holds for it are reset, unless another
   * process has the socket too.
   */
  void close();
}
