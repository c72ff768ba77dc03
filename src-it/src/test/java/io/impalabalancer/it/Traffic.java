package io.impalabalancer.it;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sessions that ask and compare the answers byte by byte all the time, and beside them clients that
 * connect, ask once and leave. What goes wrong is kept.
 */
final class Traffic implements AutoCloseable {
  private static final int BLOCK = 256;
  private static final int PAUSE_MILLIS = 100;

  /** One session: block after block, each of other bytes. */
  private static final class Session {
    final SocketChannel channel;
    final int id;
    final ByteBuffer answer = ByteBuffer.allocate(BLOCK);
    int block;

    Session(SocketChannel channel, int id) {
      this.channel = channel;
      this.id = id;
    }

    byte expected(int index) {
      return (byte) (id * 31 + block * 7 + index);
    }
  }

  private final int port;
  private final List<Session> sessions = new ArrayList<>();
  private final Selector selector = Selector.open();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicLong exchanges = new AtomicLong();
  private volatile boolean closed;

  Traffic(int port, int count) throws IOException {
    this.port = port;
    for (int i = 0; i < count; i++) {
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.configureBlocking(false);
      Session session = new Session(channel, i);
      channel.register(selector, SelectionKey.OP_READ, session);
      sessions.add(session);
    }
    start(this::ask, "traffic");
    start(this::connect, "connects");
  }

  private static void start(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Returns the answers that were right. */
  long exchanges() {
    return exchanges.get();
  }

  void awaitExchanges(long count) {
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> exchanges.get() >= count || !failures.isEmpty());
  }

  private void ask() {
    try {
      while (!closed) {
        for (Session session : sessions) {
          ByteBuffer question = ByteBuffer.allocate(BLOCK);
          for (int i = 0; i < BLOCK; i++) {
            question.put(session.expected(i));
          }
          session.channel.write(question.flip());
        }
        long left = sessions.size();
        while (left > 0 && !closed) {
          selector.select(1000);
          for (SelectionKey key : selector.selectedKeys()) {
            left -= answered((Session) key.attachment()) ? 1 : 0;
          }
          selector.selectedKeys().clear();
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (IOException | InterruptedException | ClosedSelectorException e) {
      fail("session", e);
    }
  }

  /** Takes what has come; returns whether the answer is whole. */
  private boolean answered(Session session) throws IOException {
    if (session.channel.read(session.answer) < 0) {
      throw new IOException("session " + session.id + " was ended");
    }
    if (session.answer.hasRemaining()) {
      return false;
    }
    for (int i = 0; i < BLOCK; i++) {
      if (session.answer.get(i) != session.expected(i)) {
        throw new IOException("session " + session.id + ": other bytes in block " + session.block);
      }
    }
    session.answer.clear();
    session.block++;
    exchanges.incrementAndGet();
    return true;
  }

  private void connect() {
    while (!closed) {
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        client.setSoTimeout(20_000);
        client.getOutputStream().write('x');
        if (client.getInputStream().read() != 'x') {
          throw new IOException("no answer");
        }
        Thread.sleep(PAUSE_MILLIS / 5);
      } catch (IOException | InterruptedException e) {
        fail("connect", e);
      }
    }
  }

  private void fail(String what, Exception e) {
    if (!closed) {
      failures.add(what + ": " + e);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    selector.wakeup();
    for (Session session : sessions) {
      session.channel.close();
    }
    selector.close();
  }
}
