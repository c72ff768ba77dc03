package io.impalabalancer.simulator;

import io.impalabalancer.simulator.SimulatedClientException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TCloseOperationReq;
import org.apache.hive.service.rpc.thrift.TCloseSessionReq;
import org.apache.hive.service.rpc.thrift.TColumn;
import org.apache.hive.service.rpc.thrift.TExecuteStatementReq;
import org.apache.hive.service.rpc.thrift.TExecuteStatementResp;
import org.apache.hive.service.rpc.thrift.TFetchOrientation;
import org.apache.hive.service.rpc.thrift.TFetchResultsReq;
import org.apache.hive.service.rpc.thrift.TFetchResultsResp;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionResp;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.hive.service.rpc.thrift.TStatusCode;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransportException;
import org.jspecify.annotations.Nullable;

/**
 * A small HiveServer2 client (binary Thrift, NOSASL) with one connection and, when opened, one
 * session, as a BI tool has. For one thread at a time. After a {@link SimulatedClientException}
 * with another reason than {@link Reason#IMPALA} it is closed.
 */
public final class SimulatedClient implements AutoCloseable {
  private static final long FETCH_ROWS = 1024;

  private final TSocket socket;
  private final TCLIService.Client calls;
  private @Nullable TSessionHandle session;

  private interface Call<T> {
    T run() throws TException;
  }

  private SimulatedClient(TSocket socket, TCLIService.Client calls) {
    this.socket = socket;
    this.calls = calls;
  }

  /**
   * Connects.
   *
   * @param timeout how long connecting, and each answer, may take; longer than 0
   */
  public static SimulatedClient connect(String host, int port, Duration timeout)
      throws SimulatedClientException {
    int millis = Math.toIntExact(timeout.toMillis());
    try {
      TSocket socket = new TSocket(new TConfiguration(), host, port, millis, millis);
      socket.open();
      return new SimulatedClient(socket, new TCLIService.Client(new TBinaryProtocol(socket)));
    } catch (TTransportException e) {
      throw new SimulatedClientException(
          Reason.REFUSED, host + ":" + port + " cannot be connected to: " + e.getMessage(), e);
    }
  }

  /** Opens the session. */
  public void openSession() throws SimulatedClientException {
    TOpenSessionReq request = new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6);
    TOpenSessionResp response = call(() -> calls.OpenSession(request));
    require(response.getStatus());
    session = response.getSessionHandle();
  }

  /**
   * Runs a statement in the open session.
   *
   * @return its rows in order, each value as text; none if it has no rows
   */
  public List<List<String>> query(String sql) throws SimulatedClientException {
    TSessionHandle handle = session;
    if (handle == null) {
      throw new IllegalStateException("no session is open");
    }
    TExecuteStatementResp started =
        call(() -> calls.ExecuteStatement(new TExecuteStatementReq(handle, sql)));
    require(started.getStatus());
    TOperationHandle operation = Objects.requireNonNull(started.getOperationHandle());
    try {
      List<List<String>> rows = fetch(operation);
      close(operation);
      return rows;
    } catch (SimulatedClientException e) {
      if (e.reason() == Reason.IMPALA) {
        close(operation);
      }
      throw e;
    }
  }

  private List<List<String>> fetch(TOperationHandle operation) throws SimulatedClientException {
    List<List<String>> rows = new ArrayList<>();
    boolean more = operation.isHasResultSet();
    while (more) {
      TFetchResultsResp fetched =
          call(() ->
              calls.FetchResults(
                  new TFetchResultsReq(operation, TFetchOrientation.FETCH_NEXT, FETCH_ROWS)));
      require(fetched.getStatus());
      addRows(rows, Objects.requireNonNull(fetched.getResults()).getColumns());
      more = fetched.isHasMoreRows();
    }
    return rows;
  }

  private void close(TOperationHandle operation) throws SimulatedClientException {
    call(() -> calls.CloseOperation(new TCloseOperationReq(operation)));
  }

  /** Closes the session and the connection; does nothing if it is closed. */
  @Override
  public void close() {
    TSessionHandle handle = session;
    session = null;
    try {
      if (handle != null) {
        call(() -> calls.CloseSession(new TCloseSessionReq(handle)));
      }
    } catch (SimulatedClientException e) {
      // The coordinator is gone, and the session with it or soon.
    } finally {
      socket.close();
    }
  }

  private static void addRows(List<List<String>> rows, @Nullable List<TColumn> columns) {
    if (columns == null) {
      return;
    }
    int first = rows.size();
    for (TColumn column : columns) {
      List<?> values = values(column);
      for (int i = 0; i < values.size(); i++) {
        if (first + i == rows.size()) {
          rows.add(new ArrayList<>(columns.size()));
        }
        rows.get(first + i).add(String.valueOf(values.get(i)));
      }
    }
  }

  private static List<?> values(TColumn column) {
    List<?> values =
        switch (column.getSetField()) {
          case BOOL_VAL -> column.getBoolVal().getValues();
          case BYTE_VAL -> column.getByteVal().getValues();
          case I16_VAL -> column.getI16Val().getValues();
          case I32_VAL -> column.getI32Val().getValues();
          case I64_VAL -> column.getI64Val().getValues();
          case DOUBLE_VAL -> column.getDoubleVal().getValues();
          case STRING_VAL -> column.getStringVal().getValues();
          case BINARY_VAL -> column.getBinaryVal().getValues();
        };
    return Objects.requireNonNull(values);
  }

  private static void require(@Nullable TStatus status) throws SimulatedClientException {
    if (status != null && status.getStatusCode() == TStatusCode.ERROR_STATUS) {
      throw new SimulatedClientException(String.valueOf(status.getErrorMessage()));
    }
  }

  private <T> T call(Call<T> call) throws SimulatedClientException {
    try {
      return call.run();
    } catch (TException e) {
      // Whatever else came would be the answer to this call.
      session = null;
      socket.close();
      boolean timeout =
          e instanceof TTransportException transport
              && transport.getType() == TTransportException.TIMED_OUT;
      throw new SimulatedClientException(
          timeout ? Reason.TIMEOUT : Reason.CUT,
          timeout ? "No answer in time" : "The connection was cut: " + e.getMessage(),
          e);
    }
  }
}
