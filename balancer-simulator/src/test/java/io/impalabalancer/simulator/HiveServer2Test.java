package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.hive.service.rpc.thrift.TCancelOperationReq;
import org.apache.hive.service.rpc.thrift.TCloseOperationReq;
import org.apache.hive.service.rpc.thrift.TCloseSessionReq;
import org.apache.hive.service.rpc.thrift.TFetchResultsResp;
import org.apache.hive.service.rpc.thrift.TGetInfoReq;
import org.apache.hive.service.rpc.thrift.TGetInfoType;
import org.apache.hive.service.rpc.thrift.TGetOperationStatusReq;
import org.apache.hive.service.rpc.thrift.TGetOperationStatusResp;
import org.apache.hive.service.rpc.thrift.TGetQueryIdReq;
import org.apache.hive.service.rpc.thrift.TGetSchemasReq;
import org.apache.hive.service.rpc.thrift.THandleIdentifier;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionResp;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TOperationState;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.hive.service.rpc.thrift.TStatusCode;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.transport.TTransport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HiveServer2 as Impala serves it: logins, sessions, handles, errors, fetches. */
class HiveServer2Test {
  private final SimulatedCoordinator coordinator;
  private final Hs2 client;

  HiveServer2Test() throws Exception {
    coordinator =
        SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().maxQueries(2).build());
    client = Hs2.connect(coordinator);
  }

  @AfterEach
  void close() {
    client.close();
    coordinator.close();
  }

  private static void assertError(@Nullable TStatus status, String text) {
    assertThat(status).isNotNull();
    assertThat(status.getStatusCode()).isEqualTo(TStatusCode.ERROR_STATUS);
    assertThat(status.getErrorMessage()).contains(text);
  }

  private static List<String> texts(TFetchResultsResp fetched) {
    TRowSet rows = Objects.requireNonNull(fetched.getResults());
    return Objects.requireNonNull(
        Objects.requireNonNull(rows.getColumns()).get(0).getStringVal().getValues());
  }

  @Test
  void bothTransportsAreServedOnOnePort() throws Exception {
    try (Hs2 alice = Hs2.logIn(coordinator, "alice", "secret")) {
      assertThat(texts(alice.fetch(alice.start(alice.openSession(), "select user()"), 10)))
          .containsExactly("alice");
    }
    TOpenSessionReq request = new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6);
    request.setUsername("bob");
    TSessionHandle session =
        Objects.requireNonNull(client.calls.OpenSession(request).getSessionHandle());
    assertThat(texts(client.fetch(client.start(session, "select user()"), 10)))
        .containsExactly("bob");
  }

  @Test
  void aLongAnswerPassesThroughSaslFrames() throws Exception {
    try (Hs2 alice = Hs2.logIn(coordinator, "alice", "secret")) {
      TOperationHandle query = alice.start(alice.openSession(), "select rows(500, 1000)");
      assertThat(texts(alice.fetch(query, 500))).hasSize(500).containsOnly("x".repeat(1000));
    }
  }

  @Test
  void theAnswerToOpenSessionNamesImpalasVersionAndItsWebPort() throws Exception {
    TOpenSessionResp response =
        client.calls.OpenSession(
            new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V10));
    assertThat(response.getServerProtocolVersion())
        .isEqualTo(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6);
    assertThat(response.getConfiguration())
        .containsEntry("http_addr", "127.0.0.1:" + coordinator.webPort());
  }

  @Test
  void aSessionOutlivesItsConnection() throws Exception {
    TSessionHandle session;
    TOperationHandle query;
    try (Hs2 first = Hs2.connect(coordinator)) {
      session = first.openSession();
      query = first.start(session, "select rows(2, 1)");
    }
    await().until(() -> coordinator.counts().hiveserver2().connectionsNow() == 0);
    assertThat(texts(client.fetch(query, 10))).hasSize(2);
    assertThat(coordinator.counts().sessionsNow()).isEqualTo(1);
    client.calls.CloseSession(new TCloseSessionReq(session));
    assertThat(coordinator.counts().sessionsNow()).isZero();
    assertError(client.execute(session, "select 1").getStatus(), "Invalid session id: ");
    assertError(client.fetch(query, 10).getStatus(), "Invalid or unknown query handle: ");
  }

  @Test
  void aQuerysHandleHasTheSessionsSecretAndNoOtherOpensIt() throws Exception {
    TSessionHandle session = client.openSession();
    TOperationHandle query = client.start(session, "select 1");
    THandleIdentifier id = Objects.requireNonNull(query.getOperationId());
    assertThat(id.bufferForSecret())
        .isEqualTo(Objects.requireNonNull(session.getSessionId()).bufferForSecret());

    query.setOperationId(new THandleIdentifier(id.bufferForGuid(), UniqueId.random().bytes()));
    assertError(client.fetch(query, 1).getStatus(), "not found");
    query.setOperationId(new THandleIdentifier(id.bufferForGuid(), ByteBuffer.allocate(3)));
    assertError(
        client.fetch(query, 1).getStatus(),
        "Malformed THandleIdentifier (guid size: 16, expected 16, secret size: 3, expected 16)");
    session.setSessionId(
        new THandleIdentifier(
            Objects.requireNonNull(session.getSessionId()).bufferForGuid(),
            UniqueId.random().bytes()));
    assertError(client.execute(session, "select 1").getStatus(), "Invalid session id: ");
  }

  @Test
  void aFetchTakesAtMostTheRowsAskedFor() throws Exception {
    TOperationHandle query = client.start(client.openSession(), "select rows(5, 2)");
    TFetchResultsResp first = client.fetch(query, 3);
    assertThat(texts(first)).hasSize(3);
    assertThat(first.isHasMoreRows()).isTrue();
    TFetchResultsResp second = client.fetch(query, 3);
    assertThat(texts(second)).hasSize(2);
    assertThat(second.isHasMoreRows()).isFalse();
  }

  @Test
  void workRunsUntilItEndsOrIsCancelled() throws Exception {
    TSessionHandle session = client.openSession();
    TOperationHandle query = client.start(session, "select work(3600000)");
    assertThat(status(query).getOperationState()).isEqualTo(TOperationState.RUNNING_STATE);
    assertThat(coordinator.counts().queriesNow()).isEqualTo(1);
    client.calls.CancelOperation(new TCancelOperationReq(query));
    assertThat(status(query).getOperationState()).isEqualTo(TOperationState.ERROR_STATE);
    assertThat(status(query).getErrorMessage()).matches("Query \\S+ failed:\nCancelled\n\n");
    assertThat(coordinator.counts().queriesNow()).isZero();
    client.calls.CloseOperation(new TCloseOperationReq(query));
    assertError(status(query).getStatus(), "Invalid or unknown query handle: ");
  }

  private TGetOperationStatusResp status(TOperationHandle query) throws Exception {
    return client.calls.GetOperationStatus(new TGetOperationStatusReq(query));
  }

  @Test
  void aQueryForWhichThereIsNoMemoryFailsAndTheSessionGoesOn() throws Exception {
    TSessionHandle session = client.openSession();
    TOperationHandle first = client.start(session, "select work(3600000)");
    client.start(session, "select work(3600000)");
    TOperationHandle third = client.start(session, "select work(1)");
    assertError(client.fetch(third, 1).getStatus(), "Memory limit exceeded");
    assertThat(status(third).getOperationState()).isEqualTo(TOperationState.ERROR_STATE);
    assertThat(coordinator.counts().queriesFailed()).isEqualTo(1);

    client.calls.CancelOperation(new TCancelOperationReq(first));
    assertThat(client.fetch(client.start(session, "select work(1)"), 1).getStatus())
        .isEqualTo(new TStatus(TStatusCode.SUCCESS_STATUS));
  }

  @Test
  void driversLearnOfTheCatalog() throws Exception {
    TSessionHandle session = client.openSession();
    assertThat(
            Objects.requireNonNull(
                    client.calls.GetInfo(new TGetInfoReq(session, TGetInfoType.CLI_DBMS_NAME))
                        .getInfoValue())
                .getStringValue())
        .isEqualTo("Impala");
    TGetSchemasReq request = new TGetSchemasReq(session);
    request.setSchemaName("def%");
    TOperationHandle schemas =
        Objects.requireNonNull(client.calls.GetSchemas(request).getOperationHandle());
    assertThat(texts(client.fetch(schemas, 10))).containsExactly("default");
  }

  @Test
  void aCallThatImpalaDoesNotHaveIsUnknownAndTheConnectionGoesOn() throws Exception {
    TSessionHandle session = client.openSession();
    TOperationHandle query = client.start(session, "select 1");
    assertThatThrownBy(() -> client.calls.GetQueryId(new TGetQueryIdReq(query)))
        .isInstanceOf(TApplicationException.class)
        .hasMessageContaining("Invalid method name: 'GetQueryId'");
    assertThat(client.execute(session, "select 1").isSetOperationHandle()).isTrue();
  }

  @Test
  void impalasOwnPingNamesVersionAndWebPort() throws Exception {
    TSessionHandle session = client.openSession();
    THandleIdentifier id = Objects.requireNonNull(session.getSessionId());
    ThriftStruct handle =
        new ThriftStruct()
            .with(1, new ThriftStruct().with(1, id.bufferForGuid()).with(2, id.bufferForSecret()));
    try (TTransport socket = Hs2.socket(coordinator.host(), coordinator.hiveserver2Port())) {
      socket.open();
      TBinaryProtocol protocol = new TBinaryProtocol(socket);
      new ThriftStruct()
          .with(1, new ThriftStruct().with(1, handle))
          .send(new TMessage("PingImpalaHS2Service", TMessageType.CALL, 7), protocol);
      TMessage answer = protocol.readMessageBegin();
      assertThat(answer.seqid).isEqualTo(7);
      ThriftStruct pong = ThriftStruct.read(protocol).struct(0);
      assertThat(pong.text(2)).startsWith("impalad version ");
      assertThat(pong.text(3)).isEqualTo("127.0.0.1:" + coordinator.webPort());
    }
  }

  @Test
  void impala34NamesNoQueryInItsErrors() throws Exception {
    SimulatorOptions options = SimulatorOptions.builder().version(ImpalaVersion.V3_4).build();
    try (SimulatedCoordinator old = SimulatedCoordinator.start("impala-1", options);
        Hs2 oldClient = Hs2.connect(old)) {
      TSessionHandle session = oldClient.openSession();
      TStatus status = oldClient.execute(session, "select a from nosuch").getStatus();
      assertThat(status).isNotNull();
      assertThat(status.getErrorMessage())
          .isEqualTo("AnalysisException: Could not resolve table reference: 'nosuch'\n");
    }
  }

  @Test
  void aSessionIsForConnectionsOfItsUserOnly() throws Exception {
    try (Hs2 alice = Hs2.logIn(coordinator, "alice", "secret");
        Hs2 bob = Hs2.logIn(coordinator, "bob", "secret")) {
      TSessionHandle session = alice.openSession();
      assertError(
          bob.execute(session, "select 1").getStatus(),
          "The user authorized on the connection 'bob' does not match the session username"
              + " 'alice'");
    }
  }

  @Test
  void aSessionWithoutConnectionsIsClosedWhenItsTimeIsOver() throws Exception {
    SimulatorOptions options =
        SimulatorOptions.builder().disconnectedSessionTimeout(Duration.ofMillis(300)).build();
    try (SimulatedCoordinator impatient = SimulatedCoordinator.start("impala-1", options);
        Hs2 stays = Hs2.connect(impatient)) {
      stays.openSession();
      try (Hs2 leaves = Hs2.connect(impatient)) {
        leaves.start(leaves.openSession(), "select work(3600000)");
        assertThat(impatient.counts().sessionsNow()).isEqualTo(2);
      }
      await().until(() -> impatient.counts().sessionsNow() == 1);
      assertThat(impatient.counts().queriesNow()).isZero();
    }
  }
}
