package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.WireKind;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/** A kind of wire: makes the sockets of a platform. The kinds behave alike. */
interface Wires {

  /** Returns the configuration's word for it. */
  String word();

  /** Returns what drives its sockets on an event loop. */
  IoHandlerFactory ioHandlers();

  /**
   * Binds an address for a listener; it accepts once it is resumed. On the loop.
   *
   * @throws IOException if the address cannot be bound
   */
  Acceptor listen(Loop loop, BindAddress address, Listener listener) throws IOException;

  /**
   * Serves a listener with a listening socket that another process has bound. On the loop.
   *
   * @throws IOException if this kind of wire cannot
   */
  Acceptor adopt(Loop loop, int descriptor, Listener listener) throws IOException;

  /**
   * Makes a wire that can connect to a coordinator. On the loop of its relay.
   *
   * @throws io.netty.channel.ChannelException if there is no descriptor left for it
   */
  Wire wire(Relay relay);

  /** Makes the pipes of one loop, as {@link EpollPipes}. */
  default EpollPipes pipes(int most, LongAdder splicedBytes, Ticker ticker) {
    return new EpollPipes(most, splicedBytes, ticker);
  }

  /**
   * Returns the kind that the configuration asks for.
   *
   * @throws IllegalStateException if {@code epoll} is asked for where it cannot be had
   */
  static Wires of(WireKind kind) {
    if (kind == WireKind.EPOLL && !Epoll.isAvailable()) {
      throw new IllegalStateException(
          "wire = epoll cannot be had here; write auto or channel", Epoll.unavailabilityCause());
    }
    return kind == WireKind.CHANNEL || !Epoll.isAvailable() ? new ChannelWires() : new EpollWires();
  }
}
