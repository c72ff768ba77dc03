package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TProtocol;

/**
 * Impala's beeswax service for one connection ({@code common/thrift/beeswax.thrift}, {@code
 * ImpalaService.thrift}, {@code be/src/service/impala-beeswax-server.cc}): what impala-shell calls.
 * The connection has one session, which ends with it.
 */
final class BeeswaxService implements RpcService {
  // beeswax.QueryState
  private static final int RUNNING = 3;
  private static final int FINISHED = 4;
  private static final int EXCEPTION = 5;

  private static final int EXEC_SUMMARY_FINISHED = 3;

  /** Above any query's work: a fetch waits for the first row. */
  private static final long FETCH_TIMEOUT_MILLIS = TimeUnit.DAYS.toMillis(365);

  private static final ThriftStruct STATUS_OK = new ThriftStruct().with(1, 0);

  private final Impalad impalad;
  private final String webAddress;
  private final Session session;

  /**
   * @param webAddress host:port of the coordinator's web port, told to clients
   */
  BeeswaxService(Impalad impalad, Connection connection, String webAddress) {
    this.impalad = impalad;
    this.webAddress = webAddress;
    this.session = impalad.openSession(connection, connection.user);
  }

  @Override
  public void call(TMessage call, TProtocol protocol) throws TException {
    if (!isKnown(call.name)) {
      ThriftStruct.replyUnknown(call, protocol);
      return;
    }
    ThriftStruct arguments = ThriftStruct.read(protocol);
    ThriftStruct reply = new ThriftStruct();
    try {
      answer(call.name, arguments, reply);
    } catch (ImpalaException e) {
      int field = exceptionField(call.name);
      if (field == 0) {
        ThriftStruct.replyError(
            call,
            protocol,
            new TApplicationException(
                TApplicationException.INTERNAL_ERROR,
                "TException - service has thrown: BeeswaxException(message=" + e.text() + ")"));
        return;
      }
      reply.with(field, beeswaxException(e));
    }
    reply.reply(call, protocol);
  }

  /**
   * Where a call declares BeeswaxException, which Impala throws from all of them; 0 where it does
   * not ({@code beeswax.thrift}, {@code ImpalaService.thrift}).
   */
  private static int exceptionField(String call) {
    return switch (call) {
      case "query", "executeAndWait", "Cancel", "GetRuntimeProfile" -> 1;
      case "fetch", "close", "CloseInsert", "GetExecSummary" -> 2;
      default -> 0;
    };
  }

  private static boolean isKnown(String name) {
    return switch (name) {
      case "query",
          "executeAndWait",
          "get_state",
          "fetch",
          "get_results_metadata",
          "get_log",
          "close",
          "CloseInsert",
          "clean",
          "Cancel",
          "GetRuntimeProfile",
          "GetExecSummary",
          "PingImpalaService",
          "get_default_configuration",
          "echo" ->
          true;
      default -> false;
    };
  }

  private void answer(String name, ThriftStruct arguments, ThriftStruct reply)
      throws ImpalaException {
    switch (name) {
      case "query" -> reply.with(0, handle(execute(arguments.struct(1))));
      case "executeAndWait" -> {
        Query query = execute(arguments.struct(1));
        query.await(FETCH_TIMEOUT_MILLIS);
        reply.with(0, handle(query));
      }
      case "get_state" -> reply.with(0, state(query(arguments)));
      case "fetch" -> reply.with(0, fetch(query(arguments), arguments.number(3)));
      case "get_results_metadata" -> reply.with(0, metadata(query(arguments)));
      case "get_log" -> reply.with(0, impalad.log(query(arguments.text(1))));
      case "close" -> impalad.closeQuery(query(arguments));
      case "CloseInsert" -> {
        Query query = query(arguments);
        impalad.closeQuery(query);
        reply.with(0, query.dmlResult());
      }
      case "Cancel" -> {
        impalad.cancel(query(arguments));
        reply.with(0, STATUS_OK);
      }
      // Impala keeps both for queries that are closed; so these need no query.
      case "GetRuntimeProfile" -> reply.with(0, "Query (id=" + arguments.struct(1).text(1) + ")\n");
      case "GetExecSummary" -> reply.with(0, new ThriftStruct().with(1, EXEC_SUMMARY_FINISHED));
      case "PingImpalaService" ->
          reply.with(
              0, new ThriftStruct().with(1, impalad.options.version().text()).with(2, webAddress));
      case "get_default_configuration" -> reply.with(0, defaultConfiguration());
      case "echo" -> reply.with(0, arguments.text(1));
      default -> {
        // "clean" does nothing.
      }
    }
  }

  private Query execute(ThriftStruct query) throws ImpalaException {
    impalad.checkNotShuttingDown();
    if (session.user.isEmpty()) {
      // Nobody logged in: the first query names the user.
      session.user = query.text(4);
    }
    return impalad.execute(session, query.text(1));
  }

  private Query query(ThriftStruct arguments) throws ImpalaException {
    return query(arguments.struct(1).text(1));
  }

  private Query query(String text) throws ImpalaException {
    UniqueId id = UniqueId.parse(text);
    try {
      return impalad.query(id);
    } catch (ImpalaException e) {
      throw impalad.failure(id, e);
    }
  }

  private static ThriftStruct handle(Query query) {
    String id = query.id.toString();
    return new ThriftStruct().with(1, id).with(2, id);
  }

  private static int state(Query query) {
    return switch (query.state()) {
      case RUNNING -> RUNNING;
      case FINISHED -> FINISHED;
      case FAILED -> EXCEPTION;
    };
  }

  private ThriftStruct fetch(Query query, long max) throws ImpalaException {
    query.await(FETCH_TIMEOUT_MILLIS);
    Query.Rows rows = impalad.fetch(query, max);
    List<Object> lines = new ArrayList<>(rows.rows().size());
    for (List<Object> row : rows.rows()) {
      lines.add(row.stream().map(String::valueOf).collect(Collectors.joining("\t")));
    }
    return new ThriftStruct()
        .with(1, true)
        .with(2, query.table == null ? List.of() : names(query.table))
        .with(3, lines)
        .with(4, rows.offset())
        .with(5, rows.more());
  }

  private static List<String> names(Table table) {
    return table.columns().stream().map(Table.Column::name).toList();
  }

  private static ThriftStruct metadata(Query query) {
    List<Object> fields = new ArrayList<>();
    if (query.table != null) {
      for (Table.Column column : query.table.columns()) {
        String type = column.type().name().toLowerCase(Locale.ROOT);
        fields.add(new ThriftStruct().with(1, column.name()).with(2, type).with(3, ""));
      }
    }
    return new ThriftStruct()
        .with(1, new ThriftStruct().with(1, fields))
        .with(2, "")
        .with(3, "")
        .with(4, "\t");
  }

  private static List<ThriftStruct> defaultConfiguration() {
    return Interpreter.defaultOptions().entrySet().stream()
        .map(option ->
            new ThriftStruct()
                .with(1, option.getKey())
                .with(2, option.getValue())
                .with(3, "")
                .with(4, 0))
        .toList();
  }

  private static ThriftStruct beeswaxException(ImpalaException e) {
    return new ThriftStruct()
        .with(1, e.text())
        .with(2, "")
        .with(3, new ThriftStruct().with(1, "").with(2, ""))
        .with(4, 0)
        .with(5, "HY000");
  }
}
