package io.impalabalancer.simulator;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.hive.service.rpc.thrift.TBoolColumn;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TCancelDelegationTokenReq;
import org.apache.hive.service.rpc.thrift.TCancelDelegationTokenResp;
import org.apache.hive.service.rpc.thrift.TCancelOperationReq;
import org.apache.hive.service.rpc.thrift.TCancelOperationResp;
import org.apache.hive.service.rpc.thrift.TCloseOperationReq;
import org.apache.hive.service.rpc.thrift.TCloseOperationResp;
import org.apache.hive.service.rpc.thrift.TCloseSessionReq;
import org.apache.hive.service.rpc.thrift.TCloseSessionResp;
import org.apache.hive.service.rpc.thrift.TColumn;
import org.apache.hive.service.rpc.thrift.TColumnDesc;
import org.apache.hive.service.rpc.thrift.TDoubleColumn;
import org.apache.hive.service.rpc.thrift.TDownloadDataReq;
import org.apache.hive.service.rpc.thrift.TDownloadDataResp;
import org.apache.hive.service.rpc.thrift.TExecuteStatementReq;
import org.apache.hive.service.rpc.thrift.TExecuteStatementResp;
import org.apache.hive.service.rpc.thrift.TFetchOrientation;
import org.apache.hive.service.rpc.thrift.TFetchResultsReq;
import org.apache.hive.service.rpc.thrift.TFetchResultsResp;
import org.apache.hive.service.rpc.thrift.TGetCatalogsReq;
import org.apache.hive.service.rpc.thrift.TGetCatalogsResp;
import org.apache.hive.service.rpc.thrift.TGetColumnsReq;
import org.apache.hive.service.rpc.thrift.TGetColumnsResp;
import org.apache.hive.service.rpc.thrift.TGetCrossReferenceReq;
import org.apache.hive.service.rpc.thrift.TGetCrossReferenceResp;
import org.apache.hive.service.rpc.thrift.TGetDelegationTokenReq;
import org.apache.hive.service.rpc.thrift.TGetDelegationTokenResp;
import org.apache.hive.service.rpc.thrift.TGetFunctionsReq;
import org.apache.hive.service.rpc.thrift.TGetFunctionsResp;
import org.apache.hive.service.rpc.thrift.TGetInfoReq;
import org.apache.hive.service.rpc.thrift.TGetInfoResp;
import org.apache.hive.service.rpc.thrift.TGetInfoType;
import org.apache.hive.service.rpc.thrift.TGetInfoValue;
import org.apache.hive.service.rpc.thrift.TGetOperationStatusReq;
import org.apache.hive.service.rpc.thrift.TGetOperationStatusResp;
import org.apache.hive.service.rpc.thrift.TGetPrimaryKeysReq;
import org.apache.hive.service.rpc.thrift.TGetPrimaryKeysResp;
import org.apache.hive.service.rpc.thrift.TGetQueryIdReq;
import org.apache.hive.service.rpc.thrift.TGetQueryIdResp;
import org.apache.hive.service.rpc.thrift.TGetResultSetMetadataReq;
import org.apache.hive.service.rpc.thrift.TGetResultSetMetadataResp;
import org.apache.hive.service.rpc.thrift.TGetSchemasReq;
import org.apache.hive.service.rpc.thrift.TGetSchemasResp;
import org.apache.hive.service.rpc.thrift.TGetTableTypesReq;
import org.apache.hive.service.rpc.thrift.TGetTableTypesResp;
import org.apache.hive.service.rpc.thrift.TGetTablesReq;
import org.apache.hive.service.rpc.thrift.TGetTablesResp;
import org.apache.hive.service.rpc.thrift.TGetTypeInfoReq;
import org.apache.hive.service.rpc.thrift.TGetTypeInfoResp;
import org.apache.hive.service.rpc.thrift.THandleIdentifier;
import org.apache.hive.service.rpc.thrift.TI32Column;
import org.apache.hive.service.rpc.thrift.TI64Column;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionResp;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TOperationState;
import org.apache.hive.service.rpc.thrift.TOperationType;
import org.apache.hive.service.rpc.thrift.TPrimitiveTypeEntry;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TRenewDelegationTokenReq;
import org.apache.hive.service.rpc.thrift.TRenewDelegationTokenResp;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.hive.service.rpc.thrift.TSetClientInfoReq;
import org.apache.hive.service.rpc.thrift.TSetClientInfoResp;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.hive.service.rpc.thrift.TStatusCode;
import org.apache.hive.service.rpc.thrift.TStringColumn;
import org.apache.hive.service.rpc.thrift.TTableSchema;
import org.apache.hive.service.rpc.thrift.TTypeDesc;
import org.apache.hive.service.rpc.thrift.TTypeEntry;
import org.apache.hive.service.rpc.thrift.TTypeId;
import org.apache.hive.service.rpc.thrift.TUploadDataReq;
import org.apache.hive.service.rpc.thrift.TUploadDataResp;
import org.apache.thrift.ProcessFunction;
import org.apache.thrift.TBase;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TProtocol;
import org.jspecify.annotations.Nullable;

