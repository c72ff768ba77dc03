package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.jdbc;
import static io.impalabalancer.config.Texts.listener;
import static io.impalabalancer.config.Texts.parse;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which configurations several balancers may have and still do the same. */
class ConfigHashTest {
  private static final String PLAIN = hash(balancer(""));

  private static String hash(String text) {
    return ConfigHash.of(parse(text));
  }

  @Test
  void itIsSixteenDigits() {
    assertThat(PLAIN).matches("[0-9a-f]{16}");
  }

  @Test
  void orderOfKeysCommentsAndUnitsMakeNoDifference() {
    assertThat(
            hash(
                """
                # another text
                impala-balancer.listeners = [
                  { protocol = hiveserver2, bind = ["0.0.0.0:21051"], name = jdbc }
                ]
                impala-balancer { check { fall = 3, rise = 2 } }
                impala-balancer.coordinators = ["coord-1", { name = "coord-2" }]
                """))
        .isEqualTo(PLAIN);
  }

  @Test
  void whatDefaultsSayIsAsIfEachListenerSaidIt() {
    assertThat(hash(balancer("defaults.balance = source")))
        .isEqualTo(hash(jdbc("balance = source")))
        .isNotEqualTo(PLAIN);
    assertThat(hash(balancer("coordinator-defaults.maxconn = 60"))).isNotEqualTo(PLAIN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stats.bind = \"127.0.0.1:9999\"",
        "stats.bind = none",
        "runtime { socket = /run/other.sock, mode = \"660\" }",
        "state-file = /var/lib/states",
        "threads = 3",
        "log.session-file = /var/log/sessions",
        "log.syslog.hostname = balancer-2"
      })
  void whatBelongsToAHostMakesNoDifference(String setting) {
    assertThat(hash(balancer(setting))).isEqualTo(PLAIN);
  }

  @Test
  void addressesThatListenMayDifferButNotTheirPorts() {
    assertThat(hash(listener("bind = \"10.0.0.1:21051\", protocol = hiveserver2")))
        .isEqualTo(PLAIN);
    assertThat(hash(listener("bind = \"[fd00::1]:21051\", protocol = hiveserver2")))
        .isEqualTo(PLAIN);
    assertThat(hash(listener("bind = \"0.0.0.0:21052\", protocol = hiveserver2")))
        .isNotEqualTo(PLAIN);
    assertThat(hash(listener("bind = [\"0.0.0.0:21051\", \"0.0.0.0:7\"], protocol = hiveserver2")))
        .isNotEqualTo(PLAIN);
  }

  @Test
  void aPasswordIsNotInItButWhoHasOneIs() {
    String user = "stats.users = [{ name = %s, role = %s, password = \"$5$%s$%s\" }]";
    String digest = "x".repeat(43);
    String ops = hash(balancer(user.formatted("ops", "viewer", "salt", digest)));
    assertThat(hash(balancer(user.formatted("ops", "viewer", "other", digest)))).isEqualTo(ops);
    assertThat(hash(balancer(user.formatted("eve", "viewer", "salt", digest)))).isNotEqualTo(ops);
    assertThat(hash(balancer(user.formatted("ops", "admin", "salt", digest)))).isNotEqualTo(ops);
    assertThat(ops).isNotEqualTo(PLAIN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "maxconn = 9",
        "check.fall = 4",
        "pools.bi = [coord-1]\ndefaults.pool = bi",
        "log.level = warn",
        "shutdown.grace = 1s"
      })
  void whatDecidesAboutSessionsMakesADifference(String setting) {
    assertThat(hash(balancer(setting))).isNotEqualTo(PLAIN);
  }

  @Test
  void theOrderOfCoordinatorsMakesADifference() {
    assertThat(hash(balancer("coordinators = [coord-2, coord-1]"))).isNotEqualTo(PLAIN);
  }
}
