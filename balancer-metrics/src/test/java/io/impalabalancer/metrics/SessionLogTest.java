package io.impalabalancer.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.impalabalancer.config.LogConfig;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Phase;
import io.impalabalancer.core.Termination;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class SessionLogTest {
  private static final int QUEUE = 100;
  private static final Balancer BALANCER = TestBalancer.withJdbc("");

  @TempDir private Path directory;
  private final Listener jdbc = BALANCER.listeners().get(0);
  private final ListAppender<ILoggingEvent> said = new ListAppender<>();
  private final Logger logger =
      (Logger) LoggerFactory.getLogger(SessionLogTest.class.getPackageName());

  @BeforeEach
  void listen() {
    said.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(said);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(said);
  }

  @AfterAll
  static void close() {
    BALANCER.close();
  }

  @Test
  void everyLineIsWrittenInOrderAndWhole() throws IOException {
    Path file = directory.resolve("sessions.log");
    try (SessionLog log = SessionLog.open(toFile(file, 0, 1, 10_000))) {
      end(log, 0, 5000);
    }
    assertThat(ports(file)).isEqualTo(range(0, 5000));
    assertThat(Files.readAllLines(file)).allSatisfy(TcplogFormatTest::matched);
  }

  @Test
  void aLineIsThereSoonAndNotOnlyAtTheEnd() throws IOException {
    Path file = directory.resolve("sessions.log");
    try (SessionLog log = SessionLog.open(toFile(file, 0, 1, QUEUE))) {
      end(log, 0, 1);
      await().until(() -> ports(file).equals(range(0, 1)));
      end(log, 1, 2);
      await().until(() -> ports(file).equals(range(0, 2)));
    }
  }

  @Test
  void anExistingFileIsAppendedTo() throws IOException {
    Path file = directory.resolve("sessions.log");
    Files.writeString(file, "Zürich\n");
    try (SessionLog log = SessionLog.open(toFile(file, 0, 1, QUEUE))) {
      end(log, 0, 1);
    }
    assertThat(Files.readAllLines(file, UTF_8)).hasSize(2).first().isEqualTo("Zürich");
  }

  @Test
  void aFileThatCannotBeOpenedIsNamed() {
    Path file = directory.resolve("missing/sessions.log");

    assertThatThrownBy(() -> SessionLog.open(toFile(file, 0, 1, QUEUE)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("session log " + file + ": cannot be opened");
  }

  @Test
  void whenTheDiskBlocksLinesAreDroppedAndCountedAndNobodyWaits() throws InterruptedException {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch unblocked = new CountDownLatch(1);
    Lines lines =
        new Lines() {
          @Override
          public void write(ByteBuffer bytes) throws IOException {
            writing.countDown();
            awaitUninterruptibly(unblocked);
            super.write(bytes);
          }
        };
    try (SessionLog log =
        new SessionLog(lines, SessionFormat.of(LogConfig.Format.TCPLOG), 1 << 16, QUEUE)) {
      end(log, 0, 1);
      writing.await();
      end(log, 1, 1 + QUEUE + 7);
      assertThat(log.dropped()).isEqualTo(7);

      unblocked.countDown();
      await()
          .until(() ->
              said("session-log-dropped").equals(List.of("event=session-log-dropped count=7")));
      end(log, 500, 501);
    }
    List<Integer> expected = range(0, 1 + QUEUE);
    expected.add(500);
    assertThat(lines.ports()).isEqualTo(expected);
  }

  @Test
  void aWriteThatFailsIsSaidOnceAndTriedAgainWithoutLosingOrDoublingALine() {
    AtomicInteger attempts = new AtomicInteger();
    Lines lines =
        new Lines() {
          @Override
          public void write(ByteBuffer bytes) throws IOException {
            if (attempts.incrementAndGet() <= 2) {
              super.write(bytes.limit() > 10 ? take(bytes, 10) : bytes);
              throw new IOException("No space left on device");
            }
            super.write(bytes);
          }
        };
    try (SessionLog log =
        new SessionLog(lines, SessionFormat.of(LogConfig.Format.TCPLOG), 1 << 16, QUEUE)) {
      end(log, 0, 3);
      await().until(() -> lines.ports().equals(range(0, 3)));
    }
    assertThat(said("session-log-failed"))
        .containsExactly(
            "event=session-log-failed sink=lines"
                + " reason=\"java.io.IOException: No space left on device\"");
    assertThat(said("session-log-recovered")).hasSize(1);
  }

  @Test
  void closingDoesNotWaitForADiskThatStaysFull() {
    Lines lines =
        new Lines() {
          @Override
          public void write(ByteBuffer bytes) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    SessionLog log = new SessionLog(lines, SessionFormat.of(LogConfig.Format.TCPLOG), 200, QUEUE);
    end(log, 0, 10);
    log.close();
    end(log, 10, 11);

    assertThat(log.dropped()).isEqualTo(11);
  }

  @Test
  void aFileThatOthersHaveRenamedIsMadeAnewWhenAsked() throws IOException {
    Path file = directory.resolve("sessions.log");
    Path moved = directory.resolve("sessions.log-20260101");
    try (SessionLog log = SessionLog.open(toFile(file, 0, 1, QUEUE))) {
      end(log, 0, 2);
      await().until(() -> ports(file).size() == 2);
      Files.move(file, moved);
      end(log, 2, 4);
      await().until(() -> ports(moved).size() == 4);

      log.reopen();
      await().until(() -> Files.exists(file));
      end(log, 4, 6);
    }
    assertThat(ports(moved)).isEqualTo(range(0, 4));
    assertThat(ports(file)).isEqualTo(range(4, 6));
  }

  @Test
  void aFileThatCannotBeMadeAnewIsTriedAgain() throws IOException {
    Path logs = Files.createDirectory(directory.resolve("logs"));
    Path away = directory.resolve("away");
    Path file = logs.resolve("sessions.log");
    try (SessionLog log = SessionLog.open(toFile(file, 0, 1, QUEUE))) {
      Files.move(logs, away);
      log.reopen();
      await().until(() -> !said("session-log-failed").isEmpty());
      end(log, 0, 2);
      Files.createDirectory(logs);
      await().until(() -> Files.exists(file) && ports(file).size() == 2);
    }
    assertThat(said("session-log-failed")).hasSize(1);
  }

  @Test
  void aFileIsRolledBeforeItExceedsItsSizeAndTheOldestIsDeleted() throws IOException {
    Path file = directory.resolve("sessions.log");
    int rollSize = 4 * lineLength(10_000) + 10;
    try (SessionLog log = SessionLog.open(toFile(file, rollSize, 2, QUEUE))) {
      for (int port = 10_000; port < 10_014; port++) {
        end(log, port, port + 1);
        int last = port;
        await().until(() -> ports(file).contains(last));
      }
    }
    assertThat(ports(directory.resolve("sessions.log.2"))).isEqualTo(range(10_004, 10_008));
    assertThat(ports(directory.resolve("sessions.log.1"))).isEqualTo(range(10_008, 10_012));
    assertThat(ports(file)).isEqualTo(range(10_012, 10_014));
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  void noFileOfABurstExceedsTheSizeAndNoLineIsLost() throws IOException {
    Path file = directory.resolve("sessions.log");
    try (SessionLog log = SessionLog.open(toFile(file, 1000, 1000, 10_000))) {
      end(log, 10_000, 10_300);
    }
    List<Integer> all = new ArrayList<>();
    int rolled = 1;
    while (Files.exists(directory.resolve("sessions.log." + rolled))) {
      rolled++;
    }
    for (int i = rolled - 1; i >= 1; i--) {
      Path each = directory.resolve("sessions.log." + i);
      assertThat(Files.size(each)).isLessThanOrEqualTo(1000);
      all.addAll(ports(each));
    }
    all.addAll(ports(file));
    assertThat(all).isEqualTo(range(10_000, 10_300));
  }

  @Test
  void aRollThatFailsLosesNoLine() throws IOException {
    Path file = directory.resolve("sessions.log");
    Files.createDirectories(directory.resolve("sessions.log.1/in-the-way"));
    try (SessionLog log = SessionLog.open(toFile(file, 300, 1, QUEUE))) {
      end(log, 0, 20);
    }
    assertThat(ports(file)).isEqualTo(range(0, 20));
    assertThat(said("session-log-roll-failed")).isNotEmpty();
  }

  @Test
  void withDontlognullASessionThatCarriedNothingIsNotLogged() {
    Lines lines = new Lines();
    try (Balancer quiet = TestBalancer.withJdbc("dontlognull = true");
        SessionLog log =
            new SessionLog(lines, SessionFormat.of(LogConfig.Format.TCPLOG), 1 << 16, QUEUE)) {
      Listener listener = quiet.listeners().get(0);
      log.sessionEnded(
          numbered(
              1,
              FakeSession.withoutCoordinator(
                  listener, Termination.CLIENT_LEFT, Phase.FIRST_BYTES)));
      log.sessionEnded(
          numbered(
              2, FakeSession.withoutCoordinator(listener, Termination.NONE_USABLE, Phase.CONNECT)));
      log.sessionEnded(
          numbered(
              3, FakeSession.withoutCoordinator(jdbc, Termination.CLIENT_LEFT, Phase.FIRST_BYTES)));
      log.sessionEnded(numbered(4, new FakeSession(listener, null)));
    }
    assertThat(lines.ports()).containsExactly(2, 3, 4);
  }

  @Test
  void manyThreadsLoseNothing() throws InterruptedException {
    Lines lines = new Lines();
    try (SessionLog log =
        new SessionLog(lines, SessionFormat.of(LogConfig.Format.TCPLOG), 4096, 40_000)) {
      List<Thread> threads =
          IntStream.range(0, 4)
              .mapToObj(i -> new Thread(() -> end(log, i * 10_000, (i + 1) * 10_000)))
              .toList();
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(log.dropped()).isZero();
    }
    assertThat(lines.ports().stream().sorted().toList()).isEqualTo(range(0, 40_000));
  }

  /** Ends sessions whose clients have these ports. */
  private void end(SessionLog log, int from, int to) {
    for (int port = from; port < to; port++) {
      log.sessionEnded(numbered(port, new FakeSession(jdbc, null)));
    }
  }

  private int lineLength(int port) {
    StringBuilder line = new StringBuilder();
    new TcplogFormat(ZoneOffset.UTC).append(numbered(port, new FakeSession(jdbc, null)), line);
    return line.append('\n').length();
  }

  private static FakeSession numbered(int port, FakeSession session) {
    session.client = new InetSocketAddress("10.1.2.3", port);
    return session;
  }

  private static List<Integer> range(int from, int to) {
    return new ArrayList<>(IntStream.range(from, to).boxed().toList());
  }

  private static List<Integer> ports(Path file) throws IOException {
    return ports(Files.readString(file));
  }

  /** Returns the ports of the lines that are whole. */
  private static List<Integer> ports(String text) {
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .map(line -> Integer.valueOf(line.substring(line.indexOf(':') + 1, line.indexOf(' '))))
        .toList();
  }

  private List<String> said(String event) {
    return List.copyOf(said.list).stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(message -> message.startsWith("event=" + event + " "))
        .toList();
  }

  private static LogConfig toFile(Path file, long rollSize, int rollKeep, int queue) {
    return new LogConfig(
        LogConfig.SessionLog.FILE,
        Optional.of(file),
        rollSize,
        rollKeep,
        LogConfig.Format.TCPLOG,
        TestBalancer.NO_SYSLOG,
        queue,
        "info");
  }

  private static ByteBuffer take(ByteBuffer bytes, int count) {
    ByteBuffer taken = bytes.slice(bytes.position(), count);
    bytes.position(bytes.position() + count);
    return taken;
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Keeps what is written. */
  private static class Lines implements LogSink {
    private final Queue<String> written = new ConcurrentLinkedQueue<>();

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      written.add(UTF_8.decode(bytes).toString());
    }

    List<Integer> ports() {
      return SessionLogTest.ports(String.join("", written));
    }

    @Override
    public String toString() {
      return "lines";
    }
  }
}
