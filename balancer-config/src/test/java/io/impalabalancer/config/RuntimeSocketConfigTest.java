package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.parse;
import static io.impalabalancer.config.Texts.problems;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The socket for runtime commands. */
class RuntimeSocketConfigTest {

  @Test
  void itIsOffUnlessAPathIsGiven() {
    assertThat(parse(balancer("")).config().runtime().socket()).isEmpty();
    assertThat(
            parse(balancer("runtime { socket = /run/x.sock, mode = \"660\", level = operator }"))
                .config()
                .runtime())
        .isEqualTo(
            new RuntimeConfig(
                Optional.of(Path.of("/run/x.sock")), 0660, RuntimeConfig.Level.OPERATOR));
  }

  @Test
  void aModeOrLevelThatIsNoneIsRefused() {
    assertThat(problems(balancer("runtime { socket = /run/x.sock, mode = \"888\", level = root }")))
        .containsExactly(
            "test.conf:4: runtime.mode: found \"888\", expected three octal digits in quotes, such as"
                + " \"600\"",
            "test.conf:4: runtime.level: found \"root\", expected one of user, operator, admin");
  }
}
