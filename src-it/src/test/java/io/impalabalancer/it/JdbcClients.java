package io.impalabalancer.it;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Clients that query through one address in a loop, each on a thread and a connection of its own:
 * of four queries one has an answer of 10 MB. A connection that failed is replaced at once.
 * Everything that happened is kept as {@link Outcome}s.
 */
final class JdbcClients implements AutoCloseable {

  /**
   * A query.
   *
   * @param large whether its answer has 100,001 rows, 10 MB in about 100 fetches; else it has one
   *     row, and comes at once
   * @param variant 0 to 3; the answers differ, so that a mixed-up one is seen
   */
  record Question(boolean large, int variant) {

    private static final int VARIANTS = 4;

    /** Returns all that clients ask. */
    static List<Question> all() {
      return Stream.of(true, false)
          .flatMap(large -> IntStream.range(0, VARIANTS).mapToObj(v -> new Question(large, v)))
          .toList();
    }

    private String sql() {
      return large
          ? "select pos, repeat('"
              + variant
              + "', 100) from (select posexplode(split(space(100000), ' ')) as (pos, v)) q"
          : "select " + variant + ", 'variant " + variant + "'";
    }
  }

  /** The rows of an answer, in their order. Equal answers are equal row by row. */
  record Answer(long rows, long bytes, long checksum) {}

  /**
   * What became of one question, or of one attempt to connect.
   *
   * @param server the name of the server behind the connection; empty if it was not reached
   * @param question null for an attempt to connect, which ends when the server has told its name
   * @param startNanos when it began ({@link System#nanoTime})
   * @param endNanos when it was answered or failed
   * @param answer null if it failed, and for an attempt to connect
   * @param failure null if it did not fail
   */
  record Outcome(
      int client,
      String server,
      @Nullable Question question,
      long startNanos,
      long endNanos,
      @Nullable Answer answer,
      @Nullable SQLException failure) {

    boolean isConnect() {
      return question == null;
    }

    boolean hasFailed() {
      return failure != null;
    }
  }

  private static final int FETCH_SIZE = 1000;

  private final JdbcDriver driver;
  private final String url;
  private final List<Thread> threads = new ArrayList<>();
  private final List<Outcome> outcomes = new ArrayList<>(); // guarded by this
  private final Map<Integer, String> connected = new TreeMap<>(); // guarded by this
  private final AtomicInteger generation = new AtomicInteger();
  private volatile boolean stopping;

  private JdbcClients(JdbcDriver driver, String url) {
    this.driver = driver;
    this.url = url;
  }

  /** Starts so many clients. */
  static JdbcClients start(JdbcDriver driver, String url, int count) {
    JdbcClients clients = new JdbcClients(driver, url);
    for (int client = 0; client < count; client++) {
      int number = client;
      Thread thread = new Thread(() -> clients.run(number), "jdbc-client-" + client);
      thread.setDaemon(true);
      clients.threads.add(thread);
    }
    clients.threads.forEach(Thread::start);
    return clients;
  }

  /** Asks on a connection of its own, as the measure of the answers that clients get. */
  static Answer ask(JdbcDriver driver, String url, Question question) throws SQLException {
    try (Connection connection = driver.connect(url)) {
      return ask(connection, question);
    }
  }

  /** Lets each client open a new connection once it has its present answer. */
  void reconnect() {
    generation.incrementAndGet();
  }

  /** Returns the server behind each client that is connected now, by client. */
  synchronized Map<Integer, String> connected() {
    return Map.copyOf(connected);
  }

  /** Returns what happened until now, in the order of its end. */
  synchronized List<Outcome> outcomes() {
    return List.copyOf(outcomes);
  }

  /**
   * Lets each client end its present step and close its connection, and waits for it.
   *
   * @throws AssertionError if a client is still busy after that time
   */
  void stop(Duration timeout) {
    stopping = true;
    long deadline = System.nanoTime() + timeout.toNanos();
    for (Thread thread : threads) {
      try {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
      if (thread.isAlive()) {
        throw new AssertionError(
            thread.getName()
                + " did not end within "
                + timeout
                + "; it waits in "
                + List.of(thread.getStackTrace()));
      }
    }
  }

  /** Tells the clients to end, without waiting: those left behind are daemon threads. */
  @Override
  public void close() {
    stopping = true;
  }

  private void run(int client) {
    int turn = client;
    while (!stopping) {
      int born = generation.get();
      String server = "";
      Question question = null;
      long start = System.nanoTime();
      try (Connection connection = driver.connect(url)) {
        server = name(connection);
        connected(client, server, start);
        while (!stopping && born == generation.get()) {
          question = new Question(turn % 4 == 0, client % Question.VARIANTS);
          turn++;
          start = System.nanoTime();
          Answer answer = ask(connection, question);
          add(new Outcome(client, server, question, start, System.nanoTime(), answer, null));
        }
      } catch (SQLException e) {
        add(new Outcome(client, server, question, start, System.nanoTime(), null, e));
      } finally {
        disconnected(client);
      }
    }
  }

  private synchronized void connected(int client, String server, long start) {
    connected.put(client, server);
    outcomes.add(new Outcome(client, server, null, start, System.nanoTime(), null, null));
  }

  private synchronized void disconnected(int client) {
    connected.remove(client);
  }

  private synchronized void add(Outcome outcome) {
    outcomes.add(outcome);
  }

  private static String name(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(HiveServer2Process.NAME_QUERY)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static Answer ask(Connection connection, Question question) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(FETCH_SIZE);
      long count = 0;
      long bytes = 0;
      CRC32 checksum = new CRC32();
      try (ResultSet rows = statement.executeQuery(question.sql())) {
        while (rows.next()) {
          byte[] row =
              (rows.getString(1) + '\t' + rows.getString(2)).getBytes(StandardCharsets.UTF_8);
          count++;
          bytes += row.length;
          checksum.update(row);
          checksum.update('\n');
        }
      }
      return new Answer(count, bytes, checksum.getValue());
    }
  }
}
