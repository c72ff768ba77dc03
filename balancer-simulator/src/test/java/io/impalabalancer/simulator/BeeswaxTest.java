package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.transport.TTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Beeswax as Impala serves it, call by call. */
class BeeswaxTest {
  private static final int FINISHED = 4;
  private static final int EXCEPTION = 5;

  private final SimulatedCoordinator coordinator;
  private final TTransport transport;
  private final TBinaryProtocol protocol;

  BeeswaxTest() throws Exception {
    coordinator =
        SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().maxQueries(1).build());
    transport = Hs2.socket(coordinator.host(), coordinator.beeswaxPort());
    transport.open();
    protocol = new TBinaryProtocol(transport);
  }

  @AfterEach
  void close() {
    transport.close();
    coordinator.close();
  }

  private ThriftStruct call(TBinaryProtocol connection, String name, ThriftStruct arguments)
      throws Exception {
    arguments.send(new TMessage(name, TMessageType.CALL, 1), connection);
    assertThat(connection.readMessageBegin().type).isEqualTo(TMessageType.REPLY);
    return ThriftStruct.read(connection);
  }

  private ThriftStruct query(String sql) throws Exception {
    return call(
        protocol,
        "query",
        new ThriftStruct().with(1, new ThriftStruct().with(1, sql).with(4, "carol")));
  }

  private ThriftStruct of(ThriftStruct queried) {
    return new ThriftStruct().with(1, queried.struct(0));
  }

  @Test
  void aQueryIsStartedFetchedAndClosed() throws Exception {
    ThriftStruct queried = query("select 1 + 1, user(), coordinator() as name");
    assertThat(call(protocol, "get_state", of(queried)).number(0)).isEqualTo(FINISHED);
    ThriftStruct results = call(protocol, "fetch", of(queried)).struct(0);
    assertThat(results.texts(2)).containsExactly("1 + 1", "user()", "name");
    assertThat(results.texts(3)).containsExactly("2\tcarol\timpala-1");
    call(protocol, "close", of(queried));
    // Impala throws BeeswaxException, also where a call does not declare it.
    assertThat(call(protocol, "fetch", of(queried)).struct(2).text(1))
        .contains("Invalid or unknown query handle: " + queried.struct(0).text(1) + ".");
    of(queried).send(new TMessage("get_state", TMessageType.CALL, 2), protocol);
    assertThat(protocol.readMessageBegin().type).isEqualTo(TMessageType.EXCEPTION);
    assertThat(ThriftStruct.read(protocol).text(1)).contains("BeeswaxException");
  }

  @Test
  void anErrorIsABeeswaxExceptionAndTheConnectionGoesOn() throws Exception {
    assertThat(query("selec").struct(1).text(1))
        .matches("(?s)Query [0-9a-f]{16}:[0-9a-f]{16} failed:\nParseException.*");
    query("select work(3600000)");
    ThriftStruct second = query("select work(1)");
    assertThat(call(protocol, "get_state", of(second)).number(0)).isEqualTo(EXCEPTION);
    assertThat(
            call(protocol, "get_log", new ThriftStruct().with(1, second.struct(0).text(2))).text(0))
        .contains("Memory limit exceeded");
    assertThat(call(protocol, "fetch", of(second)).struct(2).text(1))
        .contains("Memory limit exceeded");
  }

  @Test
  void aSessionEndsWithItsConnectionAndCancelsItsQueries() throws Exception {
    query("select work(3600000)");
    assertThat(coordinator.counts().sessionsNow()).isEqualTo(1);
    assertThat(coordinator.counts().queriesNow()).isEqualTo(1);
    transport.close();
    await().until(() -> coordinator.counts().sessionsNow() == 0);
    assertThat(coordinator.counts().queriesNow()).isZero();
    assertThat(coordinator.counts().sessionsTotal()).isEqualTo(1);
  }

  @Test
  void aPlainLoginNamesTheUser() throws Exception {
    try (TTransport plain = Hs2.plain(coordinator.beeswaxPort(), "alice", "secret")) {
      plain.open();
      TBinaryProtocol connection = new TBinaryProtocol(plain);
      ThriftStruct queried =
          call(
              connection,
              "query",
              new ThriftStruct().with(1, new ThriftStruct().with(1, "select user()")));
      assertThat(call(connection, "fetch", of(queried)).struct(0).texts(3))
          .containsExactly("alice");
    }
  }
}
