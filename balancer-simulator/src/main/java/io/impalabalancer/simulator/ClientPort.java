package io.impalabalancer.simulator;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.HdrHistogram.Histogram;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.transport.TIOStreamTransport;
import org.apache.thrift.transport.TTransportException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Thrift port with Impala's accept queue ({@code be/src/rpc/TAcceptQueueServer.cpp}): one thread
 * accepts, a few setup threads log clients in and wait for a free service thread, and a service
 * thread serves one connection for its whole life. It is closed for good by {@link #kill}. The
 * coordinator's lock guards {@link #listen}, {@link #stopListening}, {@link #fill}, {@link #empty}
 * and {@link #kill}.
 */
final class ClientPort {
  private static final Logger LOG = LoggerFactory.getLogger(ClientPort.class);
  private static final int BACKLOG = 1024;

  /** Impala's default of {@code accepted_cnxn_setup_thread_pool_size}. */
  static final int SETUP_THREADS = 2;

  private record Listener(ServerSocket socket, Thread acceptor) {}

  private final ServerName server;
  private final Impalad impalad;
  private final SimulatorOptions options;
  private final Counters.Port counters;
  private final Counters all;
  private final StallGate stall;
  private final @Nullable GssapiLogin gssapi;
  private final Function<Connection, RpcService> services;
  private final Semaphore freeThreads;
  private final ExecutorService setup;
  private final ExecutorService service;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private @Nullable Listener listener;
  private volatile boolean killed;
  private int filled;

  /**
   * Makes one that does not listen yet.
   *
   * @param gssapi logs clients in by their tickets, or null
   * @param services makes the service of a connection that is logged in
   */
  ClientPort(
      ServerName server,
      Impalad impalad,
      Counters counters,
      StallGate stall,
      @Nullable GssapiLogin gssapi,
      Function<Connection, RpcService> services) {
    this.server = server;
    this.impalad = impalad;
    this.options = impalad.options;
    this.all = counters;
    this.counters =
        switch (server) {
          case BEESWAX -> counters.beeswax;
          case HIVESERVER2 -> counters.hiveserver2;
          case HIVESERVER2_HTTP -> counters.hiveserver2Http;
        };
    this.stall = stall;
    this.gssapi = gssapi;
    this.services = services;
    this.freeThreads = new Semaphore(options.feServiceThreads());
    ThreadFactory threads =
        task -> {
          Thread thread = new Thread(task, impalad.name + "-" + server);
          thread.setDaemon(true);
          return thread;
        };
    this.setup = Executors.newFixedThreadPool(SETUP_THREADS, threads);
    this.service = Executors.newCachedThreadPool(threads);
  }

  /** Listens, unless it does already. Returns the port. */
  int listen(InetSocketAddress address) throws IOException {
    if (listener != null) {
      return address.getPort();
    }
    ServerSocket socket = new ServerSocket();
    try {
      socket.setReuseAddress(true);
      socket.bind(address, BACKLOG);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    Thread acceptor = new Thread(() -> accept(socket), impalad.name + "-" + server + "-accept");
    acceptor.setDaemon(true);
    acceptor.start();
    listener = new Listener(socket, acceptor);
    return address.getPort();
  }

  /** Listens no more; the connections live on. */
  void stopListening() {
    Listener stopped = listener;
    if (stopped == null) {
      return;
    }
    listener = null;
    close(stopped.socket);
    try {
      // The kernel keeps the port until the thread that waits in accept has left it.
      stopped.acceptor.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes the service threads that are free now, as connections would. */
  void fill() {
    int taken = freeThreads.drainPermits();
    filled += taken;
    counters.connectionsNow.add(taken);
  }

  /** Gives back what {@link #fill} took. */
  void empty() {
    counters.connectionsNow.add(-filled);
    freeThreads.release(filled);
    filled = 0;
  }

  /** Ends at once: resets every connection and stops every thread. */
  void kill() {
    killed = true;
    empty();
    stopListening();
    sockets.forEach(ClientPort::reset);
    // What never started will not count itself out.
    int never = setup.shutdownNow().size();
    counters.connectionsWaiting.add(-never);
    counters.queued.add(-never);
    service.shutdownNow();
  }

  private void accept(ServerSocket listening) {
    while (!listening.isClosed()) {
      try {
        Socket socket = listening.accept();
        socket.setTcpNoDelay(true);
        counters.connectionsTotal.increment();
        sockets.add(socket);
        counters.connectionsWaiting.increment();
        counters.queued.increment();
        long acceptedNanos = System.nanoTime();
        try {
          setup.execute(() -> setUp(socket, acceptedNanos));
        } catch (RejectedExecutionException e) {
          // Killed meanwhile.
          counters.connectionsWaiting.decrement();
          counters.queued.decrement();
        }
        if (killed) {
          // It slipped in after the others were reset.
          reset(socket);
        }
      } catch (IOException e) {
        // The listener was closed, or this client was gone already.
      }
    }
  }

  private void setUp(Socket socket, long acceptedNanos) {
    counters.queued.decrement();
    boolean handedOver = false;
    try {
      stall.pass();
      long setupNanos = System.nanoTime();
      Login login = logIn(socket);
      record(counters.setupMicros, setupNanos);
      long waitNanos = System.nanoTime();
      boolean free = acquireThread(acceptedNanos);
      record(counters.threadWaitMicros, waitNanos);
      if (free) {
        try {
          service.execute(() -> serve(socket, login));
          handedOver = true;
        } finally {
          if (!handedOver) {
            freeThreads.release();
          }
        }
      } else {
        counters.connectionsTimedOut.increment();
        LOG.info("{}: Server busy. Timing out connection request.", server);
      }
    } catch (Login.RefusedException e) {
      counters.loginFailures.increment();
      setupFailed(socket, e);
    } catch (IOException e) {
      setupFailed(socket, e);
    } catch (RejectedExecutionException e) {
      // Killed meanwhile.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      counters.connectionsWaiting.decrement();
      if (!handedOver) {
        end(socket);
      }
    }
  }

  /** Waits for a service thread until the time since the accept is over. */
  private boolean acquireThread(long acceptedNanos) throws InterruptedException {
    if (freeThreads.tryAcquire()) {
      return true;
    }
    long timeoutNanos = options.acceptTimeout().toNanos();
    LOG.info("{}: All {} server threads are in use.", server, options.feServiceThreads());
    if (timeoutNanos == 0) {
      freeThreads.acquire();
      return true;
    }
    long leftNanos = timeoutNanos - (System.nanoTime() - acceptedNanos);
    return freeThreads.tryAcquire(
        Math.max(leftNanos, TimeUnit.MILLISECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
  }

  private static void record(Histogram histogram, long sinceNanos) {
    histogram.recordValue(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - sinceNanos));
  }

  /** The line that Impala's log has for it ({@code TAcceptQueueServer::SetupConnection}). */
  private void setupFailed(Socket socket, IOException cause) {
    if (killed) {
      return;
    }
    counters.setupFailures.increment();
    LOG.info(
        "TAcceptQueueServer: {} connection setup failed for client {}. Caught TException: {}",
        server,
        address(socket),
        cause.getMessage());
  }

  private static String address(Socket socket) {
    InetSocketAddress peer = (InetSocketAddress) socket.getRemoteSocketAddress();
    return peer.getAddress().getHostAddress() + ":" + peer.getPort();
  }

  private Login logIn(Socket socket) throws IOException {
    socket.setSoTimeout((int) Math.min(options.setupTimeout().toMillis(), Integer.MAX_VALUE));
    // HTTP has no setup: each request logs in.
    Login login =
        Login.of(
            socket,
            server == ServerName.HIVESERVER2_HTTP
                ? Authentication.NOSASL
                : options.authentication(),
            gssapi);
    socket.setSoTimeout(0);
    return login;
  }

  private void serve(Socket socket, Login login) {
    counters.connectionsNow.increment();
    Connection connection = new Connection(server, address(socket), login.user());
    impalad.connect(connection);
    try {
      RpcService calls = services.apply(connection);
      if (server == ServerName.HIVESERVER2_HTTP) {
        new HttpConversation(connection, impalad, all, stall, calls).run(login.in(), login.out());
      } else {
        answer(login, calls);
      }
    } catch (TException | IOException e) {
      // The client is gone, was reset, or sent what is no call: the connection ends.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      impalad.disconnect(connection);
      counters.connectionsNow.decrement();
      freeThreads.release();
      end(socket);
    }
  }

  private void answer(Login login, RpcService calls) throws TException, InterruptedException {
    TBinaryProtocol protocol = new TBinaryProtocol(new StallTransport(login));
    while (true) {
      TMessage call = protocol.readMessageBegin();
      stall.pass();
      counters.rpcs.increment();
      calls.call(call, protocol);
    }
  }

  private void end(Socket socket) {
    sockets.remove(socket);
    close(socket);
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      // It was closed meanwhile.
    }
    close(socket);
  }

  private static void close(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      // Nothing is left to do for it.
    }
  }

  /** Holds answers back while the coordinator stalls. */
  private final class StallTransport extends TIOStreamTransport {
    StallTransport(Login login) throws TTransportException {
      super(login.in(), login.out());
    }

    @Override
    public void flush() throws TTransportException {
      try {
        stall.pass();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TTransportException(e);
      }
      super.flush();
    }
  }
}
