package io.impalabalancer.health;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** Makes the sockets of checks, all on one event loop. */
record Sockets(EventLoop loop, ChannelFactory<? extends Channel> factory) {
  /** A page of metrics is read at once. */
  private static final int READ_BYTES = 64 * 1024;

  /**
   * Keeps its one chunk of 512 KiB. Netty's usual allocator frees one with each page, for which
   * Java 25 stops all threads.
   */
  private static final ByteBufAllocator BUFFERS =
      new PooledByteBufAllocator(true, 0, 1, 8192, 6, 0, 0, false);

  /** Makes sockets of the kind that the loop handles: epoll, else NIO. */
  static Sockets of(EventLoop loop) {
    boolean epoll = loop instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class);
    return new Sockets(loop, epoll ? EpollSocketChannel::new : NioSocketChannel::new);
  }

  /**
   * Starts to connect, without a timeout of its own.
   *
   * @param prepare adds to a new socket what reads from it
   */
  ChannelFuture connect(InetSocketAddress to, Consumer<Channel> prepare) {
    return new Bootstrap()
        .group(loop)
        .channelFactory(factory)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
        .option(ChannelOption.ALLOCATOR, BUFFERS)
        .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                prepare.accept(channel);
              }
            })
        .connect(to);
  }
}
