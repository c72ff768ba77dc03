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
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.transport.TIOStreamTransport;
import org.apache.thrift.transport.TTransportException;
import org.jspecify.annotations.Nullable;

/**
 * A Thrift port with Impala's accept queue ({@code be/src/rpc/TAcceptQueueServer.cpp}): one thread
 * accepts, a few setup threads log clients in and wait for a free service thread, and a service
 * thread serves one connection for its whole life. It is closed for good by {@link #kill}. The
 * coordinator's lock guards {@link #listen}, {@link #stopListening} and {@link #kill}.
 */
final class ClientPort {
  private static final int BACKLOG = 1024;

  /** Impala's default of {@code accepted_cnxn_setup_thread_pool_size}. */
  private static final int SETUP_THREADS = 2;

  private record Listener(ServerSocket socket, Thread acceptor) {}

  private final String name;
  private final SimulatorOptions options;
  private final Counters.Port counters;
  private final StallGate stall;
  private final Function<String, RpcService> services;
  private final Semaphore freeThreads;
  private final ExecutorService setup;
  private final ExecutorService service;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private @Nullable Listener listener;
  private volatile boolean killed;

  /**
   * @param services makes the service of one connection, for the user that logged in
   */
  ClientPort(
      String name,
      SimulatorOptions options,
      Counters.Port counters,
      StallGate stall,
      Function<String, RpcService> services) {
    this.name = name;
    this.options = options;
    this.counters = counters;
    this.stall = stall;
    this.services = services;
    this.freeThreads = new Semaphore(options.feServiceThreads());
    ThreadFactory threads =
        task -> {
          Thread thread = new Thread(task, name);
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
    Thread acceptor = new Thread(() -> accept(socket), name + "-accept");
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

  /** Ends at once: resets every connection and stops every thread. */
  void kill() {
    killed = true;
    stopListening();
    sockets.forEach(ClientPort::reset);
    // What never started will not count itself out.
    counters.connectionsWaiting.add(-setup.shutdownNow().size());
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
        try {
          setup.execute(() -> setUp(socket));
        } catch (RejectedExecutionException e) {
          // Killed meanwhile.
          counters.connectionsWaiting.decrement();
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

  private void setUp(Socket socket) {
    boolean handedOver = false;
    try {
      stall.pass();
      Login login = logIn(socket);
      if (freeThreads.tryAcquire(options.acceptTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
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
      }
    } catch (Login.RefusedException e) {
      counters.loginFailures.increment();
      counters.setupFailures.increment();
    } catch (IOException e) {
      counters.setupFailures.increment();
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

  private Login logIn(Socket socket) throws IOException {
    socket.setSoTimeout((int) Math.min(options.setupTimeout().toMillis(), Integer.MAX_VALUE));
    Login login = Login.of(socket);
    socket.setSoTimeout(0);
    return login;
  }

  private void serve(Socket socket, Login login) {
    counters.connectionsNow.increment();
    try (RpcService calls = services.apply(login.user())) {
      TBinaryProtocol protocol = new TBinaryProtocol(new StallTransport(login));
      while (true) {
        TMessage call = protocol.readMessageBegin();
        stall.pass();
        counters.rpcs.increment();
        calls.call(call, protocol);
      }
    } catch (TException e) {
      // The client is gone, was reset, or sent what is no call: the connection ends.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      counters.connectionsNow.decrement();
      freeThreads.release();
      end(socket);
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
