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
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Clients that query through one address in a loop, each on a thread and a connection of its own:
 * three small queries, then one with an answer of 10 MB. A connection that failed is replaced at
 * once. Everything that happened is kept as {@link Outcome}s.
 */
final class JdbcClients implements AutoCloseable {

  /** What a client does, one after the other. */
  enum Step {
    /** Opens a connection and asks for the name of the server behind it. */
    CONNECT,
    /** A query that is answered at once. */
    SMALL,
    /** A query whose answer has 100,001 rows, 10 MB in about 100 fetches. */
    LARGE
  }

  /** The rows of an answer, in their order. Equal answers are equal row by row. */
  record Answer(long rows, long bytes, long checksum) {}

  /**
   * What became of one step.
   *
   * @param server the name of the server behind the connection; empty if it was not reached
   * @param startNanos when it began ({@link System#nanoTime})
   * @param endNanos when it was answered or failed
   * @param answer null if it failed, and for {@link Step#CONNECT}
   * @param failure null if it did not fail
   */
  record Outcome(
      int client,
      Step step,
      String server,
      long startNanos,
      long endNanos,
      @Nullable Answer answer,
      @Nullable SQLException failure) {

    boolean failed() {
      return failure != null;
    }
  }

  /** Clients ask for so many different answers, so that a mixed-up one is seen. */
  private static final int VARIANTS = 4;

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

  /**
   * Runs a query of a client by itself on a connection of its own, as the measure of the others.
   */
  static Answer ask(JdbcDriver driver, String url, Step step, int client) throws SQLException {
    try (Connection connection = driver.connect(url)) {
      return ask(connection, query(step, client));
    }
  }

  /** Returns what identifies the answer to a client's query: clients with the same ask the same. */
  static int variant(int client) {
    return client % VARIANTS;
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
      long start = System.nanoTime();
      String server = "";
      Step step = Step.CONNECT;
      try (Connection connection = driver.connect(url)) {
        server = name(connection);
        connected(client, server, start);
        while (!stopping && born == generation.get()) {
          step = turn++ % 4 == 0 ? Step.LARGE : Step.SMALL;
          start = System.nanoTime();
          Answer answer = ask(connection, query(step, client));
          add(new Outcome(client, step, server, start, System.nanoTime(), answer, null));
        }
      } catch (SQLException e) {
        add(new Outcome(client, step, server, start, System.nanoTime(), null, e));
      } finally {
        disconnected(client);
      }
    }
  }

  private synchronized void connected(int client, String server, long start) {
    connected.put(client, server);
    outcomes.add(new Outcome(client, Step.CONNECT, server, start, System.nanoTime(), null, null));
  }

  private synchronized void disconnected(int client) {
    connected.remove(client);
  }

  private synchronized void add(Outcome outcome) {
    outcomes.add(outcome);
  }

  private static String query(Step step, int client) {
    int variant = variant(client);
    return switch (step) {
      case CONNECT -> HiveServer2Process.NAME_QUERY;
      case SMALL -> "select " + variant + ", 'variant " + variant + "'";
      case LARGE ->
          "select pos, repeat('"
              + variant
              + "', 100) from"
              + " (select posexplode(split(space(100000), ' ')) as (pos, v)) q";
    };
  }

  private static String name(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(HiveServer2Process.NAME_QUERY)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static Answer ask(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(FETCH_SIZE);
      long count = 0;
      long bytes = 0;
      CRC32 checksum = new CRC32();
      try (ResultSet rows = statement.executeQuery(query)) {
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
