package io.impalabalancer.core;

import java.net.InetSocketAddress;

/**
 * One bound address of a listener. It asks {@link Listener#admit} before each accept; refused, it
 * stops until {@link #resume}. Touched on its loop only.
 */
interface Acceptor {

  /** Returns the address, with the port that the kernel chose. */
  InetSocketAddress address();

  /** Returns its loop. */
  Loop loop();

  /** Accepts again, if it had stopped. */
  void resume();

  /** Gives up the address. Connections that the kernel holds for it are reset. */
  void close();
}
