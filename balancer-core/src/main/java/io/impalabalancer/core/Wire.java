package io.impalabalancer.core;

import io.impalabalancer.config.KeepaliveConfig;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One socket of a session, as the session sees it. The session decides when to read, write and end;
 * the wire only moves bytes, and tells its {@link Relay} what the socket does. Touched on its loop
 * only. No exception for what a network does leaves it.
 */
interface Wire {
  /** The peer has ended its direction; everything before it was read. */
  int END = -1;

  /** The connection is broken: a reset, or a peer that keepalive found dead. */
  int BROKEN = -2;

  /**
   * Starts to tell of an accepted socket; for a wire that an {@link Acceptor} made, once.
   *
   * @return false if the loop has no room for it; then it is closed
   */
  boolean start();

  /**
   * Starts to connect; for a wire that was made by {@link Wires#wire}, once. {@link
   * Relay#onConnected} or {@link Relay#onConnectFailed} follows, perhaps before this returns.
   *
   * @param first what will be sent first: some of it may be sent, and read from it, here
   */
  void connect(InetSocketAddress address, @Nullable ByteBuf first);

  /**
   * Reads into the loop's read buffer, from its beginning.
   *
   * @return how many bytes, at most {@link HeldBytes#readBytes()}; 0 if there is nothing now, and
   *     {@link Relay#onReadable} will come; {@link #END} or {@link #BROKEN}
   */
  int read();

  /** Returns whether another read may give something without a new event. */
  boolean mayReadMore();

  /**
   * Writes the first {@code length} bytes of the loop's read buffer. What does not fit is held, and
   * {@link Relay#onDrained} comes when it is gone; until then nothing may be written.
   *
   * @return false if the connection is broken
   */
  boolean write(int length);

  /** Writes bytes as {@link #write(int)}, and releases them when they are gone. */
  boolean write(ByteBuf bytes);

  /**
   * Takes what another wire of the same kind has to read, without reading it, if this one has seen
   * that it is worth it. Nothing may be held. {@link #writeSpliced} is to follow.
   *
   * @return how many bytes; 0 if the other is to be read: there is nothing, it has ended, or it is
   *     not worth it; {@link #BROKEN} if the other is broken
   */
  default int splice(Wire from) {
    return 0;
  }

  /**
   * Writes what {@link #splice} took. What does not fit is held, as with {@link #write(int)}.
   *
   * @return false if the connection is broken
   */
  default boolean writeSpliced() {
    throw new UnsupportedOperationException();
  }

  /** Returns the bytes that are held. */
  int pending();

  /** Returns the bytes that were written out. */
  long written();

  /** Returns the address of this end, null if it cannot be said. Asks the kernel: not for each. */
  @Nullable InetSocketAddress localAddress();

  /** Returns whether the connection is known to be broken, without reading. */
  boolean broken();

  /** Switches keepalive on. */
  void keepalive(KeepaliveConfig config);

  /** Sends FIN; nothing may be pending. Reading goes on. */
  void shutdownOutput();

  /** Closes; the peer gets FIN if nothing is unread. What is held is lost. Once. */
  void close();

  /** Closes with RST. What is held is lost. Once. */
  void reset();
}