/**
 * Impala's HiveServer2 service for one connection ({@code be/src/service/impala-hs2-server.cc}):
 * the calls of {@code TCLIService}, and those of {@code ImpalaHiveServer2Service} that its clients
 * need. Sessions live on when the connection ends, and any connection may use them.
 */
final class HiveServer2Service implements RpcService, TCLIService.Iface {
  /** How long a fetch waits for the first row (Impala's {@code FETCH_ROWS_TIMEOUT_MS}). */
  private static final long FETCH_TIMEOUT_MILLIS = 10_000;

  /**
   * How long a question for the state waits for the end (Impala's {@code long_polling_time_ms}), so
   * that drivers which ask without a pause do not burn the processor.
   */
  private static final long STATUS_TIMEOUT_MILLIS = 100;

  private static final TStatus SUCCESS = new TStatus(TStatusCode.SUCCESS_STATUS);
  private static final int EXEC_SUMMARY_FINISHED = 3;

  @SuppressWarnings("rawtypes") // As Thrift declares it.
  private static final Map<
          String, ProcessFunction<TCLIService.Iface, ? extends TBase, ? extends TBase>>
      CALLS = new TCLIService.Processor<TCLIService.Iface>(null).getProcessMapView();

  /** Calls that Hive's service has and Impala's has not. */
  private static final Set<String> UNKNOWN_TO_IMPALA =
      Set.of("GetQueryId", "SetClientInfo", "UploadData", "DownloadData");

  private final Impalad impalad;
  private final Connection connection;
  private final String webAddress;

  /**
   * @param webAddress host:port of the coordinator's web port, told to clients
   */
  HiveServer2Service(Impalad impalad, Connection connection, String webAddress) {
    this.impalad = impalad;
    this.connection = connection;
    this.webAddress = webAddress;
  }

