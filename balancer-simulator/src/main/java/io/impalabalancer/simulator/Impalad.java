package io.impalabalancer.simulator;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The process behind a coordinator's name: its sessions, queries and capacity. It dies and is never
 * used again; the coordinator's next life is a new one. Any thread may call.
 */
final class Impalad implements AutoCloseable {
  static final String VERSION =
      "impalad version 4.5.0-RELEASE RELEASE (build simulated)\nBuilt for impala-balancer";

  private static final DateTimeFormatter START_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS000000").withZone(ZoneId.systemDefault());

  final String startTime = START_TIME.format(Instant.now());
  private final String name;
  private final SimulatorOptions options;
  private final Counters counters;
  private final Capacity capacity;
  private final Map<UniqueId, Session> sessions = new ConcurrentHashMap<>();
  private final Map<UniqueId, Query> queries = new ConcurrentHashMap<>();

  Impalad(String name, SimulatorOptions options, Counters counters) {
    this.name = name;
    this.options = options;
    this.counters = counters;
    this.capacity = new Capacity(options.workUnits(), options.maxQueries(), System::nanoTime);
  }

  Session openSession(String user) {
    Session session = new Session(user);
    sessions.put(session.id, session);
    counters.sessionsNow.increment();
    counters.sessionsTotal.increment();
    return session;
  }

  /** Finds a session that is open. */
  Session session(UniqueId id, UniqueId secret) throws ImpalaException {
    Session session = sessions.get(id);
    if (session == null || !session.secret.equals(secret)) {
      throw new ImpalaException("Invalid session id: " + id);
    }
    return session;
  }

  /** Closes a session and cancels its queries. */
  void closeSession(Session session) {
    if (sessions.remove(session.id) != null) {
      counters.sessionsNow.decrement();
      session.queries.forEach(this::closeQuery);
    }
  }

  /** Starts a statement. It runs or has ended when this returns. */
  Query execute(Session session, String sql) throws ImpalaException {
    counters.queriesTotal.increment();
    Interpreter.Answer answer;
    try {
      answer = new Interpreter(name, session, sql).answer();
    } catch (ImpalaException e) {
      counters.queriesFailed.increment();
      throw e;
    }
    Query query = new Query(session, answer.table());
    if (answer.workNanos() == 0) {
      query.finish();
    } else {
      work(query, answer.workNanos());
    }
    return register(query);
  }

  private void work(Query query, long nanos) {
    counters.queriesNow.increment();
    Capacity.Work work =
        capacity.start(
            nanos,
            () -> {
              if (query.finish()) {
                counters.queriesNow.decrement();
              }
            });
    if (work != null) {
      query.running(work);
    } else {
      query.fail(memoryExceeded());
      counters.queriesNow.decrement();
      counters.queriesFailed.increment();
    }
  }

  private String memoryExceeded() {
    return String.format(
        """
        Memory limit exceeded: Failed to allocate memory for the query
        Process: memory limit exceeded. Limit=%d queries, all are running
        """,
        options.maxQueries());
  }

  /** Gives a table, such as a driver's metadata, as a query that has ended. */
  Query answer(Session session, Table table) {
    Query query = new Query(session, table);
    query.finish();
    return register(query);
  }

  private Query register(Query query) {
    queries.put(query.id, query);
    query.session.queries.add(query);
    return query;
  }

  /** Finds a query that is not closed, or null. */
  @Nullable Query query(UniqueId id) {
    return queries.get(id);
  }

  /** Cancels a query if it still runs. */
  void cancel(Query query) {
    Capacity.Work work = query.cancel();
    if (work != null) {
      capacity.cancel(work);
      counters.queriesNow.decrement();
    }
  }

  /** Cancels and forgets a query. */
  void closeQuery(Query query) {
    cancel(query);
    query.session.queries.remove(query);
    queries.remove(query.id);
  }

  /** Dies: every session ends, every query is cancelled. */
  @Override
  public void close() {
    sessions.values().forEach(this::closeSession);
    capacity.close();
  }
}
