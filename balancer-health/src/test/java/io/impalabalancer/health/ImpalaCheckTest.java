package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static io.impalabalancer.config.Protocol.HIVESERVER2_HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckKind;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.TestCoordinators;
import io.impalabalancer.core.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImpalaCheckTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final String ROOT = "/?json";
  private static final String METRICS = "/jsonmetrics?json";

  private final Rig rig = new Rig();
  private FakePages pages;
  private FakePages otherPages;
  private FakeServer port;
  private ClosedPort closed;

  @BeforeEach
  void startServers() throws IOException {
    pages = new FakePages();
    otherPages = new FakePages();
    port = new FakeServer();
    closed = new ClosedPort();
  }

  @AfterEach
  void stopServers() throws IOException {
    rig.close();
    pages.close();
    otherPages.close();
    port.close();
    closed.close();
  }

  private Coordinator started() {
    Coordinator coordinator = rig.add(pages.port(), Map.of(HIVESERVER2, port.port()));
    rig.started(new Checks().type(CheckKind.IMPALA).make());
    return coordinator;
  }

  /** Lets so many more checks of the only coordinator end. */
  private void checks(int count) {
    for (int i = 0; i < count; i++) {
      rig.checkAfter(SECOND);
    }
  }

  private static String registered(int number) {
    return "shutdown grace period left: 1m59s, deadline left: 59m59s, queries registered on"
        + " coordinator: "
        + number
        + ", queries executing: 0, fragment instances: 0";
  }

  @Test
  void readsItsPagesAndItsFlagsOnceAndNeverTouchesAClientPort() {
    Coordinator coordinator = started();
    checks(3);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    assertThat(pages.asked)
        .containsExactly(ROOT, "/varz?json", METRICS, ROOT, METRICS, ROOT, METRICS, ROOT, METRICS);
    assertThat(port.connections).hasValue(0);
    assertThat(rig.changes)
        .containsExactly(
            "UNKNOWN -> OPEN (its pages say nothing else)",
            "CHECKING -> UP (its page says that it is ready, the first check)");
    Facts facts = coordinator.facts();
    assertThat(facts.problem()).isEmpty();
    assertThat(facts.version()).isEqualTo("impalad version 4.5.0-RELEASE RELEASE (build x)");
    assertThat(facts.queriesRegistered()).isEqualTo(3);
    assertThat(facts.ports().get(HIVESERVER2)).isEqualTo(new Facts.Port(64, 0, 0));
  }

  @Test
  void oneThatIsShuttingDownIsNotGivenNewSessionsThoughItsProcessIsUp() {
    Coordinator coordinator = started();
    pages.root.put("is_quiescing", "true");
    pages.root.put("shutdown_status", FakePages.text(registered(7)));
    checks(1);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.QUIESCING);
    assertThat(coordinator.verdictReason()).contains("grace period left: 1m59s");
    pages.root.put("shutdown_status", FakePages.text(registered(6)));
    checks(1);
    assertThat(coordinator.verdictReason()).contains("coordinator: 6");
    assertThat(coordinator.facts().shutdown()).contains("coordinator: 6");
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(rig.changes).filteredOn(c -> c.contains("QUIESCING")).hasSize(1);
  }

  @Test
  void whatItSaysIsOneLineThatIsNotLong() {
    Coordinator coordinator = started();
    pages.root.put("is_quiescing", "true");
    pages.root.put("shutdown_status", "\"soon\\nevent=forged reason=\\\"x\\\"\"");
    checks(1);
    assertThat(coordinator.verdictReason()).isEqualTo("soon event=forged reason='x'");
    pages.root.put("shutdown_status", "\"" + "x".repeat(1_000_000) + "\"");
    checks(1);
    assertThat(coordinator.verdictReason()).hasSizeLessThan(1000);
  }

  @Test
  void itsLoadIsWhatItsPageTellsUntilThatIsSilent() {
    Coordinator coordinator = started();
    assertThat(coordinator.load().told()).isEqualTo(2.5);
    pages.metrics.put("impala-server.num-queries-registered", "2");
    checks(1);
    assertThat(coordinator.load().told()).isEqualTo(2);
    pages.otherwise.put(METRICS, FakePages.of(500, ""));
    checks(2);
    assertThat(coordinator.load().told()).as("for a while it holds").isEqualTo(2);
    assertThat(coordinator.load().age()).isEqualTo(Duration.ofSeconds(2));
    checks(1);
    assertThat(coordinator.load().told()).isNegative();
    pages.otherwise.clear();
    checks(1);
    pages.otherwise.put(ROOT, FakePages.of(500, ""));
    checks(2);
    assertThat(coordinator.load().told()).isEqualTo(2);
    checks(1);
    assertThat(coordinator.load().told()).isNegative();
  }

  @Test
  void whileItIsNotCheckedItsLoadIsNotKnown() {
    Coordinator coordinator = rig.add(pages.port(), Map.of(HIVESERVER2, port.port()));
    HealthChecker checker = rig.started(new Checks().type(CheckKind.IMPALA).make());
    assertThat(coordinator.load().told()).isEqualTo(2.5);
    checker.setEnabled(coordinator, false, "night shift");
    rig.run();
    assertThat(coordinator.load().told()).isNegative();
    checker.setEnabled(coordinator, true, "day shift");
    rig.untilChecks(2);
    assertThat(coordinator.load().told()).isEqualTo(2.5);
  }

  @Test
  void withOtherChecksNothingIsLeftOfItsWord() {
    Coordinator coordinator = started();
    rig.reload(new Checks().type(CheckKind.HTTP).make());
    rig.run();
    assertThat(coordinator.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(coordinator.load().told()).isNegative();
    assertThat(coordinator.facts()).isEqualTo(Facts.NONE);
  }

  @Test
  void anExecutorIsNoCoordinator() {
    pages.root.put("is_coordinator", "false");
    pages.root.put("is_executor", "true");
    assertThat(started().verdict()).isEqualTo(Verdict.NOT_A_COORDINATOR);
  }

  @Test
  void oneThatExecutesTooServes() {
    pages.root.put("is_executor", "true");
    Coordinator coordinator = started();
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    assertThat(coordinator.facts().executor()).isTrue();
  }

  @Test
  void oneThatIsNotReadyIsDown() {
    pages.metrics.put("impala-server.ready", "false");
    Coordinator coordinator = started();
    assertThat(coordinator.status()).isEqualTo(Status.DOWN);
    pages.metrics.put("impala-server.ready", "true");
    rig.checkAfter(Duration.ofSeconds(5));
    rig.checkAfter(Duration.ofMillis(500));
    assertThat(coordinator.status()).isEqualTo(Status.UP);
  }

  @Test
  void withoutMetricsTheCheckPathSaysWhetherItIsReady() {
    pages.otherwise.put(METRICS, FakePages.of(404, "none"));
    pages.otherwise.put("/healthz", FakePages.of(503, "Not Available"));
    Coordinator coordinator = started();
    assertThat(coordinator.status()).isEqualTo(Status.DOWN);
    assertThat(rig.results()).containsExactly("bad-status");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401 | no                                 | login",
        "404 | no such page                       | bad-status",
        "302 | elsewhere                          | bad-status",
        "200 | <html><body>Impala</body></html>   | bad-answer",
        "200 | {\"version\": \"impalad            | bad-answer",
        "200 | []                                 | bad-answer",
        "200 | {\"hello\": 1}                     | bad-answer",
        "200 | ''                                 | bad-answer",
      })
  void aPageThatSaysNothingTakesNobodyDownAndIsToldOnce(int status, String body, String result) {
    Coordinator coordinator = started();
    pages.otherwise.put(ROOT, FakePages.of(status, body));
    checks(2);
    assertThat(coordinator.verdict()).as("for a while the last word holds").isEqualTo(Verdict.OPEN);
    checks(8);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(rig.changes).filteredOn(c -> c.startsWith("OPEN -> UNKNOWN")).hasSize(1);
    assertThat(rig.pagesFailed).hasSize(10).containsOnly("c1 /?json " + result);
    assertThat(port.connections).as("/healthz was enough").hasValue(0);
    pages.otherwise.clear();
    checks(1);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTML", "TEXT", "NEGATIVE", "NOTHING", "NESTED", "HUGE"})
  void strangeMetricsAreUnknownNumbers(String manner) {
    Coordinator coordinator = started();
    String body =
        switch (manner) {
          case "HTML" -> "<html>";
          case "TEXT" -> "{\"impala-server.ready\": \"true\", \"catalog.curr-version\": \"100\"}";
          case "NEGATIVE" -> "{\"impala-server.ready\": true, \"catalog.curr-version\": -5}";
          case "NOTHING" -> "{}";
          case "NESTED" -> "{\"impala-server.ready\": {}, \"catalog.curr-version\": [[]]}";
          default -> "{\"impala-server.ready\": true, \"catalog.curr-version\": 1e400}";
        };
    pages.otherwise.put(METRICS, FakePages.of(200, body));
    checks(4);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    long expected = manner.equals("TEXT") ? 100 : Facts.UNKNOWN;
    assertThat(coordinator.facts().catalogVersion()).isEqualTo(expected);
  }

  @Test
  void aPageWithoutAnEndIsGivenUp() {
    pages.otherwise.put(
        ROOT,
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] spaces = " ".repeat(1 << 16).getBytes(StandardCharsets.US_ASCII);
          while (true) {
            exchange.getResponseBody().write(spaces);
          }
        });
    Coordinator coordinator = started();
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(coordinator.facts().problem()).contains("more than 8 MiB");
  }

  @Test
  void aPackedPageIsNotUnpacked() {
    pages.otherwise.put(
        ROOT,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          FakePages.send(exchange, 200, "what would be a gigabyte");
        });
    assertThat(started().facts().problem()).contains("packed by gzip, unasked for");
  }

  @Test
  void withoutAPageAnOpenPortIsUpAndIsConnectedToOnceAMinute() {
    Coordinator coordinator = rig.add(closed.port(), Map.of(HIVESERVER2, port.port()));
    rig.started(new Checks().type(CheckKind.IMPALA).make());
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.UNKNOWN);
    checks(59);
    assertThat(port.connections).hasValue(1);
    checks(10);
    assertThat(port.connections).hasValue(2);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
  }

  @Test
  void aSessionProvesAPortAsWell() {
    Coordinator coordinator = rig.add(null, Map.of(HIVESERVER2, port.port()));
    HealthChecker made = rig.checker(new Checks().type(CheckKind.IMPALA).make());
    made.connected(coordinator, HIVESERVER2);
    var first = made.start().toCompletableFuture();
    rig.until(first::isDone);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(port.connections).hasValue(0);
  }

  @Test
  void theHttpPortIsAskedForItsOptions() {
    Coordinator coordinator = rig.add(null, Map.of(HIVESERVER2_HTTP, port.port()));
    rig.started(new Checks().type(CheckKind.IMPALA).make());
    assertThat(coordinator.status()).isEqualTo(Status.UP);
    assertThat(port.requests.get(0)).startsWith("OPTIONS / HTTP/1.1\n");
  }

  @Test
  void oneThatDiesIsDownThoughItsPortsWereProvedJustNow() throws IOException {
    Coordinator coordinator = rig.add(pages.port(), Map.of(HIVESERVER2, port.port()));
    HealthChecker checker = rig.started(new Checks().type(CheckKind.IMPALA).make());
    checker.connected(coordinator, HIVESERVER2);
    pages.close();
    port.die();
    rig.checkAfter(SECOND);
    rig.checkAfter(Duration.ofMillis(500));
    rig.checkAfter(Duration.ofMillis(500));
    assertThat(coordinator.status()).isEqualTo(Status.DOWN);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void oneThatHasStartedAnewStartsSlowlyOnceItsCatalogIsReady() {
    Coordinator coordinator = started();
    pages.root.put("process_start_time", FakePages.text("2026-11-02 10:00:00.000"));
    pages.metrics.put("catalog.ready", "false");
    pages.threads = "32";
    checks(5);
    assertThat(coordinator.sharePercent()).isEqualTo(1);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.STRAINED);
    assertThat(coordinator.facts().ports()).containsEntry(HIVESERVER2, new Facts.Port(32, 0, 0));
    pages.metrics.put("catalog.ready", "true");
    checks(3);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    checks(30);
    assertThat(coordinator.sharePercent()).isBetween(45, 60);
    checks(30);
    assertThat(coordinator.sharePercent()).isEqualTo(100);
  }

  @Test
  void oneThatHasStartedAnewAndFallsSilentGetsItsShareAllTheSame() {
    Coordinator coordinator = started();
    pages.root.put("process_start_time", FakePages.text("2026-11-02 10:00:00.000"));
    pages.metrics.put("catalog.ready", "false");
    checks(1);
    pages.otherwise.put(ROOT, FakePages.of(500, ""));
    checks(2);
    assertThat(coordinator.sharePercent()).isEqualTo(1);
    checks(65);
    assertThat(coordinator.sharePercent()).isEqualTo(100);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
  }

  @Test
  void slotsAreTheThreadsLessAReserveAndWhatOthersUse() {
    pages.setInUse("hiveserver2-frontend", 10);
    Coordinator coordinator = started();
    assertThat(coordinator.slots().limit(HIVESERVER2)).isEqualTo(50);
    for (int i = 0; i < 10; i++) {
      TestCoordinators.awaitsAnswer(coordinator, HIVESERVER2);
      TestCoordinators.answered(coordinator, HIVESERVER2);
    }
    checks(1);
    assertThat(coordinator.slots().limit(HIVESERVER2)).isEqualTo(60);
    pages.setInUse("hiveserver2-frontend", 64);
    checks(1);
    assertThat(coordinator.slots().limit(HIVESERVER2)).isEqualTo(6);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "statestore-subscriber.connected                                        | false | 1",
        "catalog.ready                                                          | false | 1",
        "memory.total-used                                                      | 960   | 50",
        "impala.thrift-server.hiveserver2-frontend.connection-setup-queue-size  | 3     | 50",
      })
  void whatItIsShortOfTakesSomeOfItsWeight(String metric, String value, int percent) {
    Coordinator coordinator = started();
    String before = pages.metrics.put(metric, value);
    checks(1);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.STRAINED);
    assertThat(coordinator.verdictPercent()).isEqualTo(percent);
    pages.metrics.put(metric, before);
    checks(1);
    assertThat(coordinator.verdict()).as("not at once").isEqualTo(Verdict.STRAINED);
    checks(1);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    assertThat(coordinator.verdictPercent()).isEqualTo(100);
  }

  @Test
  void aFullAdmissionQueueStrains() {
    Coordinator coordinator = started();
    pages.metrics.put("admission-controller.pool-max-queued.root.bi", "20");
    pages.metrics.put("admission-controller.agg-num-queued.root.bi", "20");
    pages.metrics.put("admission-controller.local-num-queued.root.bi", "6");
    checks(1);
    assertThat(coordinator.verdictReason()).contains("pool root.bi is full");
    assertThat(coordinator.facts().queriesQueued()).isEqualTo(6);
  }

  @Test
  void onlyCollectingGarbageStrains() {
    Coordinator coordinator = started();
    pages.metrics.put("jvm.gc_time_millis", "800");
    checks(1);
    assertThat(coordinator.verdictReason()).contains("garbage for 80 %");
  }

  @Test
  void aLongSetupQueueStallsItsPortUntilItIsEmpty() {
    Coordinator coordinator = started();
    pages.setQueue("hiveserver2-frontend", 20);
    checks(1);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.STALLED);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.STRAINED);
    pages.setQueue("hiveserver2-frontend", 5);
    checks(6);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.STALLED);
    pages.setQueue("hiveserver2-frontend", 0);
    checks(2);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void aPortThatAnswersNobodyIsStalledUntilSomebodyIsAnsweredAndTheOtherPortStays() {
    Coordinator coordinator =
        rig.add(pages.port(), Map.of(HIVESERVER2, port.port(), HIVESERVER2_HTTP, closed.port()));
    rig.started(new Checks().type(CheckKind.IMPALA).make());
    TestCoordinators.awaitsAnswer(coordinator, HIVESERVER2);
    checks(4);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
    checks(2);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.STALLED);
    assertThat(coordinator.verdict(HIVESERVER2_HTTP)).isEqualTo(Verdict.OPEN);
    checks(6);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.STALLED);
    TestCoordinators.answered(coordinator, HIVESERVER2);
    checks(2);
    assertThat(coordinator.verdict(HIVESERVER2)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void anOldCatalogIsStaleUntilItHasCaughtUp() {
    Coordinator coordinator = started2();
    otherPages.metrics.put("catalog.curr-version", "105");
    both(50);
    assertThat(coordinator.facts().catalogLag()).isEqualTo(5);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    both(15);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.STALE);
    assertThat(rig.coordinators.get(1).verdict()).isEqualTo(Verdict.OPEN);
    pages.metrics.put("catalog.curr-version", "105");
    both(2);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
  }

  @Test
  void oneThatFollowsOrHasAnotherCatalogIsNotStale() {
    Coordinator coordinator = started2();
    for (int version = 101; version < 120; version++) {
      otherPages.metrics.put("catalog.curr-version", Integer.toString(version));
      pages.metrics.put("catalog.curr-version", Integer.toString(version - 1));
      both(5);
    }
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    otherPages.metrics.put("catalog.curr-serviceid", FakePages.text("s2"));
    otherPages.metrics.put("catalog.curr-version", "1000");
    both(70);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
  }

  @Test
  void theVersionsOfACatalogThatStartedAnewAreNotComparedWithTheOldOnes() {
    Coordinator coordinator = started2();
    otherPages.metrics.put("catalog.curr-version", "105");
    both(30);
    for (FakePages each : List.of(pages, otherPages)) {
      each.metrics.put("catalog.curr-serviceid", FakePages.text("s2"));
    }
    // It follows, and is one behind at each of its readings.
    for (int version = 2; version < 22; version++) {
      otherPages.metrics.put("catalog.curr-version", Integer.toString(version));
      pages.metrics.put("catalog.curr-version", Integer.toString(version - 1));
      both(2);
    }
    assertThat(coordinator.verdict()).isEqualTo(Verdict.OPEN);
    assertThat(rig.changes).noneMatch(change -> change.contains("STALE"));
  }

  @Test
  void anotherCoordinatorTellsOfOneWhosePagesAreSilent() {
    Coordinator coordinator = started2();
    otherPages.backends =
        "[{\"address\": \"127.0.0.1:27000\", \"webserver_url\": \"http://127.0.0.1:"
            + pages.port()
            + "\", \"is_coordinator\": true, \"is_quiescing\": true}]";
    both(2);
    // At the start one may have been read before the other.
    otherPages.asked.clear();
    both(2);
    assertThat(otherPages.asked).doesNotContain("/backends?json");
    pages.otherwise.put(ROOT, FakePages.of(401, ""));
    both(2);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.QUIESCING);
    both(10);
    assertThat(coordinator.verdict()).isEqualTo(Verdict.QUIESCING);
    assertThat(coordinator.status()).isEqualTo(Status.UP);
  }

  @Test
  void twoThatSayTheyAreTheSameAreToldOnce() {
    pages.metrics.put("statestore-subscriber.registration-id", FakePages.text("r1"));
    otherPages.metrics.put("statestore-subscriber.registration-id", FakePages.text("r1"));
    started2();
    both(5);
    assertThat(rig.pagesFailed)
        .hasSize(2)
        .contains("c1 /?json same-coordinator", "c2 /?json same-coordinator");
    assertThat(rig.coordinators).allMatch(c -> c.verdict() == Verdict.OPEN);
  }

  private Coordinator started2() {
    Coordinator coordinator = rig.add(pages.port(), Map.of(HIVESERVER2, port.port()));
    rig.add(otherPages.port(), Map.of(HIVESERVER2, port.port()));
    rig.started(new Checks().type(CheckKind.IMPALA).make());
    return coordinator;
  }

  /** Lets so many seconds pass, in each of which both are checked. */
  private void both(int seconds) {
    for (int i = 0; i < 2 * seconds; i++) {
      rig.checkAfter(Duration.ofMillis(500));
    }
  }
}
