package io.impalabalancer.simulator;

import org.apache.hive.service.rpc.thrift.THandleIdentifier;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TProtocol;

/**
 * The calls of {@code ImpalaHiveServer2Service} that Hive's service has not, as far as clients need
 * them, for one connection ({@code common/thrift/ImpalaService.thrift}).
 */
final class ImpalaCalls {
  private static final int EXEC_SUMMARY_FINISHED = 3;

  private final Impalad impalad;
  private final Handles handles;
  private final String webAddress;

  ImpalaCalls(Impalad impalad, Handles handles, String webAddress) {
    this.impalad = impalad;
    this.handles = handles;
    this.webAddress = webAddress;
  }

  /** Answers one of them; of any other call that nobody knows it. */
  void call(TMessage call, TProtocol protocol) throws TException {
    switch (call.name) {
      case "GetLog" ->
          answer(call, protocol, (id, reply) -> reply.with(2, impalad.log(handles.query(id))));
      // Impala keeps both for queries that are closed; so these need no query.
      case "GetRuntimeProfile" ->
          answer(
              call,
              protocol,
              (id, reply) -> reply.with(2, "Query (id=" + Handles.guid(id) + ")\n"));
      case "GetExecSummary" ->
          answer(
              call,
              protocol,
              (id, reply) -> reply.with(2, new ThriftStruct().with(1, EXEC_SUMMARY_FINISHED)));
      case "CloseImpalaOperation" -> answer(call, protocol, this::closeImpalaOperation);
      case "PingImpalaHS2Service" -> answer(call, protocol, this::ping);
      default -> ThriftStruct.replyUnknown(call, protocol);
    }
  }

  private interface Body {
    void answer(THandleIdentifier id, ThriftStruct reply) throws ImpalaException;
  }

  /** Answers a call whose request begins with a handle and its reply with a status. */
  private static void answer(TMessage call, TProtocol protocol, Body body) throws TException {
    ThriftStruct id = ThriftStruct.read(protocol).struct(1).struct(1).struct(1);
    ThriftStruct reply = new ThriftStruct().with(1, HiveServer2Service.SUCCESS);
    try {
      body.answer(new THandleIdentifier(id.binary(1), id.binary(2)), reply);
    } catch (ImpalaException e) {
      reply.with(1, HiveServer2Service.error(e));
    }
    new ThriftStruct().with(0, reply).reply(call, protocol);
  }

  private void closeImpalaOperation(THandleIdentifier id, ThriftStruct reply)
      throws ImpalaException {
    Query query = handles.query(id);
    impalad.closeQuery(query);
    if (query.inserted != Interpreter.Answer.NO_DML) {
      reply.with(2, query.dmlResult());
    }
  }

  private void ping(THandleIdentifier id, ThriftStruct reply) throws ImpalaException {
    handles.session(id);
    reply
        .with(2, impalad.options.version().text())
        .with(3, webAddress)
        .with(4, System.nanoTime() / 1000);
  }
}
