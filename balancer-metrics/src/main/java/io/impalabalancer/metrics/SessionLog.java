package io.impalabalancer.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.impalabalancer.config.Dial;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.LogConfig;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.Phase;
import io.impalabalancer.core.SessionView;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of sessions: a line at the end of each, and one while it lives if it grows old. {@code
 * docs/log.md} tells where it goes and what it looks like.
 *
 * <p>An event loop only puts an ended session into a bounded queue. One daemon thread formats and
 * writes, many lines with one call while there are many, and none is held back for more than a
 * moment. When the queue is full the line is dropped and counted; a session never waits. A write
 * that fails is said once and tried again until it succeeds.
 */
public final class SessionLog implements BalancerListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLog.class);

  /** A pipe takes this much in one piece (PIPE_BUF), so that lines of others cannot get between. */
  private static final int STDOUT_BATCH_BYTES = 4096;

  private static final int FILE_BATCH_BYTES = 64 * 1024;

  /** How long lines gather after a write; bounds how often loops must wake the thread. */
  private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long CLOSE_TIMEOUT_MILLIS = 5_000;

  private final LogSink sink;
  private final int batchBytes;
  private final int capacity;
  private final SessionFormat format;
  private final Thread thread = new Thread(this::run, "session-log");

  private final Queue<SessionView> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final LongAdder dropped = new LongAdder();

  /** Set by the thread before it sleeps, cleared by whoever wakes it. */
  private volatile boolean asleep;

  private volatile boolean reopenAsked;
  private volatile boolean closing;

  // The fields below belong to the thread.
  private final StringBuilder text = new StringBuilder();
  private boolean failing;
  private long droppedSaid;
  private long droppedSaidNanos = System.nanoTime() - SECOND_NANOS;

  /**
   * Opens the log.
   *
   * @throws IOException if the file cannot be opened; the message names it
   * @throws IllegalArgumentException if the configuration has no session log
   */
  public static SessionLog open(LogConfig config) throws IOException {
    return switch (config.sessions()) {
      case STDOUT ->
          new SessionLog(
              new StandardOutput(),
              SessionFormat.of(config.format()),
              STDOUT_BATCH_BYTES,
              config.queue());
      case FILE -> {
        long rollSize = config.rollSize() == 0 ? Long.MAX_VALUE : config.rollSize();
        int batchBytes = (int) Math.min(FILE_BATCH_BYTES, rollSize);
        yield new SessionLog(
            file(config), SessionFormat.of(config.format()), batchBytes, config.queue());
      }
      case SYSLOG ->
          new SessionLog(
              new Syslog(config.syslog()),
              SessionFormat.of(config.format()),
              FILE_BATCH_BYTES,
              config.queue());
      case OFF -> throw new IllegalArgumentException("the session log is off");
    };
  }

  private static LogSink file(LogConfig config) throws IOException {
    Path path = config.sessionFile().orElseThrow();
    try {
      return new LogFile(path, config.rollSize(), config.rollKeep());
    } catch (IOException e) {
      throw new IOException("session log " + path + ": cannot be opened: " + e, e);
    }
  }

  SessionLog(LogSink sink, SessionFormat format, int batchBytes, int capacity) {
    this.sink = sink;
    this.format = format;
    this.batchBytes = batchBytes;
    this.capacity = capacity;
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes a session's line into the queue, or drops it if the queue is full. On a loop. */
  @Override
  public void sessionEnded(SessionView session) {
    if (session.listener().config().logNull() || !isNull(session)) {
      take(session);
    }
  }

  /** As {@link #sessionEnded}. */
  @Override
  public void sessionAlive(SessionView session) {
    take(session);
  }

  private void take(SessionView session) {
    if (closing) {
      dropped.increment();
      return;
    }
    if (queued.incrementAndGet() > capacity) {
      queued.decrementAndGet();
      dropped.increment();
      return;
    }
    queue.add(session);
    if (asleep) {
      wake();
    }
  }

  /** Returns whether a session carried no byte, as far as is known. */
  private static boolean isNull(SessionView session) {
    ListenerConfig config = session.listener().config();
    boolean spoke = config.dial() == Dial.ON_FIRST_BYTES && session.phase() != Phase.FIRST_BYTES;
    return session.bytesToCoordinator() == 0 && session.bytesToClient() == 0 && !spoke;
  }

  /** Returns how many lines were dropped, ever. Any thread. */
  public long dropped() {
    return dropped.sum();
  }

  /**
   * Opens the file anew soon, because others have renamed it; nothing happens for standard output.
   * Any thread.
   */
  public void reopen() {
    reopenAsked = true;
    wake();
  }

  /**
   * Writes what waits and ends, within 5 seconds: what could not be written until then is dropped.
   * Sessions that end later are dropped too. Any thread.
   */
  @Override
  public void close() {
    closing = true;
    wake();
    try {
      thread.join(CLOSE_TIMEOUT_MILLIS);
      if (thread.isAlive()) {
        LOG.warn("event=session-log-unfinished count={}", queued.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void wake() {
    asleep = false;
    LockSupport.unpark(thread);
  }

  private void run() {
    while (true) {
      boolean last = closing;
      reopenIfAsked();
      boolean busy = writeQueue();
      sayDropped(last ? 0 : SECOND_NANOS);
      if (last) {
        break;
      }
      if (busy) {
        LockSupport.parkNanos(GATHER_NANOS);
      } else {
        sleep();
      }
    }
    try {
      sink.close();
    } catch (IOException e) {
      sayFailed(e);
    }
  }

  /** Waits for a session, an order, or the time to say what was dropped. */
  private void sleep() {
    asleep = true;
    if (queue.isEmpty() && !closing && !reopenAsked) {
      if (dropped.sum() == droppedSaid) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, SECOND_NANOS);
      }
    }
    asleep = false;
  }

  /** Writes until the queue is empty; returns whether there was anything. */
  private boolean writeQueue() {
    SessionView session = queue.poll();
    boolean any = session != null;
    while (session != null) {
      queued.decrementAndGet();
      int lineStart = text.length();
      try {
        format.append(session, text);
        text.append('\n');
      } catch (RuntimeException e) {
        text.setLength(lineStart);
        dropped.increment();
        LOG.error("event=session-log-line-failed", e);
      }
      if (text.length() > batchBytes && lineStart > 0) {
        writeText(lineStart);
      }
      session = queue.poll();
    }
    writeText(text.length());
    return any;
  }

  /** Writes the beginning of the text and takes it out. */
  private void writeText(int length) {
    ByteBuffer bytes = ByteBuffer.wrap(text.substring(0, length).getBytes(UTF_8));
    text.delete(0, length);
    while (bytes.hasRemaining()) {
      try {
        int before = bytes.remaining();
        sink.write(bytes);
        sayWorking();
        if (bytes.remaining() == before) {
          LockSupport.parkNanos(GATHER_NANOS);
        }
      } catch (IOException e) {
        sayFailed(e);
        sayDropped(SECOND_NANOS);
        if (closing) {
          dropped.add(lines(bytes));
          return;
        }
        LockSupport.parkNanos(this, SECOND_NANOS);
        reopenIfAsked();
      }
    }
  }

  private static long lines(ByteBuffer bytes) {
    long lines = 0;
    while (bytes.hasRemaining()) {
      if (bytes.get() == '\n') {
        lines++;
      }
    }
    return lines;
  }

  private void reopenIfAsked() {
    if (reopenAsked) {
      reopenAsked = false;
      try {
        sink.reopen();
        LOG.info("event=session-log-reopened sink={}", sink);
      } catch (IOException e) {
        sayFailed(e);
      }
    }
  }

  private void sayFailed(IOException e) {
    if (!failing) {
      failing = true;
      LOG.error("event=session-log-failed sink={} reason=\"{}\"", sink, e.toString());
    }
  }

  private void sayWorking() {
    if (failing) {
      failing = false;
      LOG.info("event=session-log-recovered sink={}", sink);
    }
  }

  /** Says how many lines were dropped since it was last said, if that is so long ago. */
  private void sayDropped(long afterNanos) {
    long now = System.nanoTime();
    long count = dropped.sum() - droppedSaid;
    if (count > 0 && now - droppedSaidNanos >= afterNanos) {
      LOG.warn("event=session-log-dropped count={}", count);
      droppedSaid += count;
      droppedSaidNanos = now;
    }
  }

  /** The process's standard output, without the buffer and the lock of {@link System#out}. */
  private static final class StandardOutput implements LogSink {
    @SuppressWarnings("resource") // stays open: it is the process's
    private final FileChannel channel = new FileOutputStream(FileDescriptor.out).getChannel();

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      channel.write(bytes);
    }

    @Override
    public String toString() {
      return "stdout";
    }
  }
}
