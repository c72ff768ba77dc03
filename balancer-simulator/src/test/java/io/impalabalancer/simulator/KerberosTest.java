package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.util.Base64;
import java.util.Objects;
import javax.security.auth.Subject;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.kerby.kerberos.kerb.server.SimpleKdcServer;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportException;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Client ports and web pages behind Kerberos, with a key distribution center of Apache Kerby. */
class KerberosTest {
  private static final String REALM = "EXAMPLE.COM";
  private static final String CONF = "java.security.krb5.conf";
  private static final String WEB = "HTTP/localhost@" + REALM;
  private static final String IMPALA = "impala/localhost@" + REALM;
  private static final String USER = "balancer@" + REALM;

  @TempDir private static Path directory;

  /** Started before all tests. */
  @SuppressWarnings("NullAway.Init")
  private static SimpleKdcServer kdc;

  @SuppressWarnings("NullAway.Init")
  private static Subject user;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void startKdc() throws Exception {
    kdc = new SimpleKdcServer();
    kdc.setKdcHost("localhost");
    kdc.setKdcRealm(REALM);
    kdc.setKdcTcpPort(freePort());
    kdc.setAllowUdp(false);
    kdc.setWorkDir(directory.toFile());
    kdc.init();
    System.setProperty(CONF, directory + "/krb5.conf");
    kdc.start();
    user = keytab(USER, "user").client();
  }

  @AfterAll
  static void stopKdc() throws Exception {
    System.clearProperty(CONF);
    kdc.stop();
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Makes a principal, and a file with its key. */
  private static Keytab keytab(String principal, String file) throws Exception {
    File keytab = directory.resolve(file + ".keytab").toFile();
    kdc.createPrincipal(principal, file + "'s");
    kdc.exportPrincipal(principal, keytab);
    return new Keytab(principal, keytab.toPath());
  }

  private static <T> T asUser(PrivilegedExceptionAction<T> action) throws Exception {
    return Subject.doAs(user, action);
  }

  @Test
  void aTicketLetsTheUserReadPages() throws Exception {
    Keytab web = keytab(WEB, "web");
    SimulatorOptions options =
        SimulatorOptions.builder()
            .webProtection(new WebProtection.Spnego(web.principal(), web.file()))
            .build();
    try (SimulatedCoordinator coordinator = SimulatedCoordinator.start("impala-1", options)) {
      HttpResponse<String> refused = get(coordinator, "Accept", "*/*");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Negotiate");
      assertThat(get(coordinator, "Authorization", "Negotiate AAAA").statusCode()).isEqualTo(401);
      HttpResponse<String> page = get(coordinator, "Authorization", "Negotiate " + token());
      assertThat(page.body()).contains("\"is_coordinator\"");
      assertThat(page.headers().firstValue("Set-Cookie").orElse("")).contains("&u=" + USER + "&");
    }
  }

  private HttpResponse<String> get(SimulatedCoordinator coordinator, String name, String value)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(coordinator.webUrl() + "/?json"))
            .header(name, value)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String token() throws Exception {
    return asUser(() -> {
      GSSManager manager = GSSManager.getInstance();
      GSSContext context =
          manager.createContext(
              manager.createName("HTTP@localhost", GSSName.NT_HOSTBASED_SERVICE),
              new Oid("1.3.6.1.5.5.2"),
              null,
              GSSContext.DEFAULT_LIFETIME);
      return Base64.getEncoder().encodeToString(context.initSecContext(new byte[0], 0, 0));
    });
  }

  @Test
  void aTicketLetsTheUserInAndNothingElseDoes() throws Exception {
    SimulatorOptions options =
        SimulatorOptions.builder()
            .authentication(Authentication.GSSAPI)
            .keytab(keytab(IMPALA, "impala"))
            .build();
    try (SimulatedCoordinator coordinator = SimulatedCoordinator.start("impala-1", options)) {
      asUser(() -> {
        try (Hs2 client = Hs2.kerberos(coordinator)) {
          TRowSet rows =
              client.fetch(client.start(client.openSession(), "select user()"), 1).getResults();
          assertThat(Objects.requireNonNull(rows).toString()).contains(USER);
        }
        return null;
      });
      try (TTransport plain = Hs2.plain(coordinator.hiveserver2Port(), "alice", "secret")) {
        assertThatThrownBy(plain::open)
            .isInstanceOf(TTransportException.class)
            .hasMessageContaining("Unsupported mechanism type PLAIN");
      }
      try (Hs2 nosasl = Hs2.connect(coordinator)) {
        assertThatThrownBy(nosasl::openSession).isInstanceOf(TTransportException.class);
      }
      await().until(() -> coordinator.counts().hiveserver2().loginFailures() == 2);
    }
  }

  @Test
  void ticketsAndPasswordsAreTakenOnOnePort() throws Exception {
    SimulatorOptions options =
        SimulatorOptions.builder()
            .authentication(Authentication.PLAIN)
            .keytab(keytab("impala2/localhost@" + REALM, "both"))
            .build();
    try (SimulatedCoordinator coordinator = SimulatedCoordinator.start("impala-1", options)) {
      Hs2.logIn(coordinator, "alice", "secret").close();
      // A ticket of another principal.
      assertThatThrownBy(() -> asUser(() -> Hs2.kerberos(coordinator)))
          .rootCause()
          .isInstanceOf(TTransportException.class);
      await().until(() -> coordinator.counts().hiveserver2().loginFailures() == 1);
    }
  }
}
