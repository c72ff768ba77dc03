package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.KeepaliveConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code channel} wire: Netty channels over NIO, for every platform. */
final class ChannelWires implements Wires {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelWires.class);

  /** Of Linux; NIO says no more than the kernel's words. */
  private static final List<String> SHORTAGES =
      List.of("Too many open files", "Cannot allocate memory", "No buffer space available");

  @Override
  public String word() {
    return "channel";
  }

  @Override
  public IoHandlerFactory ioHandlers() {
    return NioIoHandler.newFactory();
  }

  @Override
  public Acceptor listen(Loop loop, BindAddress address, Listener listener) throws IOException {
    InetSocketAddress socketAddress = address.toSocketAddress();
    // An IPv4 socket for an IPv4 address, so that 0.0.0.0 and :: can both be bound.
    SocketProtocolFamily family =
        socketAddress.getAddress() instanceof Inet6Address
            ? SocketProtocolFamily.INET6
            : SocketProtocolFamily.INET;
    NioServerSocketChannel channel =
        new NioServerSocketChannel(SelectorProvider.provider(), family);
    channel.config().setAutoRead(false);
    channel.config().setReuseAddress(true);
    channel.config().setBacklog(listener.config().backlog());
    channel
        .config()
        .setRecvByteBufAllocator(
            new FixedRecvByteBufAllocator(HeldBytes.READ_MAX_BYTES).maxMessagesPerRead(1));
    ChannelAcceptor acceptor = new ChannelAcceptor(loop, channel, listener);
    channel.pipeline().addLast(acceptor);
    sync(loop.register(channel));
    try {
      sync(channel.bind(socketAddress));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return acceptor;
  }

  @Override
  public Acceptor adopt(Loop loop, int descriptor, Listener listener) throws IOException {
    throw new IOException("the channel wire cannot take over a socket; expected wire = epoll");
  }

  /** Takes what the loop did at once: registering and binding are done when they return there. */
  private static void sync(ChannelFuture done) throws IOException {
    Throwable cause = done.cause();
    if (cause instanceof IOException e) {
      throw e;
    } else if (cause != null) {
      throw new IOException(cause);
    }
  }

  @Override
  public Wire wire(Relay relay) {
    return new ChannelWire(relay, new NioSocketChannel());
  }

  /** Returns whether the process or the system has no descriptor or no memory left. */
  static boolean isShortage(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    return SHORTAGES.stream().anyMatch(message::contains);
  }

  /** Sets what every relayed channel has; before it is registered. */
  static void configure(SocketChannel channel) {
    ChannelConfig config = channel.config();
    config.setAutoRead(false);
    config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    config.setOption(ChannelOption.TCP_NODELAY, true);
    // The session has a timer of its own for that.
    config.setConnectTimeoutMillis(0);
    config.setRecvByteBufAllocator(
        new FixedRecvByteBufAllocator(HeldBytes.READ_MAX_BYTES).maxMessagesPerRead(1));
  }

  /** Sets keepalive as far as it is switched on and the platform has it. */
  static void keepalive(Channel channel, KeepaliveConfig config) {
    if (!config.enabled()) {
      return;
    }
    ChannelConfig options = channel.config();
    try {
      options.setOption(ChannelOption.SO_KEEPALIVE, true);
      options.setOption(
          NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), (int) config.idle().toSeconds());
      options.setOption(
          NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
          (int) config.interval().toSeconds());
      options.setOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), config.count());
    } catch (ChannelException e) {
      // The connection is gone, and reading will say so.
      LOG.debug("event=keepalive-failed reason=\"{}\"", e.getMessage());
    }
  }
}
