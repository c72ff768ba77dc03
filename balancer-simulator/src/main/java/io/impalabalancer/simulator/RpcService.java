package io.impalabalancer.simulator;

import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TProtocol;

/** Answers the calls of one connection, on its service thread. */
interface RpcService {
  /**
   * Reads the rest of a call whose beginning is read, and writes and flushes the answer.
   *
   * @throws TException if the connection must end
   */
  void call(TMessage call, TProtocol protocol) throws TException;
}
