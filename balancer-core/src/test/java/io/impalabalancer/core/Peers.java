package io.impalabalancer.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread with a selector, which plays any number of clients and coordinators of a test. What is
 * called back is called on that thread, except where a method says otherwise.
 */
final class Peers implements AutoCloseable {

  /** One end of a connection. */
  abstract static class Peer {
    private @Nullable Peers peers;
    private @Nullable SocketChannel channel;
    private @Nullable SelectionKey key;

    /** The connection stands. */
    abstract void connected() throws IOException;

    /** There is something to read, or the other end has ended or is gone. */
    abstract void readable() throws IOException;

    /** There is room to write again; asked for with {@link #interest}. */
    void writable() throws IOException {}

    /** A call on the connection has failed, connecting included; it is closed. */
    abstract void failed(IOException cause);

    final Peers peers() {
      return notNull(peers);
    }

    final SocketChannel channel() {
      return notNull(channel);
    }

    /** Asks for, or declines, some kinds of events. */
    final void interest(int ops, boolean wanted) {
      if (wanted) {
        notNull(key).interestOpsOr(ops);
      } else {
        notNull(key).interestOpsAnd(~ops);
      }
    }

    /** Closes the connection; what was not read makes a RST of it. */
    final void close() {
      peers().close(channel());
    }

    /** Closes the connection with RST. */
    final void reset() throws IOException {
      channel().setOption(StandardSocketOptions.SO_LINGER, 0);
      close();
    }

    /** Does something of this end, now or later; a failure of it ends the connection. */
    final void guarded(Step step) {
      try {
        step.run();
      } catch (IOException e) {
        close();
        failed(e);
      }
    }

    /** Does something of this end after a while, unless it is closed by then. */
    final void after(long nanos, Step step) {
      peers()
          .after(
              nanos,
              () -> {
                if (channel().isOpen()) {
                  guarded(step);
                }
              });
    }
  }

  /** What may fail as the network does. */
  interface Step {
    void run() throws IOException;
  }

  private record Timer(long deadlineNanos, Runnable task) {}

  /** What all ends read into and write from; used up when a call returns. */
  final ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);

  private final Selector selector;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>((a, b) -> Long.signum(a.deadlineNanos - b.deadlineNanos));
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> defect = new AtomicReference<>();
  private final Thread thread;
  private volatile boolean closed;

  Peers() throws IOException {
    selector = Selector.open();
    thread = new Thread(this::run, "peers");
    thread.start();
  }

  /**
   * Accepts connections on a free port. Any thread.
   *
   * @param receiveBytes size of the receive buffers; 0 leaves it to the kernel
   * @return the port
   */
  int listen(int receiveBytes, Supplier<? extends Peer> peer) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    if (receiveBytes > 0) {
      server.setOption(StandardSocketOptions.SO_RCVBUF, receiveBytes);
    }
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    execute(() -> {
      try {
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT, peer);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    return server.socket().getLocalPort();
  }

  /** Connects an end to a port. Any thread. */
  void connect(int port, Peer peer) {
    connect(port, 0, peer);
  }

  /**
   * As {@link #connect(int, Peer)}.
   *
   * @param bufferBytes size of the socket's buffers; 0 leaves it to the kernel
   */
  void connect(int port, int bufferBytes, Peer peer) {
    execute(() -> {
      try {
        SocketChannel channel = SocketChannel.open();
        if (bufferBytes > 0) {
          channel.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
          channel.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
        }
        adopt(channel, peer, SelectionKey.OP_CONNECT);
        if (channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
          connected(peer);
        }
      } catch (IOException e) {
        if (peer.channel != null) {
          peer.close();
        }
        peer.failed(e);
      }
    });
  }

  private void adopt(SocketChannel channel, Peer peer, int ops) throws IOException {
    open.incrementAndGet();
    peer.peers = this;
    peer.channel = channel;
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    peer.key = channel.register(selector, ops, peer);
  }

  private static void connected(Peer peer) {
    notNull(peer.key).interestOps(SelectionKey.OP_READ);
    peer.guarded(peer::connected);
  }

  /** Returns how many connections are open, at either end. Any thread. */
  int open() {
    return open.get();
  }

  /** Does something on the thread of this. Any thread. */
  void execute(Runnable task) {
    tasks.add(task);
    selector.wakeup();
  }

  /** Does something after a while. */
  void after(long nanos, Runnable task) {
    timers.add(new Timer(System.nanoTime() + nanos, task));
  }

  /** Throws what went wrong on the thread, if anything did. Any thread. */
  void check() {
    Throwable found = defect.get();
    if (found != null) {
      throw new AssertionError("a test's peer failed", found);
    }
  }

  private void close(SelectableChannel channel) {
    if (channel.isOpen()) {
      open.decrementAndGet();
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void run() {
    try {
      while (!closed) {
        Timer first = timers.peek();
        long wait = first == null ? 1_000_000_000 : first.deadlineNanos - System.nanoTime();
        if (wait > 0) {
          selector.select(this::ready, (wait + 999_999) / 1_000_000);
        } else {
          selector.selectNow(this::ready);
        }
        long now = System.nanoTime();
        for (Timer due = timers.peek();
            due != null && due.deadlineNanos - now <= 0;
            due = timers.peek()) {
          timers.remove();
          due.task.run();
        }
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
          task.run();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      defect.set(e);
    }
    try {
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
      selector.close();
    } catch (IOException e) {
      defect.compareAndSet(null, e);
    }
  }

  private void ready(SelectionKey key) {
    Object attached = key.attachment();
    if (attached instanceof Peer peer) {
      if (key.isValid() && key.isConnectable()) {
        peer.guarded(() -> {
          peer.channel().finishConnect();
          connected(peer);
        });
      }
      if (key.isValid() && key.isReadable()) {
        peer.guarded(peer::readable);
      }
      if (key.isValid() && key.isWritable()) {
        peer.guarded(peer::writable);
      }
    } else {
      @SuppressWarnings("unchecked") // Set so in listen.
      Supplier<? extends Peer> made = (Supplier<? extends Peer>) attached;
      accept((ServerSocketChannel) key.channel(), made);
    }
  }

  private void accept(ServerSocketChannel server, Supplier<? extends Peer> made) {
    try {
      for (SocketChannel channel = server.accept(); channel != null; channel = server.accept()) {
        Peer peer = made.get();
        adopt(channel, peer, SelectionKey.OP_READ);
        peer.guarded(peer::connected);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes every connection and ends the thread. Any other thread. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    check();
  }

  private static <T> T notNull(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("not connected yet");
    }
    return value;
  }
}
