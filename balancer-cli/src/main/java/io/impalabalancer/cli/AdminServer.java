package io.impalabalancer.cli;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The web port of the balancer: HTTP/1.1 on an event loop that no session uses. Pages are made on a
 * worker thread, so that a page that takes long delays neither checks nor other connections.
 *
 * <p>Bounded against bad clients: connections, the size of a request, and the time that a request
 * and its answer may take.
 */
final class AdminServer implements AutoCloseable {
  static final int MAX_CONNECTIONS = 256;
  private static final int MAX_REQUEST_LINE = 4096;
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_BODY = 4096;
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Channel server;
  private final ChannelGroup connections;
  private final ThreadPoolExecutor worker;

  private AdminServer(Channel server, ChannelGroup connections, ThreadPoolExecutor worker) {
    this.server = server;
    this.connections = connections;
    this.worker = worker;
  }

  /**
   * Binds the address and serves.
   *
   * @param pages by path; those are made on the worker
   * @throws BindException if the address cannot be bound; the message names it
   */
  static AdminServer open(
      EventLoopGroup loop, InetSocketAddress address, Map<String, Page.Maker> pages)
      throws BindException {
    return open(loop, address, pages, DEADLINE);
  }

  /** As {@link #open}, with the time that a request and its answer may take. */
  static AdminServer open(
      EventLoopGroup loop,
      InetSocketAddress address,
      Map<String, Page.Maker> pages,
      Duration deadline)
      throws BindException {
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    ThreadPoolExecutor worker =
        new ThreadPoolExecutor(
            0,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_CONNECTIONS),
            task -> {
              Thread thread = new Thread(task, "admin-pages");
              thread.setDaemon(true);
              return thread;
            });
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    if (connections.size() >= MAX_CONNECTIONS) {
                      channel.close();
                      return;
                    }
                    connections.add(channel);
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(
                                new HttpDecoderConfig()
                                    .setMaxInitialLineLength(MAX_REQUEST_LINE)
                                    .setMaxHeaderSize(MAX_HEADERS)),
                            new HttpObjectAggregator(MAX_BODY, true),
                            new FlowControlHandler(),
                            new AdminHandler(pages, worker, deadline));
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      worker.shutdown();
      throw (BindException)
          new BindException(
                  "stats: cannot bind " + text(address) + ": " + bound.cause().getMessage())
              .initCause(bound.cause());
    }
    return new AdminServer(bound.channel(), connections, worker);
  }

  /** Returns the address that it is bound to, with the port that the kernel chose. */
  InetSocketAddress address() {
    return (InetSocketAddress) server.localAddress();
  }

  /** Gives up the address and closes every connection; waits until that is done. */
  @Override
  public void close() {
    server.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
    worker.shutdownNow();
  }

  /** Returns {@code host:port} in numbers, an IPv6 host in brackets. */
  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
