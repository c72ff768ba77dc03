package io.impalabalancer.core;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A UNIX socket over which a process gives its listening sockets to its successor: descriptors go
 * one way, one letter comes back when the successor accepts. One thread a side, which may block.
 */
public final class EpollHandover implements AutoCloseable {
  private static final int POLL_MILLIS = 5;
  private static final byte READY = 'R';

  private final LinuxSocket socket;

  static {
    // Nothing else may have loaded the native code yet.
    Epoll.ensureAvailability();
  }

  private EpollHandover(LinuxSocket socket) {
    this.socket = socket;
  }

  /** Waits for a process that connects to a path. */
  public static final class Door implements AutoCloseable {
    private final LinuxSocket socket;

    /** Makes the path, which must not exist. */
    public Door(Path path) throws IOException {
      Epoll.ensureAvailability();
      socket = LinuxSocket.newSocketDomain();
      try {
        socket.bind(new DomainSocketAddress(path.toString()));
        socket.listen(1);
      } catch (IOException e) {
        socket.close();
        throw e;
      }
    }

    /**
     * Waits for it.
     *
     * @param alive whether it may still come
     * @throws IOException if it did not come
     */
    public EpollHandover accept(Duration limit, BooleanSupplier alive) throws IOException {
      byte[] address = new byte[128];
      int[] descriptor = {-1};
      await(
          "the successor did not ask for the sockets",
          limit,
          alive,
          () -> {
            descriptor[0] = socket.accept(address);
            return descriptor[0] >= 0;
          });
      return new EpollHandover(LinuxSocket.newSocket(descriptor[0]));
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** Connects to the predecessor's door. */
  public static EpollHandover connect(Path path) throws IOException {
    LinuxSocket socket = LinuxSocket.newSocketDomain();
    try {
      socket.connect(new DomainSocketAddress(path.toString()));
      return new EpollHandover(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private interface Attempt {
    boolean done() throws IOException;
  }

  private static void await(String failure, Duration limit, BooleanSupplier alive, Attempt attempt)
      throws IOException {
    long start = System.nanoTime();
    while (!attempt.done()) {
      if (!alive.getAsBoolean()) {
        throw new IOException(failure + ": it has ended");
      }
      if (System.nanoTime() - start > limit.toNanos()) {
        throw new IOException(failure + " within " + limit.toSeconds() + " s");
      }
      try {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(failure + ": interrupted", e);
      }
    }
  }

  /** Gives a copy of a descriptor; this process keeps its own. */
  public void send(int descriptor, Duration limit) throws IOException {
    await("a socket could not be sent", limit, () -> true, () -> socket.sendFd(descriptor) >= 0);
  }

  /** Takes the next descriptor, which is this process's to close. */
  public int receive(Duration limit) throws IOException {
    int[] descriptor = {0};
    await(
        "a socket did not arrive",
        limit,
        () -> descriptor[0] >= 0,
        () -> {
          descriptor[0] = socket.recvFd();
          return descriptor[0] > 0;
        });
    return descriptor[0];
  }

  /** Says that this process accepts on the sockets that it took. */
  public void ready() throws IOException {
    ByteBuffer letter = ByteBuffer.allocateDirect(1).put(0, READY);
    if (socket.write(letter, 0, 1) != 1) {
      throw new IOException("the predecessor cannot be told");
    }
  }

  /** Waits until the successor accepts. */
  public void awaitReady(Duration limit, BooleanSupplier alive) throws IOException {
    ByteBuffer letter = ByteBuffer.allocateDirect(1);
    int[] count = {0};
    await(
        "the successor did not get ready",
        limit,
        () -> count[0] >= 0 && alive.getAsBoolean(),
        () -> {
          count[0] = socket.read(letter, 0, 1);
          return count[0] == 1 && letter.get(0) == READY;
        });
  }

  /** Returns the address that an inherited listening socket is bound to. */
  public static InetSocketAddress address(int descriptor) throws IOException {
    InetSocketAddress address = LinuxSocket.newSocket(descriptor).localAddress();
    if (address == null) {
      throw new IOException("descriptor " + descriptor + " is no socket of TCP");
    }
    return address;
  }

  /** Closes an inherited descriptor that nobody wants. */
  public static void drop(int descriptor) throws IOException {
    LinuxSocket.newSocket(descriptor).close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
