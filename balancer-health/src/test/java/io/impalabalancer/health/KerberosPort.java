package io.impalabalancer.health;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import javax.security.sasl.AuthorizeCallback;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TCloseSessionResp;
import org.apache.hive.service.rpc.thrift.THandleIdentifier;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionResp;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.hive.service.rpc.thrift.TStatusCode;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSaslServerTransport;
import org.apache.thrift.transport.TSocket;

/**
 * A hiveserver2 port on a free loopback port that wants Kerberos tickets, as one of an impalad with
 * {@code --principal}: Thrift's own SASL, and sessions that are opened and closed.
 */
final class KerberosPort implements AutoCloseable {
  /** Each call, with who made it. */
  final List<String> calls = new CopyOnWriteArrayList<>();

  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Subject subject;
  private final TSaslServerTransport.Factory sasl;

  KerberosPort(String principal, Path keytab) throws IOException, LoginException {
    subject = logIn(principal, keytab);
    String host = principal.substring(principal.indexOf('/') + 1, principal.indexOf('@'));
    sasl =
        new TSaslServerTransport.Factory(
            "GSSAPI", "impala", host, Map.of(), KerberosPort::authorize);
    Thread thread = new Thread(this::accept, "kerberos-port");
    thread.setDaemon(true);
    thread.start();
  }

  private static Subject logIn(String principal, Path keytab) throws LoginException {
    Map<String, String> options =
        Map.of(
            "principal", principal,
            "keyTab", keytab.toString(),
            "useKeyTab", "true",
            "storeKey", "true",
            "isInitiator", "false");
    Configuration only =
        new Configuration() {
          @Override
          public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
            return new AppConfigurationEntry[] {
              new AppConfigurationEntry(
                  "com.sun.security.auth.module.Krb5LoginModule",
                  LoginModuleControlFlag.REQUIRED,
                  options)
            };
          }
        };
    LoginContext login = new LoginContext("impala", new Subject(), null, only);
    login.login();
    return login.getSubject();
  }

  private static void authorize(Callback[] callbacks) {
    for (Callback each : callbacks) {
      if (each instanceof AuthorizeCallback authorize) {
        authorize.setAuthorized(true);
      }
    }
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        PrivilegedExceptionAction<Void> serve =
            () -> {
              serve(socket);
              return null;
            };
        Subject.doAs(subject, serve);
      } catch (Exception over) {
        // The connection has ended, or the server.
      }
    }
  }

  private void serve(Socket socket) throws TException {
    TSaslServerTransport transport = (TSaslServerTransport) sasl.getTransport(new TSocket(socket));
    String user = transport.getSaslServer().getAuthorizationID();
    TBinaryProtocol protocol = new TBinaryProtocol(transport);
    TCLIService.Processor<TCLIService.Iface> processor =
        new TCLIService.Processor<>(
            (TCLIService.Iface)
                Proxy.newProxyInstance(
                    KerberosPort.class.getClassLoader(),
                    new Class<?>[] {TCLIService.Iface.class},
                    (proxy, method, arguments) -> {
                      calls.add(method.getName() + " by " + user);
                      return answer(method.getName(), arguments);
                    }));
    while (true) {
      processor.process(protocol, protocol);
    }
  }

  private static Object answer(String call, Object[] arguments) {
    TStatus success = new TStatus(TStatusCode.SUCCESS_STATUS);
    if (call.equals("CloseSession")) {
      return new TCloseSessionResp(success);
    }
    TOpenSessionResp opened =
        new TOpenSessionResp(success, ((TOpenSessionReq) arguments[0]).getClient_protocol());
    ByteBuffer id = ByteBuffer.wrap(new byte[16]);
    opened.setSessionHandle(new TSessionHandle(new THandleIdentifier(id, id.duplicate())));
    return opened;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
