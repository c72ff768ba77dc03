package io.impalabalancer.simulator;

import java.util.Map;
import java.util.Objects;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TCloseOperationReq;
import org.apache.hive.service.rpc.thrift.TExecuteStatementReq;
import org.apache.hive.service.rpc.thrift.TExecuteStatementResp;
import org.apache.hive.service.rpc.thrift.TFetchOrientation;
import org.apache.hive.service.rpc.thrift.TFetchResultsReq;
import org.apache.hive.service.rpc.thrift.TFetchResultsResp;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSaslClientTransport;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;

/** A connection to a hiveserver2 port whose calls a test makes one by one. */
final class Hs2 implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;

  final TCLIService.Client calls;
  private final TTransport transport;
  private final TSocket socket;

  private Hs2(TTransport transport) throws Exception {
    this.transport = transport;
    this.socket =
        transport instanceof TSaslClientTransport sasl
            ? (TSocket) sasl.getUnderlyingTransport()
            : (TSocket) transport;
    transport.open();
    this.calls = new TCLIService.Client(new TBinaryProtocol(transport));
  }

  static Hs2 connect(SimulatedCoordinator coordinator) throws Exception {
    return new Hs2(socket(coordinator.host(), coordinator.hiveserver2Port()));
  }

  static Hs2 logIn(SimulatedCoordinator coordinator, String user, String password)
      throws Exception {
    return new Hs2(plain(coordinator.hiveserver2Port(), user, password));
  }

  /** Logs in by a ticket for {@code impala/localhost}, as the subject that runs this. */
  static Hs2 kerberos(SimulatedCoordinator coordinator) throws Exception {
    return new Hs2(
        new TSaslClientTransport(
            "GSSAPI",
            null,
            "impala",
            "localhost",
            Map.of(),
            null,
            socket("127.0.0.1", coordinator.hiveserver2Port())));
  }

  static TTransport socket(String host, int port) throws Exception {
    TSocket socket = new TSocket(host, port);
    socket.setTimeout(TIMEOUT_MILLIS);
    return socket;
  }

  /** Thrift's own SASL PLAIN client. */
  static TTransport plain(int port, String user, String password) throws Exception {
    return new TSaslClientTransport(
        "PLAIN",
        null,
        "impala",
        "127.0.0.1",
        Map.of(),
        callbacks -> {
          for (Callback callback : callbacks) {
            if (callback instanceof NameCallback name) {
              name.setName(user);
            } else if (callback instanceof PasswordCallback secret) {
              secret.setPassword(password.toCharArray());
            }
          }
        },
        socket("127.0.0.1", port));
  }

  /** The client's side of the connection, as Impala prints it. */
  String localAddress() {
    return "127.0.0.1:" + socket.getSocket().getLocalPort();
  }

  void close(TOperationHandle operation) throws Exception {
    calls.CloseOperation(new TCloseOperationReq(operation));
  }

  TSessionHandle openSession() throws Exception {
    return Objects.requireNonNull(
        calls.OpenSession(new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V10))
            .getSessionHandle());
  }

  TExecuteStatementResp execute(TSessionHandle session, String sql) throws Exception {
    return calls.ExecuteStatement(new TExecuteStatementReq(session, sql));
  }

  TOperationHandle start(TSessionHandle session, String sql) throws Exception {
    return Objects.requireNonNull(execute(session, sql).getOperationHandle());
  }

  TFetchResultsResp fetch(TOperationHandle operation, long rows) throws Exception {
    return calls.FetchResults(new TFetchResultsReq(operation, TFetchOrientation.FETCH_NEXT, rows));
  }

  @Override
  public void close() {
    transport.close();
  }
}
