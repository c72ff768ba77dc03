package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.coordinators;
import static io.impalabalancer.config.Texts.jdbc;
import static io.impalabalancer.config.Texts.listener;
import static io.impalabalancer.config.Texts.problems;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said of a single bad value or key, word by word. */
class RefusedValuesTest {

  @Test
  void aSyntaxErrorIsNamed() {
    assertThat(problems("impala-balancer {\n  listeners = [\n}\n"))
        .containsExactly(
            "test.conf:3: syntax error: List should have ] or a first element after the "
                + "open [, instead had token: '}' (if you want '}' to be part of a string value, "
                + "then double-quote it)");
    assertThat(problems(listener("bind = 0.0.0.0:25003")))
        .containsExactly(
            "test.conf:3: syntax error: Expecting close brace } or a comma, got ':' (if you"
                + " intended ':' to be part of a key or string value, try enclosing the key or "
                + "value in double quotes)");
  }

  @Test
  void anUnknownKeyIsRefusedAtAnyDepth() {
    assertThat(problems(balancer("listners = []")))
        .containsExactly(
            "test.conf:4: impala-balancer: unknown key \"listners\"; did you mean "
                + "\"listeners\"?");
    assertThat(problems(balancer("check { interval = 2s }")))
        .containsExactly("test.conf:4: check: unknown key \"interval\"; did you mean \"inter\"?");
    assertThat(problems(balancer("defaults { keepalive { idel = 60s } }")))
        .containsExactly(
            "test.conf:4: defaults.keepalive: unknown key \"idel\"; did you mean \"idle\"?");
    assertThat(problems(jdbc("timeouts.clint = 2h")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].timeouts: unknown key \"clint\"; did you mean "
                + "\"client\"?");
    assertThat(problems(coordinators("{ name = a, port = 21050 }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a]: unknown key \"port\"; did you mean \"ports\"?");
    assertThat(problems(coordinators("{ name = a, ports { hs2 = 21050 } }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a].ports: unknown key \"hs2\"; known keys: beeswax, "
                + "hiveserver2, hiveserver2-http, tcp, web");
  }

  @Test
  void aNameWithDotsThatBecameAPathIsShownInQuotes() {
    assertThat(problems(balancer("defaults.pool = all, pools { bi.fast = [coord-1] }")))
        .containsExactly(
            "test.conf:4: pools.bi: found an object (an unquoted name with dots is a path; "
                + "if it is one name, write \"bi.fast\"), expected a list of coordinators");
    assertThat(
            problems(
                """
                impala-balancer {
                  coordinators = [coord-1.example.com, coord-2]
                  listeners = [{
                    name = jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2
                    aliases { coord-1.example.com = c1 }
                  }]
                }
                """))
        .containsExactly(
            "test.conf:5: listeners[jdbc].aliases.coord-1: found an object (an unquoted "
                + "name with dots is a path; if it is one name, write \"coord-1.example.com\"), "
                + "expected a name of letters, digits and _ . : -");
    assertThat(problems(balancer("coord-1.example.com = 5")))
        .singleElement(STRING)
        .startsWith(
            "test.conf:4: impala-balancer: unknown key \"coord-1\" (an unquoted name with "
                + "dots is a path; if it is one name, write \"coord-1.example.com\"); known keys: "
                + "maxconn, threads, wire, ");
  }

  @Test
  void aKeyBesideTheBalancerMustBeUsed() {
    assertThat(problems("maxcon = 5\n" + balancer("")))
        .containsExactly(
            "test.conf:1: unknown key \"maxcon\" beside impala-balancer, and no ${...} uses "
                + "it");
    assertThat(problems("impala-balancr { }"))
        .containsExactly(
            "test.conf: \"impala-balancer\" is missing, expected impala-balancer { "
                + "coordinators = [...], listeners = [...] }",
            "test.conf:1: unknown key \"impala-balancr\" beside impala-balancer, and no "
                + "${...} uses it; did you mean \"impala-balancer\"?");
    assertThat(problems(""))
        .containsExactly(
            "test.conf: \"impala-balancer\" is missing, expected impala-balancer { "
                + "coordinators = [...], listeners = [...] }");
    assertThat(problems("impala-balancer = 5"))
        .containsExactly(
            "test.conf:1: impala-balancer: found 5, expected an object, impala-balancer { "
                + "... }");
    assertThat(problems("impala-balancer = null"))
        .containsExactly(
            "test.conf:1: impala-balancer: found null, expected an object, impala-balancer "
                + "{ ... }");
  }

  @Test
  void whatIsNestedTooDeeplyIsRefused() {
    assertThat(problems("impala-balancer {" + "a {".repeat(20_000) + "}".repeat(20_001)))
        .containsExactly("test.conf: objects or lists in it are nested too deeply to be read");
  }

  @Test
  void aWrongTypeIsNamed() {
    assertThat(problems(balancer("maxconn = many")))
        .containsExactly(
            "test.conf:4: maxconn: found \"many\", expected a whole number from 1 to 10000000");
    assertThat(problems(balancer("maxconn = null")))
        .containsExactly(
            "test.conf:4: maxconn: found null, expected a whole number from 1 to 10000000");
    assertThat(problems(balancer("check = 5")))
        .containsExactly("test.conf:4: check: found 5, expected an object, check { ... }");
    assertThat(problems(balancer("threads = { a = 1, b = 2 }")))
        .containsExactly(
            "test.conf:4: threads: found an object, expected a whole number from 1 to 1024,"
                + " or auto");
    assertThat(problems(balancer("stats { open = yes }")))
        .containsExactly("test.conf:4: stats.open: found \"yes\", expected true or false");
    assertThat(problems(jdbc("retries = 2.5")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].retries: found 2.5, expected a whole number from "
                + "0 to 100");
    assertThat(problems(listener("protocol = beeswax, bind = 25003")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: found 25003, expected \"address:port\" such "
                + "as \"0.0.0.0:25003\" or \"[::]:25003\"");
    assertThat(problems(coordinators("[a], b")))
        .containsExactly(
            "test.conf:2: coordinators[#1]: found a list, expected a host name or a record "
                + "{ name = ... }");
    assertThat(problems(balancer("coordinators = coord-1")))
        .containsExactly(
            "test.conf:4: coordinators: found \"coord-1\", expected a list of host names or "
                + "records { name = ... }");
    assertThat(problems(balancer("listeners = [jdbc]")))
        .containsExactly(
            "test.conf:4: listeners[#1]: found \"jdbc\", expected a record { name = ..., bind"
                + " = \"...\", protocol = ... }");
    assertThat(problems(balancer("defaults.pool = all, pools { bi = coord-1 }")))
        .containsExactly(
            "test.conf:4: pools.bi: found \"coord-1\", expected a list of coordinators");
    assertThat(problems(balancer("log { session-file = [a] }")))
        .containsExactly(
            "test.conf:4: log.session-file: found a list, expected the path of a file");
  }

  @Test
  void aNumberOutOfRangeIsNamed() {
    assertThat(problems(balancer("maxconn = 0")))
        .containsExactly(
            "test.conf:4: maxconn: found 0, expected a whole number from 1 to 10000000");
    assertThat(problems(balancer("threads = 0")))
        .containsExactly(
            "test.conf:4: threads: found 0, expected a whole number from 1 to 1024, or auto");
    assertThat(problems(balancer("check { rise = 0 }")))
        .containsExactly(
            "test.conf:4: check.rise: found 0, expected a whole number from 1 to 1000");
    assertThat(problems(balancer("check { status = 99999999999 }")))
        .containsExactly(
            "test.conf:4: check.status: found 99999999999, expected a whole number from 100"
                + " to 599");
    assertThat(problems(jdbc("source-prefix { ipv4 = 33 }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].source-prefix.ipv4: found 33, expected a whole "
                + "number from 0 to 32");
    assertThat(problems(coordinators("{ name = a, weight = 257 }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a].weight: found 257, expected a whole number from 0"
                + " to 256");
    assertThat(problems(coordinators("{ name = a, ports { beeswax = 65536 } }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a].ports.beeswax: found 65536, expected a whole "
                + "number from 1 to 65535, or none");
  }

  @Test
  void aDurationNeedsAUnitAndARange() {
    assertThat(problems(jdbc("timeouts { connect = 5 }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].timeouts.connect: found 5, expected a duration "
                + "from 1ms to 365d, or infinite; the unit is missing: 5s or 5ms?");
    assertThat(problems(jdbc("timeouts { connect = 0s }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].timeouts.connect: found \"0s\", expected a duration"
                + " from 1ms to 365d, or infinite");
    assertThat(problems(jdbc("timeouts { connect = never }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].timeouts.connect: found \"never\", expected a "
                + "duration from 1ms to 365d, or infinite");
    assertThat(problems(jdbc("keepalive { idle = 1500ms }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].keepalive.idle: found \"1500ms\", expected whole "
                + "seconds");
    assertThat(problems(balancer("check { inter = infinite }")))
        .containsExactly(
            "test.conf:4: check.inter: found \"infinite\", expected a duration from 1ms to 1d");
  }

  @Test
  void whereClientsComeBackToTheSameNothingIsRebalanced() {
    assertThat(problems(jdbc("balance = source, rebalance.after = 5m")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].rebalance.after: with balance = source a client that is"
                + " closed comes back to where it was, expected infinite, or balance = leastconn,"
                + " leastload, roundrobin or random");
    assertThat(problems(jdbc("balance = first, rebalance.after = 5m"))).hasSize(1);
    assertThat(Texts.warnings(jdbc("balance = leastload, rebalance.after = 5m"))).isEmpty();
  }

  @Test
  void aSizeNeedsAUnitAndARange() {
    assertThat(problems(balancer("buffer-limit = 268435456")))
        .containsExactly(
            "test.conf:4: buffer-limit: found 268435456, expected a size from 1MiB to 1TiB;"
                + " the unit is missing, as in 64MiB");
    assertThat(problems(balancer("maxpipes = -1")))
        .containsExactly(
            "test.conf:4: maxpipes: found -1, expected a whole number from 0 to 100000");
    assertThat(problems(balancer("buffer-limit = 1KiB")))
        .containsExactly(
            "test.conf:4: buffer-limit: found \"1KiB\", expected a size from 1MiB to 1TiB");
    assertThat(problems(balancer("log { roll-size = huge }")))
        .containsExactly(
            "test.conf:4: log.roll-size: found \"huge\", expected a size from 4KiB to 1TiB, "
                + "or none");
  }

  @Test
  void anUnknownWordIsNamedWithTheNearest() {
    assertThat(problems(listener("bind = \":25003\", protocol = hiveserver")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].protocol: found \"hiveserver\", expected one of "
                + "beeswax, hiveserver2, hiveserver2-http, tcp; did you mean \"hiveserver2\"?");
    assertThat(problems(jdbc("balance = leastcon")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].balance: found \"leastcon\", expected one of "
                + "leastconn, leastload, source, roundrobin, random, first; did you mean "
                + "\"leastconn\"?");
    assertThat(problems(jdbc("balance = best")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].balance: found \"best\", expected one of leastconn,"
                + " leastload, source, roundrobin, random, first");
    assertThat(problems(jdbc("dial = on-first-byte")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].dial: found \"on-first-byte\", expected one of "
                + "auto, on-first-bytes, on-accept; did you mean \"on-first-bytes\"?");
    assertThat(problems(balancer("log { level = verbose }")))
        .containsExactly(
            "test.conf:4: log.level: found \"verbose\", expected one of error, warn, info, "
                + "debug, trace");
    assertThat(problems(balancer("check { on-error = mark_down }")))
        .containsExactly(
            "test.conf:4: check.on-error: found \"mark_down\", expected one of fastinter, "
                + "fail-check, sudden-death, mark-down; did you mean \"mark-down\"?");
  }

  @Test
  void aValueOfTheEnvironmentIsSaidToBeOne() {
    assertThat(problems(balancer("threads = ${PATH}")))
        .containsExactly(
            "test.conf:1: threads: found \""
                + System.getenv("PATH")
                + "\" (from the environment), expected a whole number from 1 to 1024, or auto");
  }

  @Test
  void aBadNameIsRefused() {
    assertThat(problems(coordinators("{ name = \"a b\", host = a }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a b].name: found \"a b\", expected a name of letters, "
                + "digits and _ . : -");
    assertThat(problems(balancer("defaults.pool = all, pools { \"b/i\" = [coord-1] }")))
        .containsExactly(
            "test.conf:4: pools.b/i: the name is \"b/i\", expected a name of letters, digits "
                + "and _ . : -");
    assertThat(problems(jdbc("aliases { coord-1 = \"c,1\" }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].aliases.coord-1: found \"c,1\", expected a name of "
                + "letters, digits and _ . : -");
  }

  @Test
  void aNetworkThatIsNoneIsRefused() {
    assertThat(problems(jdbc("accept-proxy = \"10.0.0.0/8\"")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].accept-proxy: found \"10.0.0.0/8\", expected a list of "
                + "networks such as \"10.0.0.0/8\"");
    for (String bad :
        List.of(
            "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "/8", "lb.example.com", "::1/-1")) {
      assertThat(problems(jdbc("accept-proxy = [\"::1\", \"" + bad + "\"]")))
          .containsExactly(
              "test.conf:3: listeners[jdbc].accept-proxy[#2]: found \""
                  + bad
                  + "\", expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", or an address");
    }
  }

  @Test
  void aSyslogServerThatIsNoneIsRefused() {
    for (String bad :
        List.of(
            "127.0.0.1:514", "udp://lb", "tcp://lb:0", "tcp://lb:65536", "unix:log", "udp://:1")) {
      assertThat(problems(balancer("log.syslog.address = \"" + bad + "\"")))
          .containsExactly(
              "test.conf:4: log.syslog.address: found \""
                  + bad
                  + "\", expected \"udp://host:port\", \"tcp://host:port\" or \"unix:/path\"");
    }
    assertThat(problems(balancer("log.syslog.facility = local8")))
        .singleElement()
        .asString()
        .contains("log.syslog.facility: found \"local8\", expected one of kern, user");
  }

  @Test
  void aHostThatIsNoneIsRefused() {
    assertThat(problems(coordinators("\"coord-1:21050\", b")))
        .containsExactly(
            "test.conf:2: coordinators[#1]: found \"coord-1:21050\", expected a host name or "
                + "an IPv4 or IPv6 address; a port stands in ports { ... }");
    assertThat(problems(coordinators("\"[2001:db8::1]\", b")))
        .containsExactly(
            "test.conf:2: coordinators[#1]: found \"[2001:db8::1]\", expected a host name or "
                + "an IPv4 or IPv6 address; an IPv6 address stands here without brackets");
    assertThat(problems(coordinators("{ name = a, host = 10.0.0.256 }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a].host: found \"10.0.0.256\", expected a host name or"
                + " an IPv4 or IPv6 address");
    assertThat(problems(coordinators("{ name = a, host = \"2001:db8::1::2\" }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a].host: found \"2001:db8::1::2\", expected a host "
                + "name or an IPv4 or IPv6 address");
    assertThat(problems(coordinators("{ name = a, host = \"a/b\" }, b")))
        .containsExactly(
            "test.conf:2: coordinators[a].host: found \"a/b\", expected a host name or an "
                + "IPv4 or IPv6 address");
  }

  @Test
  void anAddressToListenOnIsNumeric() {
    assertThat(problems(listener("protocol = beeswax, bind = \"localhost:25003\"")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: found \"localhost:25003\", expected "
                + "\"address:port\" such as \"0.0.0.0:25003\" or \"[::]:25003\"; a name may mean"
                + " other "
                + "addresses on another day, so write the address itself");
    assertThat(problems(listener("protocol = beeswax, bind = \"::1:25003\"")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: found \"::1:25003\", expected \"address:port\" "
                + "such as \"0.0.0.0:25003\" or \"[::]:25003\"; an IPv6 address stands in"
                + " brackets");
    assertThat(problems(listener("protocol = beeswax, bind = \"[::g]:25003\"")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: found \"[::g]:25003\", expected "
                + "\"address:port\" such as \"0.0.0.0:25003\" or \"[::]:25003\"; [::g] is no"
                + " address");
    assertThat(problems(listener("protocol = beeswax, bind = \"10.0.0.300:25003\"")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: found \"10.0.0.300:25003\", expected "
                + "\"address:port\" such as \"0.0.0.0:25003\" or \"[::]:25003\"; 10.0.0.300 is no "
                + "address");
    assertThat(problems(listener("protocol = beeswax, bind = \"0.0.0.0:65536\"")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: found \"0.0.0.0:65536\", expected a port from"
                + " 0 to 65535");
    assertThat(problems(listener("protocol = beeswax, bind = []")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: the list is empty, expected at least one "
                + "\"address:port\"");
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThat(problems("impala-balancer { }"))
        .containsExactly(
            "test.conf:1: impala-balancer: there are no coordinators, expected coordinators"
                + " = [host, ...], or discover { ... }",
            "test.conf:1: impala-balancer: there are no listeners, expected listeners = [{ "
                + "name = ..., bind = \"...\", protocol = ... }]");
    assertThat(problems("impala-balancer { coordinators = [], listeners = [] }"))
        .containsExactly(
            "test.conf:1: impala-balancer: there are no coordinators, expected coordinators"
                + " = [host, ...], or discover { ... }",
            "test.conf:1: impala-balancer: there are no listeners, expected listeners = [{ "
                + "name = ..., bind = \"...\", protocol = ... }]");
    assertThat(problems(balancer("listeners = [{ }]")))
        .containsExactly(
            "test.conf:4: listeners[#1]: \"name\" is missing, expected a name",
            "test.conf:4: listeners[#1]: \"bind\" is missing, expected \"address:port\" or a "
                + "list of them",
            "test.conf:4: listeners[#1]: \"protocol\" is missing, expected one of beeswax, "
                + "hiveserver2, hiveserver2-http, tcp");
    assertThat(problems(coordinators("{ host = a }, b")))
        .containsExactly("test.conf:2: coordinators[#1]: \"name\" is missing, expected a name");
    assertThat(problems(balancer("log { sessions = file }")))
        .containsExactly(
            "test.conf:4: log.sessions: the sessions go to a file, expected "
                + "log.session-file = its path");
  }

  @Test
  void aVariableThatIsNotSetIsNamedAndTheRestIsStillJudged() {
    assertThat(
            problems(
                """
                impala-balancer {
                  coordinators = [${IMPALA_BALANCER_TEST_HOST}, coord-2]
                  listeners = [{ name = jdbc, bind = ${IMPALA_BALANCER_TEST_BIND}, protocol = hs2 }]
                }
                """))
        .containsExactly(
            "test.conf:2: ${IMPALA_BALANCER_TEST_HOST} is not set: no key and no "
                + "environment variable has that name; write ${?IMPALA_BALANCER_TEST_HOST} if it "
                + "may be missing",
            "test.conf:3: ${IMPALA_BALANCER_TEST_BIND} is not set: no key and no "
                + "environment variable has that name; write ${?IMPALA_BALANCER_TEST_BIND} if it "
                + "may be missing",
            "test.conf:3: listeners[jdbc].protocol: found \"hs2\", expected one of beeswax, "
                + "hiveserver2, hiveserver2-http, tcp");
    assertThat(problems("a = ${b}\nb = ${a}\n" + balancer("")))
        .containsExactly(
            "test.conf:2: Could not resolve substitution to a value: ${a} was part of a "
                + "cycle of substitutions involving ${b}, ${a}, ${b}");
  }
}
