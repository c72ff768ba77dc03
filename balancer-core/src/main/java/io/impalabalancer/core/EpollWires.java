package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.KeepaliveConfig;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Timeouts;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.LinuxSocket;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * The {@code epoll} wire of Linux: sockets are handles on Netty's event loop, without channels and
 * pipelines. What it uses of Netty is public, but marked unstable, and stays within the classes
 * named Epoll.
 */
class EpollWires implements Wires {
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_KEEPIDLE = 4;
  private static final int TCP_KEEPINTVL = 5;
  private static final int TCP_KEEPCNT = 6;
  private static final int TCP_USER_TIMEOUT = 18;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;

  @Override
  public String word() {
    return "epoll";
  }

  @Override
  public IoHandlerFactory ioHandlers() {
    return EpollIoHandler.newFactory();
  }

  @Override
  public Acceptor listen(Loop loop, BindAddress address, Listener listener) throws IOException {
    InetSocketAddress socketAddress = address.toSocketAddress();
    boolean ipv6 = socketAddress.getAddress() instanceof Inet6Address;
    LinuxSocket socket = LinuxSocket.newSocketStream(ipv6);
    try {
      ListenerConfig config = listener.config();
      socket.setReuseAddress(true);
      if (ipv6) {
        socket.setIntOpt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
      }
      socket.bind(socketAddress);
      configure(socket, config);
      return new EpollAcceptor(loop, socket, listener);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public Wire wire(Relay relay) {
    return new EpollWire(relay);
  }

  @Override
  public Acceptor adopt(Loop loop, int descriptor, Listener listener) throws IOException {
    LinuxSocket socket = LinuxSocket.newSocket(descriptor);
    configure(socket, listener.config());
    return new EpollAcceptor(loop, socket, listener);
  }

  /** Sets what a listening socket has from its listener; it listens already, or begins to. */
  static void configure(LinuxSocket socket, ListenerConfig config) throws IOException {
    // Accepted sockets inherit these from the listening one.
    socket.setTcpNoDelay(true);
    socket.setKeepAlive(false);
    socket.setIntOpt(IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
    keepalive(socket, config.keepalive());
    // Linux takes another length for a socket that listens.
    socket.listen(config.backlog());
  }

  /** Sets keepalive and the user timeout of a socket, as far as they are switched on. */
  static void keepalive(LinuxSocket socket, KeepaliveConfig config) throws IOException {
    if (config.enabled()) {
      socket.setKeepAlive(true);
      socket.setIntOpt(IPPROTO_TCP, TCP_KEEPIDLE, seconds(config.idle()));
      socket.setIntOpt(IPPROTO_TCP, TCP_KEEPINTVL, seconds(config.interval()));
      socket.setIntOpt(IPPROTO_TCP, TCP_KEEPCNT, config.count());
    }
    if (!config.userTimeout().equals(Timeouts.INFINITE)) {
      int millis = (int) Math.min(config.userTimeout().toMillis(), Integer.MAX_VALUE);
      socket.setIntOpt(IPPROTO_TCP, TCP_USER_TIMEOUT, millis);
    }
  }

  private static int seconds(Duration duration) {
    return (int) Math.max(1, duration.toSeconds());
  }
}
