package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.parse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever stands where: the answer is a configuration or a refusal. */
class OddValuesTest {
  private static final Pattern SETTING = Pattern.compile("(?m)(= )(.*?)(  # origin:.*)$");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{}",
        "[]",
        "[[]]",
        "[{}]",
        "[null]",
        "{ a.b.c = 1 }",
        "\"\"",
        "\" \"",
        "-1",
        "0",
        "1.5",
        "1e400",
        "99999999999999999999",
        "99999999999999999999d",
        "99999999999999999999TiB",
        "-5s",
        "true",
        "infinite",
        "none",
        "\"\\u0000\"",
        "\"[::1\"",
        "\"]:[1\"",
        "\":\"",
        "${NO_SUCH_VARIABLE}",
        "${impala-balancer}",
        "${?NO_SUCH_VARIABLE}"
      })
  void anOddValueIsReadOrRefused(String odd) {
    String text =
        parse(
                """
                impala-balancer {
                  coordinators = [a, b]
                  pools { p = [a, { coordinator = b, backup = true }] }
                  listeners = [
                    {
                      name = l, bind = "127.0.0.1:1", protocol = beeswax
                      pool = p, aliases { a = x }
                    }
                  ]
                  log { sessions = file, session-file = f }
                }
                """)
            .effective();
    Matcher setting = SETTING.matcher(text);
    int settings = 0;
    while (setting.find()) {
      settings++;
      String changed = text.substring(0, setting.start(2)) + odd + text.substring(setting.end(2));
      Throwable thrown = catchThrowable(() -> ConfigLoader.parse("test.conf", changed));
      assertThat(thrown == null || thrown instanceof ConfigException)
          .as("%s in place of %s: %s", odd, setting.group(2), thrown)
          .isTrue();
    }
    assertThat(settings).isGreaterThan(80);
  }
}
