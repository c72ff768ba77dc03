package io.impalabalancer.cli.runtime;

import io.impalabalancer.config.RuntimeConfig;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.DuplexChannelConfig;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/**
 * The UNIX socket for runtime commands, in HAProxy's language, on an event loop that no session
 * uses. Commands run one after the other on one thread, for some of them wait for the relay.
 *
 * <p>A file that is in the way is taken over, at once and whole, if it is a socket that nobody
 * listens on any more; anything else is refused.
 */
public final class RuntimeSocket implements AutoCloseable {
  private static final int MOST_CLIENTS = 256;

  /** Silence after which a client is disconnected, until it says {@code set timeout cli}. */
  private static final int TIMEOUT_SECONDS = 10;

  /** A socket that is bound, and the file that it is. */
  private record Bound(Channel server, Object inode) {}

  private final EventLoop loop;
  private final Path path;
  private final RuntimeConfig config;
  private final Commands commands;
  private final ThreadPoolExecutor worker;
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private Bound bound;

  /**
   * Binds the socket and serves.
   *
   * @param takeOver whether a socket that is in use is taken from its process
   * @throws BindException if that cannot be done; the message says why and what to do
   */
  public static RuntimeSocket open(
      EventLoop loop, Path path, RuntimeConfig config, Target target, boolean takeOver)
      throws IOException {
    if (!takeOver) {
      refuseIfTaken(path);
    }
    return new RuntimeSocket(loop, path, config, target);
  }

  private RuntimeSocket(EventLoop loop, Path path, RuntimeConfig config, Target target)
      throws IOException {
    this.loop = loop;
    this.path = path;
    this.config = config;
    commands = new Commands(target);
    worker =
        new ThreadPoolExecutor(
            0,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_CLIENTS),
            task -> {
              Thread thread = new Thread(task, "runtime-commands");
              thread.setDaemon(true);
              return thread;
            });
    bound = bind();
  }

  /** Binds another name, and puts it at once and whole in the place of what has the path. */
  private Bound bind() throws IOException {
    Path name = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid());
    Files.deleteIfExists(name);
    ChannelFuture binding =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerDomainSocketChannel.class)
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(
                new ChannelInitializer<NioDomainSocketChannel>() {
                  @Override
                  protected void initChannel(NioDomainSocketChannel channel) {
                    accept(channel);
                  }
                })
            .bind(UnixDomainSocketAddress.of(name))
            .awaitUninterruptibly();
    if (!binding.isSuccess()) {
      throw refused(path, String.valueOf(binding.cause().getMessage()), binding.cause());
    }
    Channel server = binding.channel();
    try {
      Files.setAttribute(name, "unix:mode", config.mode());
      Object inode = Files.getAttribute(name, "unix:ino");
      Files.move(name, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return new Bound(server, inode);
    } catch (IOException e) {
      server.close().awaitUninterruptibly();
      throw refused(path, e.toString(), e);
    }
  }

  private static BindException refused(Path path, String why, Throwable cause) {
    return (BindException)
        new BindException("runtime.socket: cannot bind " + path + ": " + why).initCause(cause);
  }

  private static void refuseIfTaken(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int type = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 0170000;
    if (type != 0140000) {
      throw new BindException(
          "runtime.socket: "
              + path
              + " exists and is no socket, expected a path that is free; remove it or name another");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException nobodyListens) {
      return;
    }
    throw new BindException(
        "runtime.socket: "
            + path
            + " is in use by a process that runs, expected a path of its own for each balancer;"
            + " stop the other or name another");
  }

  private void accept(NioDomainSocketChannel channel) {
    if (connections.size() >= MOST_CLIENTS) {
      channel.close();
      return;
    }
    connections.add(channel);
    ((DuplexChannelConfig) channel.config()).setAllowHalfClosure(true);
    Client client = new Client(name(channel), config.level(), TIMEOUT_SECONDS);
    channel.pipeline().addLast(new RuntimeHandler(commands, client, worker));
  }

  private static String name(NioDomainSocketChannel channel) {
    UnixDomainPrincipal peer =
        channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED));
    return peer == null ? "runtime socket" : peer.user().getName() + " by runtime socket";
  }

  /**
   * Takes the path back from a process that has taken it over and has ended since. Who is connected
   * stays so. Any thread.
   *
   * @throws BindException if that cannot be done
   */
  public synchronized void takeBack() throws IOException {
    if (bound.server.isOpen() && !hasPath()) {
      Channel before = bound.server;
      bound = bind();
      before.close();
    }
  }

  /** Closes all connections and removes the socket, unless another process has taken it over. */
  @Override
  public synchronized void close() {
    bound.server.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
    worker.shutdownNow();
    try {
      if (hasPath()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // It is gone already.
    }
  }

  private boolean hasPath() {
    try {
      return bound.inode.equals(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
    } catch (IOException gone) {
      return false;
    }
  }
}
