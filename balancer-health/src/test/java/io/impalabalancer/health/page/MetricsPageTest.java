package io.impalabalancer.health.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quick way through a metrics page finds what the thorough one finds. */
class MetricsPageTest {
  private static final String PAGE =
      """
      {
          "__common__": {"navbar": [{"title": "a \\"quoted\\" one", "link": "/"}, []], "x": {}},
          "impala-server.ready": true,
          "catalog.ready": false ,
          "catalog.curr-serviceid": "s1:s2",
          "catalog.curr-version": 123456789,
          "catalog.cache.hit-rate": 0.75,
          "impala-server.num-queries-registered": -3,
          "impala-server.backend-num-queries-executing": "17",
          "impala.thrift-server.hiveserver2-frontend.connections-in-use": 12,
          "impala.thrift-server.hiveserver2-frontend.connections-in-use-not": 13,
          "impala.thrift-server.hiveserver2-frontend.connection-setup-queue-size": 1e2,
          "admission-controller.local-num-queued.root.b\u00fcro": 3,
          "admission-controller.local-num-queued.root.bi": 4,
          "admission-controller.agg-num-queued.root.bi": 20,
          "admission-controller.pool-max-queued.root.bi": 20,
          "admission-controller.local-num-running.root.bi": 5,
          "memory.total-used": null,
          "mem-tracker.process.limit": {"value": 5},
          "jvm.gc_time_millis": [1, -2.5e+3, "\\\\"],
          "some.other": "\\u0041\\n"
      }
      """;

  private static MetricsPage parse(String text) throws PageException {
    return MetricsPage.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  /** An escape in a name is for the thorough way. */
  private static String thorough(String page) {
    return page.replaceFirst("\\{", "{\"\\\\u0061\": 1, ");
  }

  @Test
  void findsWhatIsWantedAndNothingElse() throws PageException {
    MetricsPage page = parse(PAGE);
    assertThat(page.flag(MetricsPage.READY)).isTrue();
    assertThat(page.flag(MetricsPage.CATALOG_READY)).isFalse();
    assertThat(page.text(MetricsPage.CATALOG_SERVICE)).isEqualTo("s1:s2");
    assertThat(page.count(MetricsPage.CATALOG_VERSION)).isEqualTo(123456789);
    assertThat(page.percent(MetricsPage.CACHE_HIT_RATE)).isEqualTo(75);
    assertThat(page.count(MetricsPage.QUERIES_REGISTERED)).as("negative").isEqualTo(-1);
    assertThat(page.count(MetricsPage.QUERIES_EXECUTING)).as("text").isEqualTo(17);
    assertThat(page.connectionsInUse("hiveserver2-frontend")).isEqualTo(12);
    assertThat(page.setupQueue("hiveserver2-frontend")).isEqualTo(100);
    assertThat(page.connectionsInUse("beeswax-frontend")).as("missing").isEqualTo(-1);
    assertThat(page.queued()).isEqualTo(7);
    assertThat(page.fullPool()).isEqualTo("root.bi");
    assertThat(page.count(MetricsPage.MEMORY_USED)).as("null").isEqualTo(-1);
    assertThat(page.count(MetricsPage.MEMORY_LIMIT)).as("an object").isEqualTo(-1);
    assertThat(page.values()).hasSize(12);
  }

  @Test
  void bothWaysFindTheSame() throws PageException {
    assertThat(parse(thorough(PAGE))).isEqualTo(parse(PAGE));
  }

  @Test
  void aPageThatEndsAnywhereIsRefused() {
    byte[] whole = PAGE.strip().getBytes(StandardCharsets.UTF_8);
    for (int end = 0; end < whole.length; end++) {
      byte[] begin = Arrays.copyOf(whole, end);
      assertThatThrownBy(() -> MetricsPage.parse(begin))
          .as("the first %d bytes", end)
          .isInstanceOf(PageException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "<html>",
        "{}",
        "{\"some.other\": 1}",
        "{\"catalog.ready\" true}",
        "{\"catalog.ready\": true \"catalog.curr-version\": 1}",
        "{\"catalog.ready\": true, \"x\": [1 2]}",
        "{\"catalog.ready\": yes}",
        "{\"catalog.ready\": true, \"x\": {\"y\"}}",
        "{catalog.ready: true}",
      })
  void whatIsNoSuchPageIsRefused(String page) {
    assertThatThrownBy(() -> parse(page)).isInstanceOf(PageException.class);
  }

  @Test
  void onePageInAnotherIsNotTheOne() throws PageException {
    assertThat(
            parse("{\"catalog.ready\": true, \"old\": {\"catalog.curr-version\": 1}}")
                .count(MetricsPage.CATALOG_VERSION))
        .isEqualTo(-1);
  }

  @Test
  void aPageThatIsNestedWithoutEndIsRefusedAndNoMoreThanThat() {
    String deep = "{\"catalog.ready\": true, \"x\": " + "[".repeat(1 << 20);
    assertThatThrownBy(() -> parse(deep)).isInstanceOf(PageException.class);
  }
}
