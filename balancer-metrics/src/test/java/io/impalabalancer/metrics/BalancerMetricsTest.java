package io.impalabalancer.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.ConnectFailure;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Phase;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BalancerMetricsTest {
  private static final String ON_C1 = "{coordinator=\"c1\",listener=\"jdbc\"";
  private static final Pattern SAMPLE = Pattern.compile("(?m)^(impala\\w+)(?:\\{(.*)})? (\\S+)$");
  private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (\\w+) (\\w+)$");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");
  private static final Pattern MANUAL_ROW =
      Pattern.compile("(?m)^\\| `(impala_balancer_\\w+)` \\| (\\w+) \\|([^|]*)\\|([^|]*)\\|");

  private final Balancer balancer = TestBalancer.withJdbc("");
  private final Coordinator c1 = balancer.coordinators().get(0);
  private final Listener jdbc = balancer.listeners().get(0);
  private final AtomicLong droppedLines = new AtomicLong(7);
  private final BalancerMetrics metrics = new BalancerMetrics(balancer, "1.2.3", droppedLines::get);

  @AfterEach
  void close() {
    metrics.close();
    balancer.close();
  }

  @Test
  void anEndedSessionCountsUnderItsListenerItsCoordinatorAndItsTermination() {
    FakeSession session = new FakeSession(jdbc, c1);
    session.termination = Termination.SERVER_TIMEOUT;
    metrics.sessionEnded(session);
    metrics.sessionEnded(session);

    assertThat(sample("sessions_ended_total" + ON_C1 + ",termination=\"server-timeout\"}"))
        .isEqualTo(2);
    assertThat(sample("sessions_ended_total" + ON_C1 + ",termination=\"completed\"}")).isZero();
    assertThat(sample("session_duration_seconds_count" + ON_C1 + "}")).isEqualTo(2);
    assertThat(sample("session_duration_seconds_sum" + ON_C1 + "}")).isEqualTo(0.5);
    assertThat(sample("session_duration_seconds_bucket" + ON_C1 + ",le=\"0.1\"}")).isZero();
    assertThat(sample("session_duration_seconds_bucket" + ON_C1 + ",le=\"1.0\"}")).isEqualTo(2);
  }

  @Test
  void aSessionThatNeverHadACoordinatorCountsUnderAnEmptyOne() {
    metrics.sessionEnded(
        FakeSession.withoutCoordinator(jdbc, Termination.QUEUE_TIMEOUT, Phase.QUEUE));

    assertThat(
            sample(
                "sessions_ended_total"
                    + "{coordinator=\"\",listener=\"jdbc\",termination=\"queue-timeout\"}"))
        .isEqualTo(1);
  }

  @Test
  void connectTimeAndWaitAreKnownAsSoonAsASessionIsAssigned() {
    FakeSession atOnce = new FakeSession(jdbc, c1);
    atOnce.connectNanos = FakeSession.millis(3);
    FakeSession waited = new FakeSession(jdbc, c1);
    waited.connectNanos = FakeSession.millis(400);
    waited.queueNanos = FakeSession.millis(2000);
    metrics.sessionAssigned(atOnce);
    metrics.sessionAssigned(waited);

    assertThat(sample("session_connect_seconds_count" + ON_C1 + "}")).isEqualTo(2);
    assertThat(sample("session_connect_seconds_bucket" + ON_C1 + ",le=\"0.005\"}")).isEqualTo(1);
    assertThat(sample("session_connect_seconds_bucket" + ON_C1 + ",le=\"0.5\"}")).isEqualTo(2);
    assertThat(sample("listener_queue_wait_seconds_count{listener=\"jdbc\"}")).isEqualTo(1);
    assertThat(sample("listener_queue_wait_seconds_sum{listener=\"jdbc\"}")).isEqualTo(2);
  }

  @Test
  void whatIsConfiguredIsShown() {
    assertThat(sample("coordinator_session_limit{coordinator=\"c1\"}")).isEqualTo(60);
    assertThat(sample("listener_session_limit{listener=\"jdbc\"}")).isEqualTo(1000);
    assertThat(sample("member_weight" + ON_C1 + "}")).isEqualTo(100);
    assertThat(metrics.scrape(null).text())
        .contains("impala_balancer_build_info{java=\"" + Runtime.version() + "\"");
  }

  @Test
  void everyAxisOfACoordinatorIsShownByItself() {
    assertThat(sample("coordinator_status{coordinator=\"c1\",state=\"checking\"}")).isEqualTo(1);
    await().until(() -> sample("coordinator_resolved{coordinator=\"c1\"}") == 1);
    assertThat(sample("listener_available{listener=\"jdbc\"}")).isZero();

    c1.setStatus(Coordinator.Status.UP, "test");
    assertThat(sample("listener_available{listener=\"jdbc\"}")).isEqualTo(1);
    c1.setAdminState(AdminState.DRAIN, "test");
    c1.setOpen(Protocol.BEESWAX, false, "test");
    c1.setSharePercent(25);

    assertThat(sample("coordinator_status{coordinator=\"c1\",state=\"checking\"}")).isZero();
    assertThat(sample("coordinator_status{coordinator=\"c1\",state=\"up\"}")).isEqualTo(1);
    assertThat(sample("coordinator_status{coordinator=\"c1\",state=\"down\"}")).isZero();
    assertThat(sample("coordinator_admin{coordinator=\"c1\",state=\"drain\"}")).isEqualTo(1);
    assertThat(sample("coordinator_admin{coordinator=\"c1\",state=\"ready\"}")).isZero();
    assertThat(sample("coordinator_port_open{coordinator=\"c1\",protocol=\"beeswax\"}")).isZero();
    assertThat(sample("coordinator_port_open{coordinator=\"c1\",protocol=\"hiveserver2\"}"))
        .isEqualTo(1);
    assertThat(sample("coordinator_share_ratio{coordinator=\"c1\"}")).isEqualTo(0.25);
  }

  @Test
  void aChangeOfStateIsDated() {
    String status = "coordinator_changed_timestamp_seconds{axis=\"status\",coordinator=\"c1\"}";
    String admin = "coordinator_changed_timestamp_seconds{axis=\"admin\",coordinator=\"c1\"}";
    double started = sample(status);
    double adminStarted = sample(admin);
    assertThat(started).isCloseTo(System.currentTimeMillis() / 1e3, offset(60.0));

    long startedMillis = Math.round(started * 1e3);
    await().until(() -> System.currentTimeMillis() > startedMillis);
    balancer.addListener(metrics);
    c1.setStatus(Coordinator.Status.DOWN, "test");

    assertThat(sample(status)).isGreaterThan(started);
    assertThat(sample(admin)).isEqualTo(adminStarted);
  }

  @Test
  void checksCountByResultAndConnectErrorsByReason() {
    metrics.checked(c1, report("ok", FakeSession.millis(10)));
    metrics.checked(c1, report("timeout", FakeSession.millis(2000)));
    metrics.connectFailed(c1, Protocol.HIVESERVER2, ConnectFailure.REFUSED);

    assertThat(sample("coordinator_checks_total{coordinator=\"c1\",result=\"ok\"}")).isEqualTo(1);
    assertThat(sample("coordinator_checks_total{coordinator=\"c1\",result=\"timeout\"}"))
        .isEqualTo(1);
    assertThat(sample("coordinator_check_duration_seconds_sum{coordinator=\"c1\"}"))
        .isEqualTo(2.01);
    assertThat(
            sample(
                "coordinator_connect_errors_total"
                    + "{coordinator=\"c1\",protocol=\"hiveserver2\",reason=\"refused\"}"))
        .isEqualTo(1);
  }

  @Test
  void nothingIsLostToTheGarbageCollector() {
    Map<Protocol, Facts.Port> ports = new EnumMap<>(Protocol.class);
    for (Protocol protocol : Protocol.values()) {
      ports.put(protocol, new Facts.Port(64, 10, 0));
    }
    Facts known = new Facts("", "", "", false, "", 3, 2, 0, "s1", 100, 5, 90, 1, 1, 50, 80, ports);
    balancer.coordinators().forEach(coordinator -> coordinator.setFacts(known));
    System.gc();

    assertThat(sample("session_log_dropped_lines_total")).isEqualTo(7);
    assertThat(samples()).doesNotContainValue(Double.NaN);
    assertThat(sample("coordinator_catalog_cache_hits_ratio{coordinator=\"c1\"}")).isEqualTo(0.9);
    assertThat(sample("coordinator_catalog_lag{coordinator=\"c1\"}")).isEqualTo(5);
  }

  @Test
  void recordingASessionAllocatesNothing() {
    FakeSession session = new FakeSession(jdbc, c1);
    session.queueNanos = 5;
    record(session, 100_000);
    long before = allocated();
    record(session, 10_000);

    assertThat((allocated() - before) / 10_000).isZero();
  }

  private void record(SessionView session, int times) {
    for (int i = 0; i < times; i++) {
      metrics.sessionAssigned(session);
      metrics.sessionEnded(session);
    }
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void whatAThreadHasAllocatedCountsAlsoWhenItHasEnded() throws InterruptedException {
    String ofOthers = "jvm_allocated_bytes_total{threads=\"other\"}";
    CountDownLatch allocated = new CountDownLatch(1);
    CountDownLatch seen = new CountDownLatch(1);
    Thread thread =
        new Thread(() -> {
          assertThat(new byte[64 << 20]).isNotNull();
          allocated.countDown();
          try {
            seen.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    thread.start();
    allocated.await();
    double whileItLived = sample(ofOthers);
    seen.countDown();
    thread.join();
    assertThat(sample(ofOthers)).isGreaterThanOrEqualTo(whileItLived);
  }

  @Test
  void openMetricsIsGivenToThoseWhoAskForIt() {
    Scrape plain = metrics.scrape(null);
    assertThat(plain.contentType()).startsWith("text/plain; version=0.0.4");
    assertThat(plain.text()).doesNotContain("# EOF");

    Scrape open = metrics.scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assertThat(open.contentType()).startsWith("application/openmetrics-text; version=1.0.0");
    assertThat(open.text()).endsWith("# EOF\n");
  }

  @Test
  void afterCloseNothingIsLeft() {
    metrics.close();

    assertThat(metrics.scrape(null).text()).isEmpty();
  }

  @Test
  void promtoolFindsNothingToSay() throws IOException, InterruptedException {
    metrics.checked(c1, report("refused", 1));
    Process promtool = promtool();
    promtool.getOutputStream().write(metrics.scrape(null).text().getBytes(StandardCharsets.UTF_8));
    promtool.getOutputStream().close();
    String said =
        new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();

    assertThat(promtool.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(said).isEmpty();
    assertThat(promtool.exitValue()).isZero();
  }

  private static Process promtool() throws IOException {
    try {
      return new ProcessBuilder("promtool", "check", "metrics").redirectErrorStream(true).start();
    } catch (IOException e) {
      if ("true".equals(System.getenv("IMPALA_BALANCER_REQUIRE_ALL"))) {
        throw e;
      }
      assumeTrue(false, "promtool is missing");
      throw e;
    }
  }

  @Test
  void theManualListsExactlyTheMetricsThereAre() throws IOException {
    metrics.started("hash");
    metrics.pageFailed(c1, "/?json", "timeout");
    metrics.setDiscovery(() -> new Discovered(0, 0, 0, 0, 0));
    String text = metrics.scrape(null).text();
    Map<String, String> types = new TreeMap<>();
    TYPE.matcher(text).results().forEach(type -> types.put(type.group(1), type.group(2)));
    Map<String, String> scraped = new TreeMap<>();
    types.forEach((name, type) -> scraped.put(name, type + " " + labels(text, name)));

    String manual = Files.readString(Path.of("../docs/metrics.md"));
    Map<String, String> documented = new TreeMap<>();
    MANUAL_ROW
        .matcher(manual)
        .results()
        .forEach(row ->
            documented.put(row.group(1), row.group(2) + " " + new TreeSet<>(words(row.group(4)))));

    assertThat(documented).containsExactlyInAnyOrderEntriesOf(scraped);
  }

  private static Set<String> labels(String text, String family) {
    Set<String> labels = new TreeSet<>();
    Pattern.compile("(?m)^" + family + "(?:_bucket|_count|_sum)?\\{(.*)} ")
        .matcher(text)
        .results()
        .flatMap(sample -> LABEL.matcher(sample.group(1)).results())
        .map(label -> label.group(1))
        .filter(label -> !label.equals("le"))
        .forEach(labels::add);
    return labels;
  }

  private static List<String> words(String cell) {
    return Pattern.compile("`(\\w+)`").matcher(cell).results().map(w -> w.group(1)).toList();
  }

  /** Returns the value of one time series, its name without the prefix. */
  private double sample(String series) {
    Double value = samples().get("impala_balancer_" + series);
    assertThat(value).as("impala_balancer_" + series).isNotNull();
    return value == null ? Double.NaN : value;
  }

  private Map<String, Double> samples() {
    Map<String, Double> samples = new TreeMap<>();
    for (MatchResult sample : SAMPLE.matcher(metrics.scrape(null).text()).results().toList()) {
      String labels = sample.group(2) == null ? "" : "{" + sample.group(2) + "}";
      samples.put(sample.group(1) + labels, Double.valueOf(sample.group(3)));
    }
    return samples;
  }

  private static CheckReport report(String result, long durationNanos) {
    return new CheckReport(CheckKind.HTTP, result, "", durationNanos, 0);
  }
}
