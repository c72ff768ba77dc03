package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HashPasswordCommandTest {
  private final InputStream standardInput = System.in;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void restore() {
    System.setIn(standardInput);
  }

  private int run(String typed) {
    System.setIn(new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)));
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), "hash-password");
  }

  @Test
  void theFirstLineOfStandardInputIsHashed() {
    assertThat(run("secret\nanother line\n")).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).matches("\\$2b\\$12\\$[./A-Za-z0-9]{53}\\R");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void whatBcryptWouldNotLookAtIsRefused() {
    assertThat(run("ä".repeat(37))).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString())
        .isEqualTo(
            "impala-balancer: the password has 74 bytes, expected 1 to 72: bcrypt looks at no"
                + " more"
                + System.lineSeparator());
    assertThat(run("")).isEqualTo(ExitStatus.USAGE);
    assertThat(out.toString()).isEmpty();
  }
}
