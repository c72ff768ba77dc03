package io.impalabalancer.simulator;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The process behind a coordinator's name: its connections, sessions, queries, catalog and
 * capacity. It dies and is never used again; the coordinator's next life is a new one. Any thread
 * may call.
 */
final class Impalad implements AutoCloseable {
  /** How many queries that are closed the web port shows (Impala's {@code query_log_size}). */
  static final int QUERY_LOG_SIZE = 200;

  /** What one query takes of the memory; a process has it {@code maxQueries} times. */
  static final long QUERY_BYTES = 256L << 20;

  private static final int UNLIMITED_QUERIES = 64;
  private static final long SHUTDOWN_POLL_MILLIS = 50;
  private static final long SYNC_POLL_MILLIS = 10;

  private static final DateTimeFormatter START_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS000000").withZone(ZoneId.systemDefault());

  final String name;
  final SimulatorOptions options;
  final String startTime = START_TIME.format(Instant.now());
  final UniqueId backendId = UniqueId.random();
  final CatalogView catalog;
  final AuthCookie cookies = new AuthCookie();
  private final Counters counters;
  private final Capacity capacity;
  private final SimulatedCluster cluster;
  private final Runnable exit;
  private final ScheduledExecutorService timer;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Map<UniqueId, Session> sessions = new ConcurrentHashMap<>();
  private final Map<UniqueId, Query> queries = new ConcurrentHashMap<>();
  private final Deque<Query> queryLog = new ArrayDeque<>();
  private volatile @Nullable Shutdown shutdown;

