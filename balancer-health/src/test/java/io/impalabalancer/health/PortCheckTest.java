package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.BEESWAX;
import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static io.impalabalancer.config.Protocol.HIVESERVER2_HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.LoginConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.TestCoordinators;
import io.impalabalancer.core.Verdict;
import io.impalabalancer.simulator.Authentication;
import io.impalabalancer.simulator.Counts;
import io.impalabalancer.simulator.Lie;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Client ports that are asked by logging in, or for their options. */
class PortCheckTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @TempDir Path directory;
  private final Rig rig = new Rig();
  private final List<AutoCloseable> servers = new ArrayList<>();

  @AfterEach
  void end() throws Exception {
    rig.close();
    for (AutoCloseable server : servers) {
      server.close();
    }
  }

  private SimulatedCoordinator simulated(Authentication authentication) throws IOException {
    SimulatedCoordinator started =
        SimulatedCoordinator.start(
            "impala-1", SimulatorOptions.builder().authentication(authentication).build());
    servers.add(started);
    return started;
  }

  private FakeServer fake(FakeServer.Manner manner) throws IOException {
    FakeServer made = new FakeServer();
    made.manner = manner;
    servers.add(made);
    return made;
  }

  private Coordinator started(
      SimulatedCoordinator simulated, Map<Protocol, Integer> others, CheckConfig config) {
    Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
    ports.put(BEESWAX, simulated.beeswaxPort());
    ports.put(HIVESERVER2, simulated.hiveserver2Port());
    ports.put(HIVESERVER2_HTTP, simulated.hiveserver2HttpPort());
    ports.putAll(others);
    Coordinator coordinator = rig.add(simulated.webPort(), ports);
    rig.started(config);
    return coordinator;
  }

  private CheckConfig plain(String password) throws IOException {
    Path file = Files.writeString(directory.resolve("password"), password);
    return new Checks().type(CheckKind.IMPALA).plain("balancer", file).make();
  }

  private static CheckConfig nosasl() {
    return new Checks().type(CheckKind.IMPALA).nosasl().make();
  }

  /** Lets so many seconds pass, and in each every connection to a client port end. */
  private void quietSeconds(int count) {
    for (int i = 0; i < count; i++) {
      rig.untilOnlyPagesAreOpen(0);
      rig.checkAfter(SECOND);
    }
    rig.untilOnlyPagesAreOpen(0);
  }

  /** The same, with one port that keeps its connections. */
  private void secondsWithOneSilentPort(int count) {
    for (int i = 0; i < count; i++) {
      rig.untilOnlyPagesAreOpen(1);
      rig.checkAfter(SECOND);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NOSASL", "PLAIN"})
  void tenMinutesOfLoginsAreOneAMinuteAndLeaveNoSessionAndNoError(Authentication authentication)
      throws IOException {
    SimulatedCoordinator simulated = simulated(authentication);
    boolean plain = authentication == Authentication.PLAIN;
    Coordinator coordinator =
        started(simulated, Map.of(), plain ? plain("correct horse") : nosasl());
    quietSeconds(600);
    Counts counts = simulated.counts();
    for (Counts.Port port :
        List.of(counts.beeswax(), counts.hiveserver2(), counts.hiveserver2Http())) {
      assertThat(port.connectionsTotal()).isBetween(9L, 11L);
      assertThat(port.setupFailures()).isZero();
    }
    assertThat(counts.beeswax().loginFailures()).isZero();
    assertThat(counts.hiveserver2().loginFailures()).isZero();
    assertThat(counts.hiveserver2().rpcs()).isEqualTo(2 * counts.hiveserver2().connectionsTotal());
    assertThat(counts.beeswax().rpcs()).isEqualTo(counts.beeswax().connectionsTotal());
    assertThat(counts.sessionsTotal())
        .isEqualTo(counts.hiveserver2().connectionsTotal() + counts.beeswax().connectionsTotal());
    rig.until(() -> simulated.counts().sessionsNow() == 0);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(rig.changes).noneMatch(change -> change.contains("STALLED"));
  }

  @Test
  void aPortWhoseSessionsAreAnsweredIsLeftAlone() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    Map<Protocol, Integer> ports = Map.of(HIVESERVER2, simulated.hiveserver2Port());
    Coordinator coordinator = rig.add(simulated.webPort(), ports);
    HealthChecker checker = rig.checker(nosasl());
    for (int minute = 0; minute < 5; minute++) {
      TestCoordinators.awaitsAnswer(coordinator, HIVESERVER2);
      TestCoordinators.answered(coordinator, HIVESERVER2);
      if (minute == 0) {
        var first = checker.start().toCompletableFuture();
        rig.until(first::isDone);
      }
      quietSeconds(50);
    }
    assertThat(simulated.counts().hiveserver2().connectionsTotal()).isZero();
  }

  @Test
  void anIdlePortThatNeverAnswersALoginIsStalledAndTheOthersStay() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    SimulatedCoordinator stuck = simulated(Authentication.NOSASL);
    Coordinator coordinator =
        started(simulated, Map.of(HIVESERVER2, stuck.hiveserver2Port()), nosasl());
    quietSeconds(5);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    stuck.stall(false);
    secondsWithOneSilentPort(60 + 3 * 3);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.STALLED);
    assertThat(coordinator.verdictReason(HIVESERVER2))
        .isEqualTo("3 of our own connections in a row got no answer");
    assertThat(coordinator.verdict(BEESWAX)).isEqualTo(Verdict.OPEN);
    assertThat(coordinator.verdict(HIVESERVER2_HTTP)).isEqualTo(Verdict.OPEN);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    stuck.revive();
    quietSeconds(30);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void aPortThatNeverAnswersOptionsIsStalledUntilItDoes() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    FakeServer port = fake(FakeServer.Manner.SILENCE);
    Coordinator coordinator =
        started(
            simulated,
            Map.of(HIVESERVER2_HTTP, port.port()),
            new Checks().type(CheckKind.IMPALA).make());
    secondsWithOneSilentPort(10);
    assertThat(coordinator.verdict(HIVESERVER2_HTTP)).isEqualTo(Verdict.STALLED);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    assertThat(simulated.counts().connectionsTotal()).as("without a login").isZero();
    port.manner = FakeServer.Manner.ANSWER;
    quietSeconds(20);
    assertThat(coordinator.verdict(HIVESERVER2_HTTP)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void oneThatRefusesTheLoginIsNotSilentAndIsNotAskedAgainForAnHour() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.PLAIN);
    Coordinator coordinator = started(simulated, Map.of(), plain(""));
    quietSeconds(120);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    assertThat(simulated.counts().hiveserver2().loginFailures()).isEqualTo(1);
    assertThat(simulated.counts().hiveserver2().connectionsTotal()).isEqualTo(1);
  }

  @Test
  void aRefusedLoginIsNotTriedAgainWhereThePagesAreSilent() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.PLAIN);
    simulated.lie("", Lie.ERROR);
    CheckConfig wrong = plain("");
    Coordinator coordinator =
        rig.add(simulated.webPort(), Map.of(HIVESERVER2, simulated.hiveserver2Port()));
    rig.started(wrong);
    quietSeconds(180);
    assertThat(coordinator.status()).as("a connect proves the port").isEqualTo(Status.UP);
    assertThat(simulated.counts().hiveserver2().loginFailures()).isEqualTo(1);
    assertThat(simulated.counts().hiveserver2().connectionsTotal()).isBetween(2L, 4L);
  }

  @Test
  void oneThatFloodsTheLoginIsGivenUp() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.PLAIN);
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    servers.add(server);
    AtomicBoolean givenUp = new AtomicBoolean();
    Thread flood =
        new Thread(() -> {
          // SASL's OK without a word, for ever.
          byte[] answers = new byte[5 * 10_000];
          for (int i = 0; i < answers.length; i += 5) {
            answers[i] = 2;
          }
          try (Socket client = server.accept()) {
            while (true) {
              client.getOutputStream().write(answers);
            }
          } catch (IOException e) {
            givenUp.set(true);
          }
        });
    flood.start();
    CheckConfig config = plain("correct horse");
    Coordinator coordinator =
        rig.add(simulated.webPort(), Map.of(HIVESERVER2, server.getLocalPort()));
    rig.started(config);
    rig.until(givenUp::get);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
  }

  @Test
  void oneThatWantsAnotherLoginIsNotSilent() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.PLAIN);
    Coordinator coordinator = started(simulated, Map.of(), nosasl());
    quietSeconds(120);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    assertThat(simulated.counts().hiveserver2().connectionsTotal()).isEqualTo(1);
  }

  @Test
  void oneWithoutAFreeThreadIsNotAsked() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    simulated.fillThreads();
    Coordinator coordinator = started(simulated, Map.of(), nosasl());
    quietSeconds(10);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    assertThat(simulated.counts().connectionsTotal()).isZero();
    simulated.revive();
    quietSeconds(5);
    assertThat(simulated.counts().hiveserver2().connectionsTotal()).isEqualTo(1);
  }

  @Test
  void oneThatIsShuttingDownIsNotAsked() throws IOException {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    simulated.quiesce(Duration.ofMinutes(10));
    Coordinator coordinator = started(simulated, Map.of(), nosasl());
    quietSeconds(10);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.QUIESCING);
    assertThat(simulated.counts().connectionsTotal()).isZero();
  }

  @Test
  void logsInOverTls() throws Exception {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    Coordinator coordinator = startedBehindTls(simulated, true);
    rig.until(() -> simulated.counts().hiveserver2().rpcs() == 2);
    rig.untilOnlyPagesAreOpen(0);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void aPortThatSpeaksTlsUnasked() throws Exception {
    SimulatedCoordinator simulated = simulated(Authentication.NOSASL);
    Coordinator coordinator = startedBehindTls(simulated, false);
    quietSeconds(10);
    assertThat(coordinator.verdict(HIVESERVER2)).as("is not silent").isEqualTo(Verdict.OPEN);
    assertThat(simulated.counts().hiveserver2().rpcs()).isZero();
  }

  private Coordinator startedBehindTls(SimulatedCoordinator simulated, boolean tls)
      throws Exception {
    TlsPort port =
        new TlsPort(
            OwnCertificate.make(directory, "coordinator.test"), simulated.hiveserver2Port());
    servers.add(port);
    Coordinator coordinator = rig.add(simulated.webPort(), Map.of(HIVESERVER2, port.port()));
    LoginConfig login =
        new LoginConfig(
            tls,
            Optional.of(directory.resolve("ca.pem")),
            LoginConfig.Auth.NOSASL,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "impala");
    rig.started(new Checks().type(CheckKind.IMPALA).login(login).make());
    return coordinator;
  }

  private static CheckConfig kerberos(Path keytab) {
    LoginConfig login =
        new LoginConfig(
            false,
            Optional.empty(),
            LoginConfig.Auth.KERBEROS,
            Optional.empty(),
            Optional.empty(),
            Optional.of("balancer@EXAMPLE.COM"),
            Optional.of(keytab),
            "impala");
    return new Checks().type(CheckKind.IMPALA).login(login).make();
  }

  private KerberosPort kerberosPort(Kdc kdc) throws Exception {
    KerberosPort port =
        new KerberosPort(
            "impala/coordinator.test@EXAMPLE.COM", kdc.keytab("impala/coordinator.test"));
    servers.add(port);
    return port;
  }

  /** Adds a coordinator whose pages are simulated and whose HiveServer2 port is this one. */
  private Coordinator withPort(KerberosPort port) throws Exception {
    return rig.add(simulated(Authentication.NOSASL).webPort(), Map.of(HIVESERVER2, port.port()));
  }

  @Test
  void aSilentKdcIsNoFaultOfThePort() throws Exception {
    try (Kdc kdc = new Kdc(directory)) {
      Path ownKey = kdc.keytab("balancer");
      KerberosPort port = kerberosPort(kdc);
      Coordinator coordinator = withPort(port);
      kdc.freeze(true);
      try {
        rig.started(kerberos(ownKey));
        secondsWithOneSilentPort(30);
        assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
      } finally {
        kdc.freeze(false);
      }
    }
  }

  @Test
  void logsInWithAKerberosTicket() throws Exception {
    try (Kdc kdc = new Kdc(directory)) {
      Path ownKey = kdc.keytab("balancer");
      KerberosPort port = kerberosPort(kdc);
      Coordinator coordinator = withPort(port);
      rig.started(kerberos(ownKey));
      rig.until(() -> port.calls.size() == 2);
      assertThat(port.calls)
          .containsExactly(
              "OpenSession by balancer@EXAMPLE.COM", "CloseSession by balancer@EXAMPLE.COM");
      rig.untilOnlyPagesAreOpen(0);
      assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    }
  }
}
