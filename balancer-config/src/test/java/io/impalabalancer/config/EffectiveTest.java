package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.parse;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** The printed configuration: complete, with origins, and as good as the one it came from. */
class EffectiveTest {

  @Test
  void everyValueIsPrintedWithItsOrigin() {
    String effective =
        parse(
                """
                impala-balancer {
                  coordinators = [coord-1.example.com, { name = "coord 2", host = b }]
                  pools { bi = [coord-1.example.com] }
                  defaults { pool = bi, timeouts.client = 3h }
                  listeners = [
                    { name = jdbc, bind = ["0.0.0.0:21051", "[::]:21051"], protocol = hiveserver2
                      aliases { "coord-1.example.com" = one } }
                  ]
                  log { sessions = file, session-file = ${PATH} }
                }
                """
                    .replace("coord 2", "coord-2"))
            .effective();

    assertThat(effective.replaceAll("(reference[.]conf):[0-9]+", "$1"))
        .contains(
            """
              coordinators = [
                {
                  name = "coord-1.example.com"  # origin: test.conf:2
                  host = "coord-1.example.com"  # origin: test.conf:2
                  ports {
                    beeswax = 21000  # origin: built-in reference.conf
            """,
            """
              pools {
                bi = [
                  {
                    coordinator = "coord-1.example.com"  # origin: test.conf:3
                    weight = 100  # origin: built-in reference.conf
                    backup = false  # origin: built-in reference.conf
                  }
                ]
              }
            """,
            """
                  name = jdbc  # origin: test.conf:6
                  bind = ["0.0.0.0:21051", "[::]:21051"]  # origin: test.conf:6
                  protocol = hiveserver2  # origin: test.conf:6
                  pool = bi  # origin: test.conf:4
            """,
            """
                  maxconn = 20000  # origin: built-in reference.conf
            """,
            """
                    client = 3h  # origin: test.conf:4
                    server = 12h  # origin: built-in reference.conf
            """,
            """
                  dial = on-first-bytes  # origin: built-in reference.conf
            """,
            """
                    "coord-1.example.com" = one  # origin: test.conf:7
            """,
            "    session-file = \"" + System.getenv("PATH") + "\"  # origin: environment\n");
  }

  @RepeatedTest(100)
  void printedAndReadAgainItIsTheSame(RepetitionInfo repetition) {
    String text = new RandomText(new Random(repetition.getCurrentRepetition())).text();
    LoadedConfig loaded = parse(text);
    LoadedConfig again = parse(loaded.effective());

    assertThat(again.config()).as(text).isEqualTo(loaded.config());
    assertThat(again.effective().replaceAll(" *# origin: .*", ""))
        .isEqualTo(loaded.effective().replaceAll(" *# origin: .*", ""));
  }

  /** Writes valid configurations of every shape. */
  private static final class RandomText {
    private final Random random;

    RandomText(Random random) {
      this.random = random;
    }

    String text() {
      List<String> coordinators =
          IntStream.rangeClosed(1, 1 + random.nextInt(5))
              .mapToObj(i -> random.nextBoolean() ? "coord-" + i : "null-" + i + ".example.com")
              .toList();
      List<String> pools =
          IntStream.range(0, random.nextInt(4)).mapToObj(i -> "pool." + (9 - i)).toList();
      StringBuilder text = new StringBuilder("impala-balancer {\n  coordinators = [\n");
      for (String name : coordinators) {
        text.append(
            random.nextBoolean() ? name : "{ name = \"" + name + "\"" + some(COORDINATOR) + " }");
        text.append('\n');
      }
      text.append("]\n");
      text.append("coordinator-defaults {").append(some(COORDINATOR)).append(" }\n");
      text.append("member-defaults {").append(some(MEMBER)).append(" }\n");
      text.append("defaults {").append(some(LISTENER)).append(" }\n");
      for (String pool : pools) {
        text.append("pools.\"")
            .append(pool)
            .append("\" = [")
            .append(members(coordinators))
            .append("]\n");
      }
      text.append("listeners = [\n");
      for (int i = 0; i < 1 + random.nextInt(3); i++) {
        text.append("{ name = l")
            .append(i)
            .append(", bind = [\"127.0.0.1:0\", \"[::1]:4")
            .append(i);
        text.append("\"], protocol = ").append(oneOf("beeswax", "hiveserver2", "hiveserver2-http"));
        text.append(
            pools.isEmpty() ? "" : ", pool = " + quoted(pools.get(random.nextInt(pools.size()))));
        text.append(
            random.nextBoolean()
                ? ""
                : ", aliases { " + quoted(coordinators.get(0)) + " = \"true\" }");
        text.append(some(LISTENER)).append(" }\n");
      }
      text.append("]\n");
      return text.append(some(GLOBAL)).append("\n}\n").toString();
    }

    private String members(List<String> coordinators) {
      List<String> shuffled = new ArrayList<>(coordinators);
      Collections.shuffle(shuffled, random);
      List<String> members = new ArrayList<>();
      for (String name : shuffled.subList(0, 1 + random.nextInt(shuffled.size()))) {
        members.add(
            random.nextBoolean() ? name : "{ coordinator = " + quoted(name) + some(MEMBER) + " }");
      }
      return String.join(", ", members);
    }

    private String some(String... settings) {
      StringBuilder text = new StringBuilder();
      for (String setting : settings) {
        if (random.nextInt(3) == 0) {
          text.append("\n").append(setting);
        }
      }
      return text.isEmpty() ? "" : text.toString();
    }

    private String oneOf(String... words) {
      return words[random.nextInt(words.length)];
    }

    private static String quoted(String text) {
      return '"' + text + '"';
    }

    private static final String[] COORDINATOR = {
      "ports { tcp = 1, web = none }", "weight = 0", "maxconn = 60", "state = maint"
    };
    private static final String[] MEMBER = {"weight = 256", "backup = true"};
    private static final String[] LISTENER = {
      "balance = source",
      "source-prefix { ipv4 = 24, ipv6 = 64 }",
      "balancers = 2",
      "maxconn = 9",
      "backlog = 1",
      "timeouts { connect = 1500ms, client = infinite, queue = \"1.5 hours\" }",
      "retries = 0",
      "keepalive { enabled = false, user-timeout = 90s }",
      "dial = on-accept",
      "unavailable = unbind",
      "dontlognull = true",
      "accept-proxy = [\"10.0.0.0/8\", \"::1\"]",
      "rebalance { silence = 1h, rate = 3 }",
      "log-after = 1h"
    };
    private static final String[] GLOBAL = {
      "maxconn = 5",
      "threads = 2",
      "wire = epoll",
      "buffer-limit = 64MiB",
      "maxpipes = 7",
      "check { type = tcp, path = \"/a b?c=\\\"\", rise = 9, observe = none }",
      "resolve.interval = 1d",
      "stats { bind = \"[::]:25002\", open = true }",
      "stats.users = [{ name = a, role = admin, password = \"" + UsersTest.BCRYPT + "\" }]",
      "log { sessions = file, session-file = \"a # b\", roll-size = none }",
      "shutdown { grace = infinite, delay = 1ms }"
    };
  }
}