  /**
   * Starts one.
   *
   * @param exit ends this process; called once, when a shutdown is over
   */
  Impalad(
      String name,
      SimulatorOptions options,
      Counters counters,
      SimulatedCluster cluster,
      Runnable exit) {
    this.name = name;
    this.options = options;
    this.counters = counters;
    this.cluster = cluster;
    this.catalog = new CatalogView(cluster.catalog());
    this.capacity = new Capacity(name, options.workUnits(), options.maxQueries(), System::nanoTime);
    this.exit = exit;
    this.timer =
        Executors.newSingleThreadScheduledExecutor(task -> {
          Thread thread = new Thread(task, name + "-timer");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** What it can do at once. */
  Capacity capacity() {
    return capacity;
  }

  /** A connection got a service thread. */
  void connect(Connection connection) {
    connections.add(connection);
  }

  /** A connection has ended; hiveserver2's sessions live on. */
  void disconnect(Connection connection) {
    connections.remove(connection);
    connection.sessions.forEach(session -> {
      session.connections.remove(connection);
      if (session.beeswax) {
        closeSession(session);
      } else if (session.connections.isEmpty()) {
        after(options.disconnectedSessionTimeout(), () -> closeIfDisconnected(session));
      }
    });
  }

  private void closeIfDisconnected(Session session) {
    long silentMillis = System.currentTimeMillis() - session.accessedMillis;
    if (session.connections.isEmpty()
        && silentMillis >= options.disconnectedSessionTimeout().toMillis()) {
      closeSession(session);
    }
  }

  Collection<Connection> connections() {
    return connections;
  }

  Session openSession(Connection connection, String user) {
    Session session = new Session(connection, user);
    sessions.put(session.id, session);
    counters.sessionsNow.increment();
    counters.sessionsTotal.increment();
    return session;
  }

  /** Finds a session that is open, for a call on a connection ({@code WithSession}). */
  Session session(UniqueId id, UniqueId secret, Connection connection) throws ImpalaException {
    Session session = sessions.get(id);
    if (session == null || !session.secret.equals(secret)) {
      throw new ImpalaException("Invalid session id: " + id);
    }
    if (!connection.user.isEmpty() && !connection.user.equals(session.user)) {
      throw new ImpalaException(
          String.format(
              "The user authorized on the connection '%s' does not match the session username"
                  + " '%s'",
              connection.user, session.user));
    }
    session.attach(connection);
    return session;
  }

  Collection<Session> sessions() {
    return sessions.values();
  }

  /** Closes a session and cancels its queries. */
  void closeSession(Session session) {
    if (sessions.remove(session.id) != null) {
      counters.sessionsNow.decrement();
      session.connections.forEach(connection -> connection.sessions.remove(session));
      session.queries.forEach(this::closeQuery);
    }
  }

  /** Begins to shut down, or brings the deadline nearer ({@code StartShutdown}). */
  synchronized Shutdown quiesce(Duration deadline) {
    long now = System.nanoTime();
    Shutdown begun = shutdown;
    Shutdown next =
        begun == null
            ? Shutdown.begin(now, options.gracePeriod(), deadline)
            : begun.by(now, deadline);
    shutdown = next;
    if (begun == null && !timer.isShutdown()) {
      timer.scheduleWithFixedDelay(this::endIfOver, 0, SHUTDOWN_POLL_MILLIS, TimeUnit.MILLISECONDS);
    }
    return next;
  }

  private void endIfOver() {
    Shutdown begun = shutdown;
    if (begun != null && begun.isOver(System.nanoTime(), registered(), executing())) {
      timer.shutdown();
      // Its end ends the timer's thread.
      new Thread(exit, name + "-exit").start();
    }
  }

  /** Does something later, unless it is dead by then. */
  void after(Duration delay, Runnable task) {
    try {
      timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // It is dead already.
    }
  }

  /** How its shutdown stands, in Impala's words; null if none has begun. */
  @Nullable String shutdownStatus() {
    Shutdown begun = shutdown;
    return begun == null ? null : begun.status(System.nanoTime(), registered(), executing());
  }

  /** Refuses new work when a shutdown has begun. */
  void checkNotShuttingDown() throws ImpalaException {
    String status = shutdownStatus();
    if (status != null) {
      throw new ImpalaException("Server is being shut down: " + status + ".");
    }
  }

  /** Starts a statement. It runs or has ended when this returns. */
  Query execute(Session session, String sql) throws ImpalaException {
    counters.queriesTotal.increment();
    session.totalQueries.incrementAndGet();
    Interpreter.Answer answer;
    try {
      answer = new Interpreter(this, session, sql).answer();
    } catch (ImpalaException e) {
      counters.queriesFailed.increment();
      throw failure(UniqueId.random(), e);
    }
    Query query = new Query(session, sql, answer.table(), answer.inserted());
    if (answer.workNanos() == 0 && answer.executorNanos() == 0) {
      query.finish();
      register(query);
    } else {
      register(query);
      work(query, answer.workNanos(), answer.executorNanos());
    }
    return query;
  }

  /**
   * Waits until every coordinator that lives knows a state of the catalog, or catalogd is another
   * ({@code WaitForCatalogUpdateTopicPropagation}).
   */
  void awaitEverywhere(Catalog.State state) throws ImpalaException {
    try {
      while (!cluster.isTold(state)) {
        Thread.sleep(SYNC_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImpalaException("Cancelled");
    }
  }

  /** An error of a query that has an id, with it or without as the version does. */
  ImpalaException failure(UniqueId query, ImpalaException cause) {
    return options.version() == ImpalaVersion.V3_4
        ? cause
        : new ImpalaException("Query " + query + " failed:\n" + cause.text());
  }

  /** What a query's log says: its error ({@code ImpalaServer::GetLog}, {@code get_log}). */
  String log(Query query) {
    String error = query.error();
    return error.isEmpty() ? "" : failure(query.id, new ImpalaException(error)).text();
  }

  /** Takes the next rows of a query, none while it runs. */
  Query.Rows fetch(Query query, long max) throws ImpalaException {
    try {
      return query.fetch(max);
    } catch (ImpalaException e) {
      throw failure(query.id, e);
    }
  }

  private void work(Query query, long workNanos, long executorNanos) {
    counters.queriesNow.increment();
    List<Capacity> parts = executorNanos == 0 ? List.of() : cluster.capacities();
    query.expect(1 + parts.size());
    work(query, capacity, workNanos);
    for (Capacity executor : parts) {
      work(query, executor, executorNanos / parts.size());
    }
  }

  private void work(Query query, Capacity where, long nanos) {
    Capacity.Work work =
        where.start(
            nanos,
            () -> {
              if (query.partDone()) {
                counters.queriesNow.decrement();
              }
            },
            () -> fail(query, "Failed due to unreachable impalad(s): " + where.name() + ":27000"));
    if (work != null) {
      query.running(work);
    } else {
      fail(query, memoryExceeded());
    }
  }

  private void fail(Query query, String text) {
    if (query.fail(text)) {
      counters.queriesNow.decrement();
      counters.queriesFailed.increment();
    }
  }

  /** As {@code MemTracker::MemLimitExceeded} and {@code LogUsage}. */
  private String memoryExceeded() {
    return String.format(
        """
        Memory limit exceeded: Failed to allocate row batch
        EXCHANGE_NODE could not allocate %s without exceeding limit.
        Error occurred on backend %s:27000
        Memory left in process limit: %s
        Process: Limit=%s Total=%s Peak=%s\
        """,
        PrettyPrinter.bytes(QUERY_BYTES),
        name,
        PrettyPrinter.bytes(memoryLimit() - memoryUsed()),
        PrettyPrinter.bytes(memoryLimit()),
        PrettyPrinter.bytes(memoryUsed()),
        PrettyPrinter.bytes(memoryUsed()));
  }

  /** Bytes that its queries may take together. */
  long memoryLimit() {
    return QUERY_BYTES * Math.min(options.maxQueries(), UNLIMITED_QUERIES);
  }

  /** Bytes that its queries take now. */
  long memoryUsed() {
    return QUERY_BYTES * capacity.running();
  }

  /** Gives a table, such as a driver's metadata, as a query that has ended. */
  Query answer(Session session, String operation, Table table) {
    Query query = new Query(session, operation, table, Interpreter.Answer.NO_DML);
    query.finish();
    register(query);
    return query;
  }

  /** Keeps a query until it is closed: at once if its session was closed meanwhile. */
  private void register(Query query) {
    queries.put(query.id, query);
    query.session.queries.add(query);
    if (!sessions.containsKey(query.session.id)) {
      closeQuery(query);
    }
  }

  /** Finds a query that is not closed. */
  Query query(UniqueId id) throws ImpalaException {
    Query query = queries.get(id);
    if (query == null) {
      throw new ImpalaException(
          options.version() == ImpalaVersion.V3_4
              ? "Invalid query handle: " + id
              : "Invalid or unknown query handle: " + id + ".");
    }
    return query;
  }

  /** The queries that are not closed. */
  Collection<Query> queries() {
    return queries.values();
  }

  /** The queries that were closed last, the newest first. */
  List<Query> queryLog() {
    synchronized (queryLog) {
      return List.copyOf(queryLog);
    }
  }

  /** How many queries are not closed. */
  long registered() {
    return queries.size();
  }

  /** How many of them run or have rows that nobody fetched yet. */
  long executing() {
    return queries.values().stream().filter(query -> !query.isWaiting()).count();
  }

  /** Cancels a query if it still runs. */
  void cancel(Query query) {
    if (query.fail("Cancelled")) {
      counters.queriesNow.decrement();
    }
  }

  /** Cancels and forgets a query. */
  void closeQuery(Query query) {
    cancel(query);
    query.session.queries.remove(query);
    if (queries.remove(query.id) != null) {
      synchronized (queryLog) {
        queryLog.addFirst(query);
        if (queryLog.size() > QUERY_LOG_SIZE) {
          queryLog.removeLast();
        }
      }
    }
  }

  /** Dies: every session ends, every query is cancelled. */
  @Override
  public void close() {
    timer.shutdownNow();
    sessions.values().forEach(this::closeSession);
    capacity.close();
  }
}
