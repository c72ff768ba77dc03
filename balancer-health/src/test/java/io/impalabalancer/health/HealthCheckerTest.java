package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.BEESWAX;
import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static io.impalabalancer.config.Protocol.TCP;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.OnError;
import io.impalabalancer.config.OnMarkedDown;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.TestCoordinators;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HealthCheckerTest {
  private static final Duration INTER = Duration.ofSeconds(2);
  private static final Duration FASTINTER = Duration.ofMillis(500);
  private static final Duration DOWNINTER = Duration.ofSeconds(5);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final Duration INSTANT = Duration.ofMillis(1);
  private static final String OK = FakeServer.status("200 OK");
  private static final String NOT_AVAILABLE = FakeServer.status("503 Not Available");

  /** An HTTP answer that never ends its header. */
  private static final String ENDLESS_HEADER = "HTTP/1.1 200 OK\r\nX: " + "x".repeat(1 << 20);

  private final Rig rig = new Rig();
  private FakeServer web;
  private FakeServer hiveserver2;
  private ClosedPort closed;

  @BeforeEach
  void startServers() throws IOException {
    web = new FakeServer();
    hiveserver2 = new FakeServer();
    closed = new ClosedPort();
  }

  @AfterEach
  void stopServers() throws IOException {
    rig.close();
    web.close();
    hiveserver2.close();
    closed.close();
  }

  private static Checks checks(CheckKind type) {
    return new Checks().type(type);
  }

  private Coordinator addWithWeb() {
    return rig.add(web.port(), Map.of(HIVESERVER2, hiveserver2.port()));
  }

  private void fails(HealthChecker checker, int times, Protocol protocol, ConnectFailure failure) {
    for (int i = 0; i < times; i++) {
      checker.connectFailed(rig.coordinator(), protocol, failure);
    }
    rig.run();
  }

  @Nested
  class Commands {

    @Test
    void disabledChecksLeaveTheStatusAndComeBackAtOnce() {
      Coordinator coordinator = addWithWeb();
      web.answer = OK;
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).make());
      checker.setEnabled(coordinator, false, "night shift");
      rig.run();
      web.answer = NOT_AVAILABLE;
      rig.advance(Duration.ofMinutes(10));
      assertThat(checker.enabled(coordinator)).isFalse();
      assertThat(rig.checks).hasSize(1);
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      checker.setEnabled(coordinator, true, "day shift");
      rig.untilChecks(2);
      assertThat(rig.results()).containsExactly("ok", "bad-status");
    }

    @Test
    void aForcedStatusHoldsUntilChecksFindSomethingElse() {
      Coordinator coordinator = addWithWeb();
      web.answer = OK;
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).make());
      checker.force(coordinator, false, "night shift");
      rig.run();
      assertThat(rig.changes).last().asString().isEqualTo("UP -> DOWN (night shift)");
      rig.checkAfter(INTER);
      rig.checkAfter(FASTINTER);
      assertThat(coordinator.status()).isEqualTo(Status.UP);
    }
  }

  @Nested
  class Http {
    @Test
    void theFirstResultDecidesAlone() {
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.changes).containsExactly("CHECKING -> UP (http status 200, the first check)");
    }

    @Test
    void theFirstResultDecidesAloneThatItIsDown() {
      web.answer = NOT_AVAILABLE;
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.changes)
          .containsExactly("CHECKING -> DOWN (http status 503 (expected 200), the first check)");
      assertThat(rig.resolveSoon).containsExactly(rig.coordinator());
    }

    @Test
    void asksAsConfigured() {
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(web.requests.get(0))
          .startsWith("GET /healthz HTTP/1.1\n")
          .containsIgnoringCase("host: coordinator.test:" + web.port() + "\n")
          .containsIgnoringCase("connection: close\n");
    }

    @Test
    void goesDownAfterFallAndUpAfterRise() {
      Coordinator coordinator = addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      web.answer = NOT_AVAILABLE;
      rig.checkAfter(INTER);
      rig.checkAfter(FASTINTER);
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      rig.checkAfter(FASTINTER);
      assertThat(coordinator.status()).isEqualTo(Status.DOWN);
      web.answer = OK;
      // At 3 s it went down; 10 s is the moment nearest to one downinter later.
      rig.checkAfter(Duration.ofSeconds(7));
      assertThat(coordinator.status()).isEqualTo(Status.DOWN);
      rig.checkAfter(FASTINTER);
      assertThat(rig.changes)
          .containsExactly(
              "CHECKING -> UP (http status 200, the first check)",
              "UP -> DOWN (http status 503 (expected 200), 3 of 3 failed)",
              "DOWN -> UP (http status 200, 2 of 2 passed)");
    }

    @ParameterizedTest
    @CsvSource({
      "302 Found, bad-status, http status 302 (expected 200)",
      "404 Not Found, bad-status, http status 404 (expected 200)",
      "200 OK, ok, http status 200",
    })
    void theStatusDecidesAndRedirectsAreNotFollowed(String status, String result, String reason) {
      web.answer =
          "HTTP/1.1 " + status + "\r\nLocation: /other\r\nContent-Length: 99999999\r\n\r\n";
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.results()).containsExactly(result);
      assertThat(rig.coordinator().statusReason()).isEqualTo(reason + ", the first check");
      assertThat(web.connections).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({
      "ANSWER, 220 smtp.example.com ESMTP, bad-answer, http answer not understood",
      "ANSWER, endless header, bad-answer, http answer not understood",
      "CLOSE, '', bad-answer, http connection closed without an answer",
      "RESET, '', reset, http connection reset",
    })
    void anAnswerThatIsNoneIsABadOne(
        FakeServer.Manner manner, String answer, String result, String reason) {
      web.manner = manner;
      web.answer = answer.equals("endless header") ? ENDLESS_HEADER : answer + "\r\n\r\n";
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.results()).containsExactly(result);
      assertThat(rig.coordinator().status()).isEqualTo(Status.DOWN);
      assertThat(rig.coordinator().statusReason()).isEqualTo(reason + ", the first check");
    }

    @Test
    void aClosedPortIsRefused() {
      rig.add(closed.port(), Map.of(HIVESERVER2, hiveserver2.port()));
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.results()).containsExactly("refused");
      assertThat(rig.coordinator().statusReason()).isEqualTo("connect refused, the first check");
    }

    @Test
    void withoutAnAnswerTheCheckEndsAtItsTimeoutAndNoOtherBeginsBefore() {
      web.manner = FakeServer.Manner.SILENCE;
      addWithWeb();
      rig.checker(checks(CheckKind.HTTP).make()).start();
      rig.until(() -> web.requests.size() == 1);
      rig.advance(TIMEOUT.minus(INSTANT));
      assertThat(rig.coordinator().status()).isEqualTo(Status.CHECKING);
      assertThat(web.connections).hasValue(1);
      rig.advance(INSTANT);
      assertThat(rig.changes)
          .containsExactly("CHECKING -> DOWN (http timeout after 2s, the first check)");
      assertThat(rig.checks.get(0).durationNanos()).isEqualTo(TIMEOUT.toNanos());
      rig.until(() -> web.left.get() == 1);
    }

    @Test
    void withoutAWebPortItIsDown() {
      rig.add(null, Map.of(HIVESERVER2, hiveserver2.port()));
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.changes).containsExactly("CHECKING -> DOWN (no web port, the first check)");
    }

    @Test
    void dataPortsAreNotConnectedTo() {
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      rig.checkAfter(INTER);
      rig.checkAfter(INTER);
      assertThat(web.connections).hasValue(3);
      assertThat(hiveserver2.connections).hasValue(0);
    }

    @Test
    void ourOwnShortageSaysNothing() {
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).riseAndFall(1, 1).make());
      rig.exhausted = true;
      rig.checkAfter(INTER);
      rig.checkAfter(INTER);
      assertThat(rig.results()).containsExactly("ok", "no-resources", "no-resources");
      assertThat(rig.coordinator().status()).isEqualTo(Status.UP);
      assertThat(rig.resolveSoon).isEmpty();
    }
  }

  @Nested
  class Tcp {
    @Test
    void aPortThatIsOffLeavesTheOtherInService() {
      Coordinator coordinator =
          rig.add(web.port(), Map.of(BEESWAX, closed.port(), HIVESERVER2, hiveserver2.port()));
      rig.started(checks(CheckKind.TCP).make());
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
      assertThat(coordinator.isOpen(BEESWAX)).isFalse();
      assertThat(rig.changes)
          .containsExactly(
              "beeswax OPEN -> CLOSED (beeswax connect refused)",
              "CHECKING -> UP (hiveserver2 connected, the first check)");
      assertThat(web.connections).hasValue(0);
    }

    @Test
    void aPortOpensAgainAfterRise() throws IOException {
      Coordinator coordinator =
          rig.add(null, Map.of(BEESWAX, closed.port(), HIVESERVER2, hiveserver2.port()));
      rig.started(checks(CheckKind.TCP).make());
      try (FakeServer beeswax = closed.open()) {
        rig.checkAfter(INTER);
        assertThat(coordinator.isOpen(BEESWAX)).isFalse();
        rig.checkAfter(FASTINTER);
        assertThat(coordinator.isOpen(BEESWAX)).isTrue();
        rig.until(() -> beeswax.connections.get() == 2);
      }
      rig.checkAfter(FASTINTER.multipliedBy(3));
      rig.checkAfter(FASTINTER);
      assertThat(coordinator.isOpen(BEESWAX)).isTrue();
      rig.checkAfter(FASTINTER);
      assertThat(coordinator.isOpen(BEESWAX)).isFalse();
    }

    @Test
    void withoutAnyOpenPortTheProcessIsDownAndItsPortsAreLeftAlone() throws IOException {
      Coordinator coordinator =
          rig.add(null, Map.of(BEESWAX, web.port(), HIVESERVER2, hiveserver2.port()));
      rig.started(checks(CheckKind.TCP).make());
      rig.changes.clear();
      web.die();
      hiveserver2.die();
      rig.checkAfter(INTER);
      rig.checkAfter(FASTINTER);
      rig.checkAfter(FASTINTER);
      assertThat(rig.changes)
          .containsExactly(
              "UP -> DOWN (beeswax connect refused, hiveserver2 connect refused, 3 of 3 failed)");
      assertThat(coordinator.isOpen(BEESWAX)).isTrue();
    }
  }

  @Nested
  class Kinds {
    @Test
    void noneIsUpAtOnce() {
      addWithWeb();
      rig.started(checks(CheckKind.NONE).make());
      rig.advance(Duration.ofDays(1));
      assertThat(rig.changes).containsExactly("CHECKING -> UP (not checked)");
      assertThat(rig.checks).isEmpty();
    }

    @Test
    void autoReadsTheCoordinatorsPages() {
      addWithWeb();
      rig.started(checks(CheckKind.AUTO).make());
      assertThat(web.requests.get(0)).startsWith("GET /?json HTTP/1.1\n");
      assertThat(hiveserver2.connections).hasValue(0);
    }

    @Test
    void autoConnectsWhereThereIsNoWebPort() {
      rig.add(null, Map.of(HIVESERVER2, hiveserver2.port()));
      rig.started(checks(CheckKind.AUTO).make());
      assertThat(rig.coordinator().statusReason()).startsWith("hiveserver2 connected");
    }

    @Test
    void autoConnectsWhereOnlyTcpListenersUseIt() {
      rig.add(web.port(), Map.of(TCP, hiveserver2.port()));
      rig.started(checks(CheckKind.AUTO).make());
      assertThat(rig.coordinator().statusReason()).startsWith("tcp connected");
      assertThat(web.connections).hasValue(0);
    }
  }

  @Nested
  class Hosts {
    @Test
    void theFirstCheckWaitsForTheFirstLookUp() {
      Coordinator coordinator = rig.addUnresolved(web.port(), Map.of());
      rig.checker(checks(CheckKind.HTTP).make()).start();
      rig.advance(Duration.ofMillis(100));
      assertThat(coordinator.status()).isEqualTo(Status.CHECKING);
      TestCoordinators.resolved(coordinator, InetAddress.getLoopbackAddress());
      rig.checkAfter(Duration.ofMillis(10));
      assertThat(coordinator.status()).isEqualTo(Status.UP);
    }

    @Test
    void aHostWithoutAnAddressIsDownWithTheReason() {
      Coordinator coordinator = rig.addUnresolved(web.port(), Map.of());
      TestCoordinators.notResolved(coordinator, "coordinator.test: unknown host");
      rig.started(checks(CheckKind.HTTP).make());
      assertThat(rig.changes)
          .containsExactly("CHECKING -> DOWN (coordinator.test: unknown host, the first check)");
      assertThat(rig.results()).containsExactly("unresolved");
      assertThat(rig.resolveSoon).containsExactly(coordinator);
    }

    @Test
    void aLookUpThatNeverEndsIsDownAtTheTimeout() {
      Coordinator coordinator = rig.addUnresolved(web.port(), Map.of());
      rig.checker(checks(CheckKind.HTTP).make()).start();
      rig.run();
      rig.advance(TIMEOUT);
      assertThat(coordinator.status()).isEqualTo(Status.DOWN);
    }
  }

  @Nested
  class Maintenance {
    @Test
    void checksStopAndGoOnAtOnceAfterwards() {
      Coordinator coordinator = addWithWeb();
      rig.started(checks(CheckKind.HTTP).make());
      coordinator.setAdminState(AdminState.MAINT, "test");
      rig.advance(Duration.ofHours(1));
      assertThat(rig.checks).hasSize(1);
      coordinator.setAdminState(AdminState.DRAIN, "test");
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      rig.untilChecks(2);
      coordinator.setAdminState(AdminState.READY, "test");
      rig.run();
      assertThat(rig.checks).hasSize(2);
      rig.checkAfter(INTER);
    }

    @Test
    void aCheckUnderWayIsEndedWithoutAResult() {
      web.manner = FakeServer.Manner.SILENCE;
      Coordinator coordinator = addWithWeb();
      var first = rig.checker(checks(CheckKind.HTTP).make()).start().toCompletableFuture();
      rig.until(() -> web.requests.size() == 1);
      coordinator.setAdminState(AdminState.MAINT, "test");
      rig.until(() -> web.left.get() == 1);
      assertThat(rig.checks).isEmpty();
      assertThat(first).isDone();
    }
  }

  @Nested
  class Reloads {
    private final CheckConfig before =
        checks(CheckKind.HTTP).riseAndFall(1, 1).slowstart(Duration.ofSeconds(10)).make();
    private final CheckConfig after =
        checks(CheckKind.HTTP).riseAndFall(1, 2).slowstart(Duration.ofSeconds(10)).make();

    private Coordinator withAClosedPort() {
      Coordinator coordinator = rig.add(web.port(), Map.of(HIVESERVER2, closed.port()));
      fails(rig.started(before), 1, HIVESERVER2, ConnectFailure.REFUSED);
      assertThat(coordinator.isOpen(HIVESERVER2)).isFalse();
      return coordinator;
    }

    private void opensWhenItIsBack(Coordinator coordinator) throws IOException {
      try (FakeServer back = closed.open()) {
        rig.pass(DOWNINTER.multipliedBy(2));
        assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
        rig.until(() -> back.connections.get() == 1);
      }
    }

    @Test
    void aClosedPortOfOneInMaintenanceIsTriedAfterwards() throws IOException {
      Coordinator coordinator = withAClosedPort();
      coordinator.setAdminState(AdminState.MAINT, "test");
      rig.reload(after);
      rig.run();
      coordinator.setAdminState(AdminState.READY, "test");
      opensWhenItIsBack(coordinator);
    }

    @Test
    void aClosedPortOfOneThatIsDownIsTriedStill() throws IOException {
      Coordinator coordinator = withAClosedPort();
      web.answer = NOT_AVAILABLE;
      rig.checkAfter(FASTINTER);
      assertThat(coordinator.status()).isEqualTo(Status.DOWN);
      rig.reload(after);
      rig.untilChecks(3);
      web.answer = OK;
      opensWhenItIsBack(coordinator);
    }

    @Test
    void withoutChecksNoPortIsClosed() {
      Coordinator coordinator = withAClosedPort();
      rig.reload(checks(CheckKind.NONE).make());
      rig.run();
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
    }

    @Test
    void theShareOfOneInMaintenanceGrows() {
      Coordinator coordinator = addWithWeb();
      rig.started(before);
      web.answer = NOT_AVAILABLE;
      rig.checkAfter(INTER);
      web.answer = OK;
      rig.checkAfter(Duration.ofSeconds(3));
      assertThat(coordinator.sharePercent()).isEqualTo(1);
      coordinator.setAdminState(AdminState.MAINT, "test");
      rig.reload(after);
      rig.pass(Duration.ofSeconds(11));
      assertThat(coordinator.sharePercent()).isEqualTo(100);
    }

    @Test
    void whatPeopleSayMeanwhileIsNotLost() {
      Coordinator coordinator = addWithWeb();
      HealthChecker checker = rig.started(before);
      rig.reload(after);
      checker.force(coordinator, false, "night shift");
      rig.untilChecks(2);
      assertThat(rig.changes).contains("UP -> DOWN (night shift)");
      assertThat(coordinator.status()).as("the check found it UP").isEqualTo(Status.UP);
    }
  }

  @Nested
  class Sessions {
    @ParameterizedTest
    @EnumSource(OnError.class)
    void aRefusedPortIsClosedAndTheProcessStaysUp(OnError onError) {
      Coordinator coordinator =
          rig.add(web.port(), Map.of(BEESWAX, closed.port(), HIVESERVER2, hiveserver2.port()));
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).onError(10, onError).make());
      fails(checker, 2, BEESWAX, ConnectFailure.REFUSED);
      assertThat(coordinator.isOpen(BEESWAX)).isTrue();
      fails(checker, 100, BEESWAX, ConnectFailure.REFUSED);
      assertThat(coordinator.isOpen(BEESWAX)).isFalse();
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
      for (int i = 0; i < 5; i++) {
        rig.checkAfter(INTER);
        fails(checker, 100, BEESWAX, ConnectFailure.REFUSED);
      }
      assertThat(coordinator.status()).isEqualTo(Status.UP);
      assertThat(rig.changes)
          .containsExactly(
              "CHECKING -> UP (http status 200, the first check)",
              "beeswax OPEN -> CLOSED"
                  + " (3 connects of sessions failed in a row, the last refused)");
    }

    @Test
    void aClosedPortIsOpenedByOneTrialEachDowninter() throws IOException {
      Coordinator coordinator = rig.add(web.port(), Map.of(HIVESERVER2, closed.port()));
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).make());
      fails(checker, 3, HIVESERVER2, ConnectFailure.REFUSED);
      rig.pass(DOWNINTER);
      assertThat(coordinator.isOpen(HIVESERVER2)).isFalse();
      try (FakeServer back = closed.open()) {
        rig.pass(DOWNINTER.minus(Duration.ofMillis(50)));
        assertThat(back.connections).hasValue(0);
        rig.pass(Duration.ofMillis(50));
        assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
        rig.until(() -> back.connections.get() == 1);
        rig.pass(DOWNINTER.multipliedBy(2));
        assertThat(back.connections).hasValue(1);
      }
      // It begins anew.
      fails(checker, 2, HIVESERVER2, ConnectFailure.REFUSED);
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
    }

    @Test
    void aClosedPortBringsTheNextCheckForward() {
      addWithWeb();
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).make());
      fails(checker, 3, HIVESERVER2, ConnectFailure.REFUSED);
      rig.advance(FASTINTER.minus(INSTANT));
      assertThat(rig.checks).hasSize(1);
      rig.checkAfter(INSTANT);
    }

    @Test
    void aSuccessBeginsTheRowAnew() {
      Coordinator coordinator = addWithWeb();
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).make());
      for (int i = 0; i < 5; i++) {
        fails(checker, 2, HIVESERVER2, ConnectFailure.REFUSED);
        checker.connected(coordinator, HIVESERVER2);
      }
      rig.run();
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"FASTINTER, 3", "FAIL_CHECK, 2", "SUDDEN_DEATH, 1", "MARK_DOWN, 0"})
    void withTcpChecksTheLimitActsOnTheProcess(OnError onError, int badChecksNeeded)
        throws IOException {
      Coordinator coordinator = rig.add(null, Map.of(HIVESERVER2, hiveserver2.port()));
      HealthChecker checker = rig.started(checks(CheckKind.TCP).onError(4, onError).make());
      hiveserver2.die();
      fails(checker, 4, HIVESERVER2, ConnectFailure.TIMEOUT);
      for (int i = badChecksNeeded; i > 0; i--) {
        assertThat(coordinator.status()).isEqualTo(Status.UP);
        rig.checkAfter(FASTINTER);
      }
      assertThat(coordinator.status()).isEqualTo(Status.DOWN);
      assertThat(rig.changes).hasSize(2);
    }

    @Test
    void markDownSaysWhy() {
      rig.add(null, Map.of(HIVESERVER2, hiveserver2.port()));
      CheckConfig config = checks(CheckKind.TCP).onError(4, OnError.MARK_DOWN).make();
      fails(rig.started(config), 4, HIVESERVER2, ConnectFailure.TIMEOUT);
      assertThat(rig.coordinator().statusReason())
          .isEqualTo(
              "4 connects of sessions failed in a row, the last timeout, on-error mark-down");
    }

    @Test
    void ourOwnShortageDoesNotCount() {
      Coordinator coordinator = addWithWeb();
      HealthChecker checker = rig.started(checks(CheckKind.HTTP).make());
      fails(checker, 100, HIVESERVER2, ConnectFailure.NO_RESOURCES);
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
    }
  }

  @Nested
  class Consequences {
    private void goDownAndUp() {
      web.answer = NOT_AVAILABLE;
      rig.checkAfter(INTER);
      web.answer = OK;
      // At 2 s it went down; 5 s is the moment nearest to one downinter later.
      rig.checkAfter(Duration.ofSeconds(3));
    }

    @Test
    void theShareOfOneThatCameUpGrows() {
      Coordinator coordinator = addWithWeb();
      Duration over = Duration.ofSeconds(10);
      rig.started(checks(CheckKind.HTTP).riseAndFall(1, 1).slowstart(over).make());
      assertThat(coordinator.sharePercent()).isEqualTo(100);
      goDownAndUp();
      assertThat(coordinator.sharePercent()).isEqualTo(1);
      rig.pass(over.dividedBy(20));
      assertThat(coordinator.sharePercent()).isEqualTo(5);
      for (int i = 0; i < 18; i++) {
        rig.pass(over.dividedBy(20));
      }
      assertThat(coordinator.sharePercent()).isEqualTo(95);
      rig.pass(over.dividedBy(20));
      assertThat(coordinator.sharePercent()).isEqualTo(100);
    }

    @Test
    void sessionsAreKept() {
      addWithWeb();
      rig.started(checks(CheckKind.HTTP).riseAndFall(1, 1).make());
      goDownAndUp();
      assertThat(rig.changes).hasSize(3);
      assertThat(rig.sessionsClosed).isEmpty();
    }

    @Test
    void sessionsAreClosedOnDemand() {
      addWithWeb();
      rig.started(
          checks(CheckKind.HTTP)
              .riseAndFall(1, 1)
              .onMarkedDown(OnMarkedDown.SHUTDOWN_SESSIONS)
              .make());
      goDownAndUp();
      assertThat(rig.sessionsClosed).containsExactly(rig.coordinator());
    }
  }

  @Nested
  class Times {
    @Test
    void startIsDoneWhenEveryFirstCheckHasEnded() {
      addWithWeb();
      rig.add(hiveserver2.port(), Map.of());
      hiveserver2.manner = FakeServer.Manner.SILENCE;
      var first = rig.checker(checks(CheckKind.HTTP).make()).start().toCompletableFuture();
      rig.until(() -> rig.checks.size() == 1 && hiveserver2.requests.size() == 1);
      assertThat(first).isNotDone();
      rig.advance(TIMEOUT);
      assertThat(first).isDone();
    }

    @Test
    void aHundredCoordinatorsAreCheckedTwentyAtOnce() {
      for (int i = 0; i < 100; i++) {
        TestCoordinators.notResolved(rig.addUnresolved(1, Map.of()), "unknown host");
      }
      rig.checker(checks(CheckKind.HTTP).make()).start();
      for (int milli = 0; milli < 20_000; milli++) {
        rig.advance(INSTANT);
      }
      assertThat(mostAtOnce(checksFrom(0, 1))).isLessThanOrEqualTo(1);
      assertThat(checksFrom(0, 1)).hasSize(100);
      assertThat(mostAtOnce(checksFrom(10, 15))).isEqualTo(20);
      assertThat(checksFrom(10, 15)).hasSize(100);
    }

    private List<Rig.Ended> checksFrom(int fromSeconds, int toSeconds) {
      return rig.checks.stream()
          .filter(c -> c.atNanos() > fromSeconds * 1_000_000_000L)
          .filter(c -> c.atNanos() <= toSeconds * 1_000_000_000L)
          .toList();
    }

    private static long mostAtOnce(List<Rig.Ended> checks) {
      return checks.stream()
          .collect(Collectors.groupingBy(Rig.Ended::atNanos, Collectors.counting()))
          .values()
          .stream()
          .max(Long::compare)
          .orElse(0L);
    }

    @ParameterizedTest
    @CsvSource({
      // now, interval, phase, next
      "0, 1000, 0.0, 1000",
      "1, 1000, 0.0, 1000",
      "499, 1000, 0.0, 1000",
      "501, 1000, 0.0, 2000",
      "1000, 1000, 0.25, 2250",
      "-7000, 1000, 0.25, -5750",
      "1250, 1000, 0.25, 2250",
    })
    void theNextCheckKeepsItsPhase(long now, long interval, double phase, long next) {
      assertThat(now + CoordinatorWatch.untilNext(now, interval, phase)).isEqualTo(next);
    }

    @Test
    void closeEndsEverything() {
      web.manner = FakeServer.Manner.SILENCE;
      Coordinator coordinator =
          rig.add(web.port(), Map.of(BEESWAX, closed.port(), HIVESERVER2, hiveserver2.port()));
      web.manner = FakeServer.Manner.ANSWER;
      HealthChecker checker =
          rig.started(checks(CheckKind.HTTP).slowstart(Duration.ofMinutes(1)).make());
      fails(checker, 3, BEESWAX, ConnectFailure.REFUSED);
      web.manner = FakeServer.Manner.SILENCE;
      rig.advance(FASTINTER);
      rig.until(() -> web.requests.size() == 2);

      checker.close();

      rig.until(() -> web.left.get() == 2);
      rig.advance(Duration.ofDays(1));
      assertThat(coordinator.isOpen(BEESWAX)).isFalse();
      fails(checker, 3, HIVESERVER2, ConnectFailure.REFUSED);
      coordinator.setAdminState(AdminState.MAINT, "test");
      coordinator.setAdminState(AdminState.READY, "test");
      rig.advance(Duration.ofDays(1));
      assertThat(coordinator.isOpen(HIVESERVER2)).isTrue();
      assertThat(rig.checks).hasSize(1);
      assertThat(web.connections).hasValue(2);
    }
  }
}
