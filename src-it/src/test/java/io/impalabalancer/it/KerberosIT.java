package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.impalabalancer.simulator.Authentication;
import io.impalabalancer.simulator.Keytab;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatorOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.security.auth.Subject;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TExecuteStatementReq;
import org.apache.hive.service.rpc.thrift.TFetchOrientation;
import org.apache.hive.service.rpc.thrift.TFetchResultsReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.kerby.kerberos.kerb.server.SimpleKdcServer;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSaslClientTransport;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Coordinators that take Kerberos tickets only, of the name that clients dial: the balancer passes
 * the login on untouched, and yet says who is on a session.
 */
class KerberosIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CONF = "java.security.krb5.conf";
  private static final String REALM = "EXAMPLE.COM";
  private static final String ALICE = "alice@" + REALM;
  private static final int ERRORS = 6;

  @TempDir private Path directory;

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();
  private final SimpleKdcServer kdc;

  KerberosIT() throws Exception {
    kdc = new SimpleKdcServer();
  }

  @BeforeEach
  void startKdc() throws Exception {
    kdc.setKdcHost("localhost");
    kdc.setKdcRealm(REALM);
    kdc.setKdcTcpPort(FreePort.next());
    kdc.setAllowUdp(false);
    kdc.setWorkDir(directory.toFile());
    kdc.init();
    System.setProperty(CONF, directory.resolve("krb5.conf").toString());
    kdc.start();
    opened.keep(() -> {
      System.clearProperty(CONF);
      kdc.stop();
    });
  }

  @Test
  void ticketsPassThroughAndTheirUserIsKnown() throws Exception {
    SimulatedCluster cluster =
        opened.keep(
            SimulatedCluster.start(
                SimulatorOptions.builder()
                    .coordinators(2)
                    .authentication(Authentication.GSSAPI)
                    .keytab(keytab("impala/localhost@" + REALM))
                    .build()));
    String config = config(cluster);
    BalancerProcess balancer = opened.keep(BalancerProcess.start(config));
    PrivilegedExceptionAction<TCLIService.Client> logIn = this::client;
    TCLIService.Client client = Subject.doAs(keytab(ALICE).client(), logIn);
    assertThat(userOf(client)).contains(ALICE);
    assertThat(
            JsonParser.parseString(balancer.get("/api/v1/sessions?who=true").body())
                .getAsJsonObject()
                .getAsJsonArray("sessions")
                .get(0)
                .getAsJsonObject()
                .getAsJsonObject("who")
                .get("user")
                .getAsString())
        .isEqualTo(ALICE);
    assertThat(doctor(config, "lb.example.com"))
        .contains(
            "take Kerberos tickets of another name than clients dial, lb.example.com: impala-1,"
                + " impala-2: localhost",
            "--principal=impala/lb.example.com@REALM");
  }

  /** Makes a principal, and a file with its key. */
  private Keytab keytab(String principal) throws Exception {
    Path file = directory.resolve(principal.replace('/', '-') + ".keytab");
    kdc.createPrincipal(principal, "secret of " + principal);
    kdc.exportPrincipal(principal, file.toFile());
    return new Keytab(principal, file);
  }

  private TCLIService.Client client() throws Exception {
    TSocket socket = new TSocket("127.0.0.1", port);
    socket.setTimeout((int) SOON.toMillis());
    TTransport transport =
        opened.keep(
            new TSaslClientTransport(
                "GSSAPI", null, "impala", "localhost", Map.of(), null, socket));
    transport.open();
    return new TCLIService.Client(new TBinaryProtocol(transport));
  }

  private static String userOf(TCLIService.Client client) throws Exception {
    TExecuteStatementReq statement =
        new TExecuteStatementReq(
            client.OpenSession(new TOpenSessionReq(TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V6))
                .getSessionHandle(),
            "select user()");
    TFetchResultsReq fetch =
        new TFetchResultsReq(
            client.ExecuteStatement(statement).getOperationHandle(),
            TFetchOrientation.FETCH_NEXT,
            1);
    return Objects.requireNonNull(client.FetchResults(fetch).getResults()).toString();
  }

  /** Returns what the doctor says of it, where clients dial that name. */
  private String doctor(String config, String clientName) throws Exception {
    Path file = Files.writeString(directory.resolve("doctor.conf"), config);
    BalancerProcess.Output said =
        BalancerProcess.program(
            List.of("doctor", "--client-name", clientName, "-c", file.toString()));
    assertThat(said.status() == ERRORS).as(said.text()).isEqualTo(said.text().contains("ERROR"));
    return said.text();
  }

  private String config(SimulatedCluster cluster) {
    return """
    impala-balancer {
      %s
      listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
      log.sessions = off
    }
    """
        .formatted(BalancerProcess.declare(cluster), port);
  }
}
