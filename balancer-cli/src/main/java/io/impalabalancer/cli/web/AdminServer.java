package io.impalabalancer.cli.web;

import io.impalabalancer.config.StatsConfig;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The web port of the balancer: HTTP/1.1 on an event loop that no session uses. Pages are made on a
 * worker thread, so that a page that takes long delays neither checks nor other connections.
 *
 * <p>Bounded against bad clients: connections, the size of a request, and the time that a request
 * and its answer may take.
 */
public final class AdminServer implements AutoCloseable {
  static final int MAX_CONNECTIONS = 256;
  private static final int MAX_REQUEST_LINE = 4096;
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_BODY = 4096;
  private static final int MAX_LOGINS = 64;
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Channel server;
  private final ChannelGroup connections;
  private final List<ExecutorService> workers;
  private final AtomicReference<StatsConfig> config;
  private final Logins logins;
  private final EventStream stream;
  private @Nullable Future<?> ticks;

  private AdminServer(
      Channel server,
      ChannelGroup connections,
      List<ExecutorService> workers,
      AtomicReference<StatsConfig> config,
      Logins logins,
      EventStream stream) {
    this.server = server;
    this.connections = connections;
    this.workers = workers;
    this.config = config;
    this.logins = logins;
    this.stream = stream;
  }

  /**
   * Binds the address of a configuration, which must have one, and serves.
   *
   * @throws BindException if the address cannot be bound; the message names it
   */
  public static AdminServer open(EventLoop loop, StatsConfig config, Site site)
      throws BindException {
    return open(loop, config, site, null);
  }

  /**
   * As {@link #open(EventLoop, StatsConfig, Site)}, on a socket that another process has bound.
   *
   * @param descriptor of that socket, which only an epoll loop can take; null to bind one
   */
  public static AdminServer open(
      EventLoop loop, StatsConfig config, Site site, @Nullable Integer descriptor)
      throws BindException {
    AdminServer server = open(loop, config, site.routes(), site::document, DEADLINE, descriptor);
    server.ticks = loop.scheduleAtFixedRate(site::tick, 1, 1, TimeUnit.SECONDS);
    return server;
  }

  /**
   * As {@link #open}, of any routes.
   *
   * @param document what browsers that watch are sent
   * @param deadline the time that a request and its answer may take
   */
  static AdminServer open(
      EventLoop loop,
      StatsConfig config,
      List<Route> routes,
      Supplier<String> document,
      Duration deadline)
      throws BindException {
    return open(loop, config, routes, document, deadline, null);
  }

  private static AdminServer open(
      EventLoop loop,
      StatsConfig config,
      List<Route> routes,
      Supplier<String> document,
      Duration deadline,
      @Nullable Integer descriptor)
      throws BindException {
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    ExecutorService worker = worker("admin-pages", MAX_CONNECTIONS);
    ExecutorService hasher = worker("admin-logins", MAX_LOGINS);
    AtomicReference<StatsConfig> current = new AtomicReference<>(config);
    Logins logins = new Logins(config, loop, hasher, loop.ticker()::nanoTime);
    EventStream stream = new EventStream(loop, worker, document);
    Routes served = new Routes(routes);
    InetSocketAddress address = config.bind().orElseThrow().toSocketAddress();
    boolean epoll = loop instanceof IoEventLoop io && io.isIoType(EpollIoHandler.class);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop)
            .channelFactory(() -> channel(epoll, descriptor))
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
                            new AdminHandler(
                                served, current::get, logins, stream, worker, deadline));
                  }
                });
    ChannelFuture bound =
        (descriptor == null ? bootstrap.bind(address) : bootstrap.register())
            .awaitUninterruptibly();
    List<ExecutorService> workers = List.of(worker, hasher);
    if (!bound.isSuccess()) {
      workers.forEach(ExecutorService::shutdown);
      throw (BindException)
          new BindException(
                  "stats: cannot bind " + text(address) + ": " + bound.cause().getMessage())
              .initCause(bound.cause());
    }
    return new AdminServer(bound.channel(), connections, workers, current, logins, stream);
  }

  private static ServerChannel channel(boolean epoll, @Nullable Integer descriptor) {
    if (!epoll) {
      return new NioServerSocketChannel();
    }
    return descriptor == null
        ? new EpollServerSocketChannel()
        : new EpollServerSocketChannel(descriptor);
  }

  /**
   * Returns one thread, which ends when it has nothing to do, with a bounded queue. The relay goes
   * before it, where the system has priorities for threads.
   */
  private static ExecutorService worker(String name, int queue) {
    return new ThreadPoolExecutor(
        0,
        1,
        10,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(queue),
        new DefaultThreadFactory(name, true, Thread.MIN_PRIORITY));
  }

  /**
   * Takes other users, and what needs no login; the address stays what it is. Any thread.
   *
   * @param next of the same address
   */
  public void reload(StatsConfig next) {
    config.set(next);
    logins.replace(next);
    stream.closeAll();
  }

  /** Returns the address that it is bound to, with the port that the kernel chose. */
  public InetSocketAddress address() {
    return (InetSocketAddress) server.localAddress();
  }

  /** Returns the descriptor of the listening socket, -1 if it cannot be given away. */
  public int descriptor() {
    return server instanceof EpollServerSocketChannel epoll ? epoll.fd().intValue() : -1;
  }

  /** Gives up the address and every connection: a client that comes back finds the successor. */
  public void stopAccepting() {
    server.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
  }

  /** Gives up the address and closes every connection; waits until that is done. */
  @Override
  public void close() {
    if (ticks != null) {
      ticks.cancel(false);
    }
    server.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
    workers.forEach(ExecutorService::shutdownNow);
  }

  /** Returns {@code host:port} in numbers, an IPv6 host in brackets. */
  public static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
