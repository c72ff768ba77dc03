package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.parse;
import static io.impalabalancer.config.Texts.problems;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.UserConfig.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may log in at the web port, and that no password stands in the configuration. */
class UsersTest {
  /** Of "secret". */
  static final String BCRYPT = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

  private static String user(String password) {
    return balancer(
        "stats.users = [{ name = ops, role = admin, password = \"" + password + "\" }]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        BCRYPT,
        "$2a$10$abcdefghijklmnopqrstuuVxZ9b4rlo4.lVZi2t9Vm4aFlHbMZ1cq",
        "$2y$16$abcdefghijklmnopqrstuuVxZ9b4rlo4.lVZi2t9Vm4aFlHbMZ1cq",
        "$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.",
        "$5$rounds=10000$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.",
        "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM"
            + "/O6IND4WQhG."
      })
  void aHashIsTaken(String hash) {
    assertThat(parse(user(hash)).config().stats().users())
        .containsExactly(new UserConfig("ops", hash, Role.ADMIN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hunter2",
        "",
        "$",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "{SSHA}hunter2",
        "hunter2$2b$04$"
      })
  void aPlainPasswordIsRefusedAndNotShown(String password) {
    assertThat(problems(user(password)))
        .containsExactly(
            "test.conf:4: stats.users[ops].password: this is no hash (it is not shown), and a"
                + " password is never kept as it is; make its hash with `impala-balancer"
                + " hash-password` and write it in quotes");
  }

  @Test
  void aNumberAsPasswordIsNotShownEither() {
    assertThat(
            problems(
                balancer("stats.users = [{ name = ops, role = admin, password = 31337133713 }]")))
        .singleElement()
        .asString()
        .contains("stats.users[ops].password: this is no hash")
        .doesNotContain("31337");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$1$abcdefgh$hmhunter2",
        "$apr1$abcdefgh$hunter2",
        "$y$j9T$abcdefgh$hunter2",
        "$argon2id$v=19$hunter2",
        "$2b$04$hunter2",
        "$2b$31$abcdefghijklmnopqrstuuVxZ9b4rlo4.lVZi2t9Vm4aFlHbMZ1cq",
        "$5$rounds=1000000$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM."
      })
  void aHashThatIsNotKnownOrTooDearIsRefusedAndNotShown(String hash) {
    assertThat(problems(user(hash)))
        .containsExactly(
            "test.conf:4: stats.users[ops].password: a hash that is not known here (it is not"
                + " shown), expected bcrypt ($2b$, cost 4 to 16) or SHA-crypt ($5$ or $6$, at most"
                + " 999999 rounds); make one with `impala-balancer hash-password`");
  }

  @Test
  void withUsersItMayBeReachableFromOtherMachines() {
    StatsConfig stats =
        parse(
                balancer(
                    "stats { bind = \":25002\", users = [{ name = ops, role = viewer, password = \""
                        + BCRYPT
                        + "\" }] }"))
            .config()
            .stats();
    assertThat(stats.openToRead()).isFalse();
  }

  @Test
  void aHashIsNotPrintedWithItsUser() {
    assertThat(parse(user(BCRYPT)).config()).asString().contains("name=ops").doesNotContain("$2b$");
  }
}
