package io.impalabalancer.simulator;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TCancelDelegationTokenReq;
import org.apache.hive.service.rpc.thrift.TCancelDelegationTokenResp;
import org.apache.hive.service.rpc.thrift.TCancelOperationReq;
import org.apache.hive.service.rpc.thrift.TCancelOperationResp;
import org.apache.hive.service.rpc.thrift.TCloseOperationReq;
import org.apache.hive.service.rpc.thrift.TCloseOperationResp;
import org.apache.hive.service.rpc.thrift.TCloseSessionReq;
import org.apache.hive.service.rpc.thrift.TCloseSessionResp;
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
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionResp;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TOperationState;
import org.apache.hive.service.rpc.thrift.TOperationType;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TRenewDelegationTokenReq;
import org.apache.hive.service.rpc.thrift.TRenewDelegationTokenResp;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.hive.service.rpc.thrift.TSetClientInfoReq;
import org.apache.hive.service.rpc.thrift.TSetClientInfoResp;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.hive.service.rpc.thrift.TStatusCode;
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

  static final TStatus SUCCESS = new TStatus(TStatusCode.SUCCESS_STATUS);

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
  private final Handles handles;
  private final ImpalaCalls own;

  /**
   * @param webAddress host:port of the coordinator's web port, told to clients
   */
  HiveServer2Service(Impalad impalad, Connection connection, String webAddress) {
    this.impalad = impalad;
    this.connection = connection;
    this.webAddress = webAddress;
    handles = new Handles(impalad, connection);
    own = new ImpalaCalls(impalad, handles, webAddress);
  }

  @Override
  public void call(TMessage call, TProtocol protocol) throws TException {
    var function = CALLS.get(call.name);
    if (function != null && !UNKNOWN_TO_IMPALA.contains(call.name)) {
      function.process(call.seqid, protocol, protocol, this);
    } else {
      own.call(call, protocol);
    }
  }

  static TStatus error(ImpalaException e) {
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
    response.setSessionHandle(Handles.of(session));
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
      impalad.closeSession(handles.session(request.getSessionHandle()));
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
      handles.session(request.getSessionHandle());
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
      Query query = impalad.execute(handles.session(request.getSessionHandle()), sql);
      TExecuteStatementResp response = new TExecuteStatementResp(SUCCESS);
      response.setOperationHandle(Handles.of(query, TOperationType.EXECUTE_STATEMENT));
      return response;
    } catch (ImpalaException e) {
      return new TExecuteStatementResp(error(e));
    }
  }

  @Override
  public TGetOperationStatusResp GetOperationStatus(TGetOperationStatusReq request) {
    try {
      Query query = handles.query(request.getOperationHandle());
      query.await(STATUS_TIMEOUT_MILLIS);
      TGetOperationStatusResp response = new TGetOperationStatusResp(SUCCESS);
      response.setHasResultSet(query.table != null);
      switch (query.state()) {
        case RUNNING -> response.setOperationState(TOperationState.RUNNING_STATE);
        case FINISHED -> response.setOperationState(TOperationState.FINISHED_STATE);
        case FAILED -> {
          response.setOperationState(TOperationState.ERROR_STATE);
          response.setErrorMessage(impalad.log(query));
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
      Query query = handles.query(request.getOperationHandle());
      TGetResultSetMetadataResp response = new TGetResultSetMetadataResp(SUCCESS);
      response.setSchema(RowSets.schema(query));
      return response;
    } catch (ImpalaException e) {
      return new TGetResultSetMetadataResp(error(e));
    }
  }

  @Override
  public TFetchResultsResp FetchResults(TFetchResultsReq request) {
    try {
      Query query = handles.query(request.getOperationHandle());
      if (request.getOrientation() == TFetchOrientation.FETCH_FIRST && !query.atStart()) {
        throw new ImpalaException("Restart of fetch requires enabling of query result caching.");
      }
      query.await(FETCH_TIMEOUT_MILLIS);
      Query.Rows rows = impalad.fetch(query, request.getMaxRows());
      TFetchResultsResp response = new TFetchResultsResp(SUCCESS);
      response.setResults(RowSets.of(query, rows));
      response.setHasMoreRows(rows.more());
      return response;
    } catch (ImpalaException e) {
      return new TFetchResultsResp(error(e));
    }
  }

  @Override
  public TCancelOperationResp CancelOperation(TCancelOperationReq request) {
    try {
      impalad.cancel(handles.query(request.getOperationHandle()));
      return new TCancelOperationResp(SUCCESS);
    } catch (ImpalaException e) {
      return new TCancelOperationResp(error(e));
    }
  }

  @Override
  public TCloseOperationResp CloseOperation(TCloseOperationReq request) {
    try {
      impalad.closeQuery(handles.query(request.getOperationHandle()));
      return new TCloseOperationResp(SUCCESS);
    } catch (ImpalaException e) {
      return new TCloseOperationResp(error(e));
    }
  }

  private static String pattern(@Nullable String given) {
    return given == null ? "%" : given;
  }

  private interface Listing {
    Table of(Map<String, Map<String, Table>> databases);
  }

  /** Answers what a driver asks of the catalog, as a query that has ended. */
  private void metadata(
      @Nullable TSessionHandle session,
      TOperationType type,
      Listing listing,
      Consumer<TOperationHandle> answer,
      Consumer<TStatus> status) {
    try {
      impalad.checkNotShuttingDown();
      Session asking = handles.session(session);
      Table table = listing.of(impalad.catalog.databases());
      answer.accept(Handles.of(impalad.answer(asking, type.name(), table), type));
    } catch (ImpalaException e) {
      status.accept(error(e));
    }
  }

  @Override
  public TGetTypeInfoResp GetTypeInfo(TGetTypeInfoReq request) {
    TGetTypeInfoResp response = new TGetTypeInfoResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_TYPE_INFO,
        databases -> Metadata.types(),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetCatalogsResp GetCatalogs(TGetCatalogsReq request) {
    TGetCatalogsResp response = new TGetCatalogsResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_CATALOGS,
        databases -> Metadata.catalogs(),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetSchemasResp GetSchemas(TGetSchemasReq request) {
    TGetSchemasResp response = new TGetSchemasResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_SCHEMAS,
        databases -> Metadata.schemas(databases, pattern(request.getSchemaName())),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetTablesResp GetTables(TGetTablesReq request) {
    TGetTablesResp response = new TGetTablesResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_TABLES,
        databases ->
            Metadata.tables(
                databases, pattern(request.getSchemaName()), pattern(request.getTableName())),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetTableTypesResp GetTableTypes(TGetTableTypesReq request) {
    TGetTableTypesResp response = new TGetTableTypesResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_TABLE_TYPES,
        databases -> Metadata.tableTypes(),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetColumnsResp GetColumns(TGetColumnsReq request) {
    TGetColumnsResp response = new TGetColumnsResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_COLUMNS,
        databases ->
            Metadata.columns(
                databases,
                pattern(request.getSchemaName()),
                pattern(request.getTableName()),
                pattern(request.getColumnName())),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetFunctionsResp GetFunctions(TGetFunctionsReq request) {
    TGetFunctionsResp response = new TGetFunctionsResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.GET_FUNCTIONS,
        databases -> Metadata.functions(),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetPrimaryKeysResp GetPrimaryKeys(TGetPrimaryKeysReq request) {
    TGetPrimaryKeysResp response = new TGetPrimaryKeysResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.UNKNOWN,
        databases -> Metadata.primaryKeys(),
        response::setOperationHandle,
        response::setStatus);
    return response;
  }

  @Override
  public TGetCrossReferenceResp GetCrossReference(TGetCrossReferenceReq request) {
    TGetCrossReferenceResp response = new TGetCrossReferenceResp(SUCCESS);
    metadata(
        request.getSessionHandle(),
        TOperationType.UNKNOWN,
        databases -> Metadata.crossReference(),
        response::setOperationHandle,
        response::setStatus);
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
