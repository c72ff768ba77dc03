package io.impalabalancer.simulator;

import org.apache.hive.service.rpc.thrift.THandleIdentifier;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TOperationType;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.jspecify.annotations.Nullable;

/**
 * What the handles stand for that one connection's calls bring: a 16-byte id, and the secret of the
 * session, for queries too ({@code be/src/service/impala-hs2-server.cc}).
 */
final class Handles {
  private final Impalad impalad;
  private final Connection connection;

  Handles(Impalad impalad, Connection connection) {
    this.impalad = impalad;
    this.connection = connection;
  }

  static TSessionHandle of(Session session) {
    return new TSessionHandle(identifier(session.id, session.secret));
  }

  static TOperationHandle of(Query query, TOperationType type) {
    return new TOperationHandle(
        identifier(query.id, query.session.secret), type, query.table != null);
  }

  private static THandleIdentifier identifier(UniqueId guid, UniqueId secret) {
    return new THandleIdentifier(guid.bytes(), secret.bytes());
  }

  Session session(@Nullable TSessionHandle handle) throws ImpalaException {
    return session(handle == null ? null : handle.getSessionId());
  }

  Session session(@Nullable THandleIdentifier id) throws ImpalaException {
    return impalad.session(guid(id), secret(id), connection);
  }

  Query query(@Nullable TOperationHandle handle) throws ImpalaException {
    return query(handle == null ? null : handle.getOperationId());
  }

  Query query(@Nullable THandleIdentifier handle) throws ImpalaException {
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

  static UniqueId guid(@Nullable THandleIdentifier id) throws ImpalaException {
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
}
