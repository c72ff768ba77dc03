package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.coordinators;
import static io.impalabalancer.config.Texts.jdbc;
import static io.impalabalancer.config.Texts.listener;
import static io.impalabalancer.config.Texts.warnings;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is allowed and probably not meant, word by word. */
class WarnedTest {

  @Test
  void aShortClientTimeoutIsWarnedOf() {
    assertThat(warnings(jdbc("timeouts.client = 50s")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].timeouts.client: found \"50s\": under an hour: a BI"
                + " tool that is silent between queries, and a client that waits for a long "
                + "query, are cut; keepalive finds dead peers, so 12h is safe");
    assertThat(warnings(jdbc("timeouts.client = 1h"))).isEmpty();
    assertThat(
            warnings(
                """
                impala-balancer {
                  coordinators = [coord-1, coord-2]
                  coordinator-defaults.ports.tcp = 10000
                  listeners = [
                    { name = tcp, bind = "0.0.0.0:1", protocol = tcp, timeouts.client = 50s }
                  ]
                }
                """))
        .isEmpty();
  }

  @Test
  void oneDefaultThatConcernsManyListenersIsWarnedOfOnce() {
    assertThat(
            warnings(
                """
                impala-balancer {
                  coordinators = [coord-1, coord-2]
                  defaults.timeouts.client = 10m
                  listeners = [
                    { name = one, bind = "0.0.0.0:1", protocol = beeswax }
                    { name = two, bind = "0.0.0.0:2", protocol = hiveserver2 }
                  ]
                }
                """))
        .containsExactly(
            "test.conf:3: defaults.timeouts.client: found \"10m\": under an hour: a BI tool "
                + "that is silent between queries, and a client that waits for a long query, are "
                + "cut; keepalive finds dead peers, so 12h is safe");
  }

  @Test
  void sessionsOverHttpWantOneCoordinator() {
    assertThat(warnings(listener("bind = \":1\", protocol = hiveserver2-http")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].balance: found \"leastconn\": with "
                + "hiveserver2-http, sessions and cookies live on one coordinator, and a client's"
                + " next connection may go to another; source keeps it on one");
    assertThat(warnings(listener("bind = \":1\", protocol = hiveserver2-http, balance = random")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].balance: found \"random\": with hiveserver2-http, "
                + "sessions and cookies live on one coordinator, and a client's next connection "
                + "may go to another; source keeps it on one");
    assertThat(warnings(listener("bind = \":1\", protocol = hiveserver2-http, balance = source")))
        .isEmpty();
  }

  @Test
  void oneCoordinatorAloneIsWarnedOf() {
    assertThat(warnings(coordinators("coord-1")))
        .containsExactly(
            "test.conf:2: coordinators: \"coord-1\" is the only one: nothing is balanced, and"
                + " nobody takes over when it is down");
    assertThat(warnings(balancer(""))).isEmpty();
  }

  @Test
  void leastloadWithoutALoadIsWarnedOf() {
    String text =
        """
        impala-balancer {
          coordinators = [coord-1, { name = coord-2, host = coord-2, ports.web = none }]
          listeners = [{ name = bi, bind = "0.0.0.0:1", protocol = hiveserver2, balance = leastload }]
        }
        """;
    assertThat(warnings(text))
        .containsExactly(
            "test.conf:3: listeners[bi].balance: leastload, but the load of coord-2 cannot be"
                + " known: it has no web port, whose pages tell it; the fewest sessions decide"
                + " instead; expected ports.web of each, or balance = leastconn");
    assertThat(warnings(text.replace("listeners", "check.type = tcp, listeners")))
        .containsExactly(
            "test.conf:3: listeners[bi].balance: leastload, but the load of coord-1, coord-2 cannot"
                + " be known: check.type = tcp reads no page that tells it; the fewest sessions"
                + " decide instead; expected check.type = impala, or balance = leastconn");
    assertThat(warnings(text.replace("ports.web = none", "weight = 1"))).isEmpty();
    assertThat(warnings(text.replace("leastload", "leastconn"))).isEmpty();
  }

  @Test
  void leastloadOfWhatIsNotImpalaIsWarnedOf() {
    assertThat(
            warnings(
                """
                impala-balancer {
                  coordinators = [coord-1, coord-2]
                  coordinator-defaults.ports.tcp = 10000
                  listeners = [{ name = raw, bind = "0.0.0.0:1", protocol = tcp, balance = leastload }]
                }
                """))
        .singleElement()
        .asString()
        .contains("coord-1, coord-2", "only tcp listeners use", "check.type = impala");
  }
}
