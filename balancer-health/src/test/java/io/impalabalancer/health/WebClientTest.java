package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.WebConfig;
import io.impalabalancer.config.WebConfig.Auth;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.Verdict;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import io.impalabalancer.simulator.WebProtection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pages behind every protection that Impala's web port has, of a simulated coordinator. */
class WebClientTest {
  private static final String PASSWORD = "correct horse";
  private static final String HOST = "coordinator.test";

  @TempDir Path directory;
  private final Rig rig = new Rig();

  @AfterEach
  void end() {
    rig.close();
  }

  private Path passwordFile(String password) throws IOException {
    return Files.writeString(directory.resolve("password"), password + "\n");
  }

  private static WebConfig password(Auth auth, Path file) {
    return new WebConfig(
        false,
        Optional.empty(),
        auth,
        Optional.of("balancer"),
        Optional.of(file),
        Optional.empty(),
        Optional.empty());
  }

  private static SimulatedCoordinator start(WebProtection protection) throws IOException {
    return SimulatedCoordinator.start(
        "impala-1", SimulatorOptions.builder().webProtection(protection).build());
  }

  private Coordinator checked(SimulatedCoordinator simulated, WebConfig web) {
    Coordinator coordinator =
        rig.add(simulated.webPort(), Map.of(HIVESERVER2, simulated.hiveserver2Port()));
    rig.started(new Checks().type(CheckKind.IMPALA).web(web).make());
    return coordinator;
  }