  @Override
  public void call(TMessage call, TProtocol protocol) throws TException {
    var function = CALLS.get(call.name);
    if (function != null && !UNKNOWN_TO_IMPALA.contains(call.name)) {
      function.process(call.seqid, protocol, protocol, this);
      return;
    }
    switch (call.name) {
      case "GetLog" -> answer(call, protocol, (id, reply) -> reply.with(2, log(query(id))));
      // Impala keeps both for queries that are closed; so these need no query.
      case "GetRuntimeProfile" ->
          answer(call, protocol, (id, reply) -> reply.with(2, "Query (id=" + guid(id) + ")\n"));
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

  /**
   * Answers a call of Impala's own, whose request begins with a handle and its reply with a status.
   */
  private static void answer(TMessage call, TProtocol protocol, Body body) throws TException {
    ThriftStruct id = ThriftStruct.read(protocol).struct(1).struct(1).struct(1);
    ThriftStruct reply = new ThriftStruct().with(1, SUCCESS);
    try {
      body.answer(new THandleIdentifier(id.binary(1), id.binary(2)), reply);
    } catch (ImpalaException e) {
      reply.with(1, error(e));
    }
    new ThriftStruct().with(0, reply).reply(call, protocol);
  }

  private void closeImpalaOperation(THandleIdentifier id, ThriftStruct reply)
      throws ImpalaException {
    Query query = query(id);
    impalad.closeQuery(query);
    if (query.inserted != Interpreter.Answer.NO_DML) {
      reply.with(2, query.dmlResult());
    }
  }

  /** The error comes first in a log ({@code ImpalaServer::GetLog}). */
  private String log(Query query) {
    String error = query.error();
    return error.isEmpty() ? "" : impalad.failure(query.id, new ImpalaException(error)).text();
  }

  private void ping(THandleIdentifier id, ThriftStruct reply) throws ImpalaException {
    session(id);
    reply
        .with(2, impalad.options.version().text())
        .with(3, webAddress)
        .with(4, System.nanoTime() / 1000);
  }

  private static TStatus error(ImpalaException e) {
    return error(e.text());
  }

  private static TStatus error(String text) {
    TStatus status = new TStatus(TStatusCode.ERROR_STATUS);
    status.setErrorMessage(text);
    status.setSqlState("HY000");
    return status;
  }

  private static TStatus unsupported() {
    return error("Not implemented");
  }

  private Session session(@Nullable TSessionHandle handle) throws ImpalaException {
    return session(handle == null ? null : handle.getSessionId());
  }

  private Session session(@Nullable THandleIdentifier id) throws ImpalaException {
    return impalad.session(guid(id), secret(id), connection);
  }

  private Query query(@Nullable TOperationHandle handle) throws ImpalaException {
    return query(handle == null ? null : handle.getOperationId());
  }

  private Query query(@Nullable THandleIdentifier handle) throws ImpalaException {
    UniqueId id = guid(handle);
    UniqueId secret = secret(handle);
    try {
      Query query = impalad.query(id);
      if (!query.session.secret.equals(secret)) {
        throw new ImpalaException("Query id " + id + " not found.");
      }
      impalad.session(query.session.id, secret, connection);
      return query;
    } catch (ImpalaException e) {
      throw impalad.failure(id, e);
    }
  }

  private static UniqueId guid(@Nullable THandleIdentifier id) throws ImpalaException {
    return UniqueId.of(wellFormed(id).bufferForGuid());
  }

  private static UniqueId secret(@Nullable THandleIdentifier id) throws ImpalaException {
    return UniqueId.of(wellFormed(id).bufferForSecret());
  }

  private static THandleIdentifier wellFormed(@Nullable THandleIdentifier id)
      throws ImpalaException {
    int guid = id == null || !id.isSetGuid() ? 0 : id.bufferForGuid().remaining();
    int secret = id == null || !id.isSetSecret() ? 0 : id.bufferForSecret().remaining();
    if (id == null || guid != UniqueId.BYTES || secret != UniqueId.BYTES) {
      throw new ImpalaException(
          String.format(
              "Malformed THandleIdentifier (guid size: %d, expected 16, secret size: %d, expected"
                  + " 16)",
              guid, secret));
    }
    return id;
  }

  private static THandleIdentifier identifier(UniqueId guid, UniqueId secret) {
    return new THandleIdentifier(guid.bytes(), secret.bytes());
  }

  private static TOperationHandle handle(Query query, TOperationType type) {
    return new TOperationHandle(
        identifier(query.id, query.session.secret), type, query.table != null);
  }

  @Override
  public TOpenSessionResp OpenSession(TOpenSessionReq request) {
    TProtocolVersion version = request.getClient_protocol();
    try {
      impalad.checkNotShuttingDown();
    } catch (ImpalaException e) {
      return new TOpenSessionResp(error(e), TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6);
    }
    if (version == null
        || version.getValue() < TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6.getValue()) {
      return new TOpenSessionResp(
          error("Unsupported protocol version " + version + ", the simulator has V6 and newer"),
          version);
    }
    String asked = request.getUsername();
    Session session =
        impalad.openSession(
            connection, connection.user.isEmpty() && asked != null ? asked : connection.user);
    session.delegatedUser = connection.delegatedUser;
    if (request.isSetConfiguration()) {
      request.getConfiguration().forEach((key, value) -> configure(session, key, value));
    }
    TOpenSessionResp response =
        new TOpenSessionResp(SUCCESS, TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6);
    response.setSessionHandle(new TSessionHandle(identifier(session.id, session.secret)));
    response.setConfiguration(Map.of("http_addr", webAddress));
    return response;
  }

  /** A key of OpenSession's configuration; unknown ones are options that nobody asks for. */
  private static void configure(Session session, String key, String value) {
    if (key.equalsIgnoreCase("impala.doas.user")) {
      session.delegatedUser = value;
    } else if (key.equalsIgnoreCase("use:database")) {
      session.database = value;
    } else {
      // Hive JDBC puts the prefix before each.
      session.options.put(key.replaceFirst("^set:hiveconf:", "").toUpperCase(Locale.ROOT), value);
    }
  }

  @Override
  public TCloseSessionResp CloseSession(TCloseSessionReq request) {
    try {
      impalad.closeSession(session(request.getSessionHandle()));
      return new TCloseSessionResp(SUCCESS);
    } catch (ImpalaException e) {
      return new TCloseSessionResp(error(e));
    }
  }

  @Override
  public TGetInfoResp GetInfo(TGetInfoReq request) {
    TGetInfoValue nothing = TGetInfoValue.stringValue("");
    try {
      impalad.checkNotShuttingDown();
      session(request.getSessionHandle());
      TGetInfoType type = request.getInfoType();
      if (type == TGetInfoType.CLI_SERVER_NAME || type == TGetInfoType.CLI_DBMS_NAME) {
        return new TGetInfoResp(SUCCESS, TGetInfoValue.stringValue("Impala"));
      }
      if (type == TGetInfoType.CLI_DBMS_VER) {
        return new TGetInfoResp(
            SUCCESS, TGetInfoValue.stringValue(impalad.options.version().text()));
      }
      return new TGetInfoResp(error("Unsupported operation"), nothing);
    } catch (ImpalaException e) {
      return new TGetInfoResp(error(e), nothing);
    }
  }

  @Override
  public TExecuteStatementResp ExecuteStatement(TExecuteStatementReq request) {
    try {
      impalad.checkNotShuttingDown();
      String sql = request.isSetStatement() ? request.getStatement() : "";
      Query query = impalad.execute(session(request.getSessionHandle()), sql);
      TExecuteStatementResp response = new TExecuteStatementResp(SUCCESS);
      response.setOperationHandle(handle(query, TOperationType.EXECUTE_STATEMENT));
      return response;
    } catch (ImpalaException e) {
      return new TExecuteStatementResp(error(e));
    }
  }

  @Override
  public TGetOperationStatusResp GetOperationStatus(TGetOperationStatusReq request) {
    try {
      Query query = query(request.getOperationHandle());
      query.await(STATUS_TIMEOUT_MILLIS);
      TGetOperationStatusResp response = new TGetOperationStatusResp(SUCCESS);
      response.setHasResultSet(query.table != null);
      switch (query.state()) {
        case RUNNING -> response.setOperationState(TOperationState.RUNNING_STATE);
        case FINISHED -> response.setOperationState(TOperationState.FINISHED_STATE);
        case FAILED -> {
          response.setOperationState(TOperationState.ERROR_STATE);
          response.setErrorMessage(log(query));
          response.setSqlState("HY000");
        }
      }
      return response;
    } catch (ImpalaException e) {
      return new TGetOperationStatusResp(error(e));
    }
  }

  @Override
  public TGetResultSetMetadataResp GetResultSetMetadata(TGetResultSetMetadataReq request) {
    try {
      Query query = query(request.getOperationHandle());
      TGetResultSetMetadataResp response = new TGetResultSetMetadataResp(SUCCESS);
      List<Table.Column> columns = query.table == null ? List.of() : query.table.columns();
      TTableSchema schema = new TTableSchema(new ArrayList<>());
      for (int i = 0; i < columns.size(); i++) {
        Table.Column column = columns.get(i);
        TTypeEntry type = TTypeEntry.primitiveEntry(new TPrimitiveTypeEntry(typeId(column)));
        schema.addToColumns(new TColumnDesc(column.name(), new TTypeDesc(List.of(type)), i));
      }
      response.setSchema(schema);
      return response;
    } catch (ImpalaException e) {
      return new TGetResultSetMetadataResp(error(e));
    }
  }

  private static TTypeId typeId(Table.Column column) {
    return switch (column.type()) {
      case BOOLEAN -> TTypeId.BOOLEAN_TYPE;
      case INT -> TTypeId.INT_TYPE;
      case BIGINT -> TTypeId.BIGINT_TYPE;
      case DOUBLE -> TTypeId.DOUBLE_TYPE;
      case STRING -> TTypeId.STRING_TYPE;
    };
  }

  @Override
  public TFetchResultsResp FetchResults(TFetchResultsReq request) {
    try {
      Query query = query(request.getOperationHandle());
      if (request.getOrientation() == TFetchOrientation.FETCH_FIRST && !query.atStart()) {
        throw new ImpalaException("Restart of fetch requires enabling of query result caching.");
      }
      query.await(FETCH_TIMEOUT_MILLIS);
      Query.Rows rows = fetch(query, request.getMaxRows());
      TRowSet rowSet = new TRowSet(rows.offset(), List.of());
      rowSet.setColumns(
          query.table == null ? List.of() : columns(query.table.columns(), rows.rows()));
      TFetchResultsResp response = new TFetchResultsResp(SUCCESS);
      response.setResults(rowSet);
      response.setHasMoreRows(rows.more());
      return response;
    } catch (ImpalaException e) {
      return new TFetchResultsResp(error(e));
    }
  }

  private Query.Rows fetch(Query query, long max) throws ImpalaException {
    try {
      return query.fetch(max);
    } catch (ImpalaException e) {
      throw impalad.failure(query.id, e);
    }
  }

  private static List<TColumn> columns(List<Table.Column> columns, List<List<Object>> rows) {
    List<TColumn> result = new ArrayList<>(columns.size());
    for (int i = 0; i < columns.size(); i++) {
      int index = i;
      // No value is ever null; one bit for each row says so.
      byte[] noNulls = new byte[(rows.size() + 7) / 8];
      result.add(
          switch (columns.get(i).type()) {
            case BOOLEAN ->
                TColumn.boolVal(
                    new TBoolColumn(
                        values(rows, row -> (Boolean) row.get(index)), ByteBuffer.wrap(noNulls)));
            case INT ->
                TColumn.i32Val(
                    new TI32Column(
                        values(rows, row -> (Integer) row.get(index)), ByteBuffer.wrap(noNulls)));
            case BIGINT ->
                TColumn.i64Val(
                    new TI64Column(
                        values(rows, row -> (Long) row.get(index)), ByteBuffer.wrap(noNulls)));
            case DOUBLE ->
                TColumn.doubleVal(
                    new TDoubleColumn(
                        values(rows, row -> (Double) row.get(index)), ByteBuffer.wrap(noNulls)));
            case STRING ->
                TColumn.stringVal(
                    new TStringColumn(
                        values(rows, row -> (String) row.get(index)), ByteBuffer.wrap(noNulls)));
          });
    }
    return result;
  }

  private static <T> List<T> values(List<List<Object>> rows, Function<List<Object>, T> value) {
    List<T> values = new ArrayList<>(rows.size());
    for (List<Object> row : rows) {
      values.add(value.apply(row));
    }
    return values;
  }

  @Override
  public TCancelOperationResp CancelOperation(TCancelOperationReq request) {
    try {
      impalad.cancel(query(request.getOperationHandle()));
      return new TCancelOperationResp(SUCCESS);
    } catch (ImpalaException e) {
      return new TCancelOperationResp(error(e));
    }
  }

  @Override
  public TCloseOperationResp CloseOperation(TCloseOperationReq request) {
    try {
      impalad.closeQuery(query(request.getOperationHandle()));
      return new TCloseOperationResp(SUCCESS);
    } catch (ImpalaException e) {
      return new TCloseOperationResp(error(e));
    }
  }

  private static String pattern(@Nullable String given) {
    return given == null ? "%" : given;
  }

  private TOperationHandle metadata(
      @Nullable TSessionHandle session, Table table, TOperationType type) throws ImpalaException {
    impalad.checkNotShuttingDown();
    return handle(impalad.answer(session(session), type.name(), table), type);
  }

  @Override
  public TGetTypeInfoResp GetTypeInfo(TGetTypeInfoReq request) {
    TGetTypeInfoResp response = new TGetTypeInfoResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(request.getSessionHandle(), Metadata.types(), TOperationType.GET_TYPE_INFO));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetCatalogsResp GetCatalogs(TGetCatalogsReq request) {
    TGetCatalogsResp response = new TGetCatalogsResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(request.getSessionHandle(), Metadata.catalogs(), TOperationType.GET_CATALOGS));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetSchemasResp GetSchemas(TGetSchemasReq request) {
    TGetSchemasResp response = new TGetSchemasResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(
              request.getSessionHandle(),
              Metadata.schemas(impalad.catalog.databases(), pattern(request.getSchemaName())),
              TOperationType.GET_SCHEMAS));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetTablesResp GetTables(TGetTablesReq request) {
    TGetTablesResp response = new TGetTablesResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(
              request.getSessionHandle(),
              Metadata.tables(
                  impalad.catalog.databases(),
                  pattern(request.getSchemaName()),
                  pattern(request.getTableName())),
              TOperationType.GET_TABLES));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetTableTypesResp GetTableTypes(TGetTableTypesReq request) {
    TGetTableTypesResp response = new TGetTableTypesResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(
              request.getSessionHandle(), Metadata.tableTypes(), TOperationType.GET_TABLE_TYPES));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetColumnsResp GetColumns(TGetColumnsReq request) {
    TGetColumnsResp response = new TGetColumnsResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(
              request.getSessionHandle(),
              Metadata.columns(
                  impalad.catalog.databases(),
                  pattern(request.getSchemaName()),
                  pattern(request.getTableName()),
                  pattern(request.getColumnName())),
              TOperationType.GET_COLUMNS));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetFunctionsResp GetFunctions(TGetFunctionsReq request) {
    TGetFunctionsResp response = new TGetFunctionsResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(request.getSessionHandle(), Metadata.functions(), TOperationType.GET_FUNCTIONS));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetPrimaryKeysResp GetPrimaryKeys(TGetPrimaryKeysReq request) {
    TGetPrimaryKeysResp response = new TGetPrimaryKeysResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(request.getSessionHandle(), Metadata.primaryKeys(), TOperationType.UNKNOWN));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetCrossReferenceResp GetCrossReference(TGetCrossReferenceReq request) {
    TGetCrossReferenceResp response = new TGetCrossReferenceResp(SUCCESS);
    try {
      response.setOperationHandle(
          metadata(request.getSessionHandle(), Metadata.crossReference(), TOperationType.UNKNOWN));
    } catch (ImpalaException e) {
      response.setStatus(error(e));
    }
    return response;
  }

  @Override
  public TGetDelegationTokenResp GetDelegationToken(TGetDelegationTokenReq request) {
    return new TGetDelegationTokenResp(unsupported());
  }

  @Override
  public TCancelDelegationTokenResp CancelDelegationToken(TCancelDelegationTokenReq request) {
    return new TCancelDelegationTokenResp(unsupported());
  }

  @Override
  public TRenewDelegationTokenResp RenewDelegationToken(TRenewDelegationTokenReq request) {
    return new TRenewDelegationTokenResp(unsupported());
  }

  @Override
  public TGetQueryIdResp GetQueryId(TGetQueryIdReq request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TSetClientInfoResp SetClientInfo(TSetClientInfoReq request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TUploadDataResp UploadData(TUploadDataReq request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TDownloadDataResp DownloadData(TDownloadDataReq request) {
    throw new UnsupportedOperationException();
  }
}