  @ParameterizedTest
  @EnumSource(names = {"BASIC", "DIGEST"})
  void logsInByPassword(Auth auth) throws IOException {
    WebProtection protection =
        auth == Auth.BASIC
            ? new WebProtection.Basic("balancer", PASSWORD)
            : new WebProtection.Digest("balancer", PASSWORD);
    try (SimulatedCoordinator simulated = start(protection)) {
      Coordinator coordinator = checked(simulated, password(auth, passwordFile(PASSWORD)));
      rig.checkAfter(Duration.ofSeconds(1));
      assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
      assertThat(coordinator.facts().problem()).isEmpty();
      assertThat(rig.pagesFailed).isEmpty();
      assertThat(simulated.counts().connectionsTotal()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BASIC", "DIGEST"})
  void aWrongPasswordIsToldUntilItsFileHasTheRightOne(Auth auth) throws IOException {
    WebProtection protection =
        auth == Auth.BASIC
            ? new WebProtection.Basic("balancer", PASSWORD)
            : new WebProtection.Digest("balancer", PASSWORD);
    try (SimulatedCoordinator simulated = start(protection)) {
      Coordinator coordinator = checked(simulated, password(auth, passwordFile("wrong")));
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      assertThat(coordinator.verdict()).isEqualTo(Verdict.UNKNOWN);
      assertThat(coordinator.facts().problem()).contains("the login was refused");
      assertThat(rig.pagesFailed).containsOnly("c1 /?json login");
      // The client port was knocked at instead, which is no connection waiting there any more.
      rig.until(() -> simulated.counts().hiveserver2().setupFailures() == 1);
      passwordFile(PASSWORD);
      rig.checkAfter(Duration.ofSeconds(1));
      assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    }
  }

  @Test
  void aRefusedPasswordIsNotSentAgainForTenMinutes() throws IOException {
    try (FakePages pages = new FakePages()) {
      List<String> logins = new CopyOnWriteArrayList<>();
      FakePages.Manner refuse =
          exchange -> {
            String login = exchange.getRequestHeaders().getFirst("Authorization");
            if (login != null) {
              logins.add(login);
            }
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"impala\"");
            FakePages.send(exchange, 401, "");
          };
      pages.otherwise.put("/?json", refuse);
      pages.otherwise.put("/healthz", refuse);
      Coordinator coordinator = rig.add(pages.port(), Map.of());
      WebConfig web = password(Auth.BASIC, passwordFile("old"));
      rig.started(new Checks().type(CheckKind.IMPALA).web(web).make());
      for (int i = 0; i < 60; i++) {
        rig.checkAfter(Duration.ofSeconds(5));
      }
      assertThat(logins).hasSize(1);
      assertThat(coordinator.facts().problem()).contains("the login was refused");
      passwordFile("new");
      rig.checkAfter(Duration.ofSeconds(5));
      assertThat(logins).hasSize(2).doesNotHaveDuplicates();
      for (int i = 0; i < 180; i++) {
        rig.checkAfter(Duration.ofSeconds(5));
      }
      assertThat(logins).as("once more in a quarter of an hour").hasSize(3);
    }
  }

  @Test
  void aLoginOfAnotherKindIsNotTried() throws IOException {
    try (SimulatedCoordinator simulated = start(new WebProtection.Digest("balancer", PASSWORD))) {
      Coordinator coordinator = checked(simulated, password(Auth.BASIC, passwordFile(PASSWORD)));
      assertThat(coordinator.facts().problem()).contains("not by basic");
    }
  }

  @Test
  void logsInByKerberos() throws IOException, InterruptedException {
    try (Kdc kdc = new Kdc(directory)) {
      Path webKey = kdc.keytab("HTTP/" + HOST);
      Path ownKey = kdc.keytab("balancer");
      WebProtection spnego = new WebProtection.Spnego("HTTP/" + HOST + "@EXAMPLE.COM", webKey);
      try (SimulatedCoordinator simulated = start(spnego)) {
        Coordinator coordinator = checked(simulated, kerberos("balancer@EXAMPLE.COM", ownKey));
        rig.checkAfter(Duration.ofSeconds(1));
        assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
        assertThat(rig.pagesFailed).isEmpty();
      }
    }
  }

  @Test
  void withoutATicketThePageIsSilent() throws IOException, InterruptedException {
    try (Kdc kdc = new Kdc(directory)) {
      Path webKey = kdc.keytab("HTTP/" + HOST);
      WebProtection spnego = new WebProtection.Spnego("HTTP/" + HOST + "@EXAMPLE.COM", webKey);
      try (SimulatedCoordinator simulated = start(spnego)) {
        Coordinator coordinator =
            checked(simulated, kerberos("stranger@EXAMPLE.COM", directory.resolve("none.keytab")));
        assertThat(coordinator.status()).isEqualTo(Status.UP);
        assertThat(coordinator.facts().problem()).contains("no Kerberos login as stranger");
      }
    }
  }

  private static WebConfig kerberos(String principal, Path keytab) {
    return new WebConfig(
        false,
        Optional.empty(),
        Auth.SPNEGO,
        Optional.empty(),
        Optional.empty(),
        Optional.of(principal),
        Optional.of(keytab));
  }

  @Test
  void speaksTlsWithWhomItTrusts() throws Exception {
    try (SimulatedCoordinator simulated = withTls(HOST)) {
      Coordinator coordinator = checked(simulated, tls());
      assertThat(coordinator.facts().problem()).isEmpty();
      assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    }
  }

  @Test
  void aCertificateOfAnotherHostIsRefused() throws Exception {
    try (SimulatedCoordinator simulated = withTls("other.test")) {
      Coordinator coordinator = checked(simulated, tls());
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      assertThat(coordinator.facts().problem()).contains("no TLS").contains(HOST);
      assertThat(rig.pagesFailed).contains("c1 /?json tls");
    }
  }

  @Test
  void certificatesThatCannotBeReadAreToldAndTakeNobodyDown() throws Exception {
    try (SimulatedCoordinator simulated = withTls(HOST)) {
      Files.writeString(directory.resolve("ca.pem"), "no certificate");
      Coordinator coordinator = checked(simulated, tls());
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      assertThat(coordinator.facts().problem()).contains("tls-ca cannot be used");
    }
  }

  private WebConfig tls() {
    return new WebConfig(
        true,
        Optional.of(directory.resolve("ca.pem")),
        Auth.NONE,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** Starts one with a certificate of its own for a name, which is in {@code ca.pem}. */
  private SimulatedCoordinator withTls(String name) throws Exception {
    SSLContext context = OwnCertificate.make(directory, name);
    return SimulatedCoordinator.start(
        "impala-1", SimulatorOptions.builder().webTls(context).build());
  }
}
