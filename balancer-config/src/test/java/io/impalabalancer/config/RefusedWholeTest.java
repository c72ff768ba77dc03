package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.coordinators;
import static io.impalabalancer.config.Texts.jdbc;
import static io.impalabalancer.config.Texts.problems;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is said of parts that do not fit together, word by word. */
class RefusedWholeTest {

  @Test
  void anUnknownCoordinatorIsRefused() {
    assertThat(problems(balancer("defaults.pool = all, pools { bi = [coord-3] }")))
        .containsExactly(
            "test.conf:4: pools.bi[#1].coordinator: there is no coordinator \"coord-3\"; did "
                + "you mean \"coord-1\"?");
    assertThat(problems(jdbc("aliases { cord-1 = c1 }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].aliases.cord-1: there is no coordinator \"cord-1\";"
                + " did you mean \"coord-1\"?");
  }

  @Test
  void anUnknownPoolIsRefused() {
    assertThat(problems(jdbc("pool = bi")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].pool: there is no pool \"bi\", expected one of all");
    assertThat(problems(balancer("defaults.pool = etll, pools { etl = [coord-1] }")))
        .containsExactly(
            "test.conf:4: defaults.pool: there is no pool \"etll\"; did you mean \"etl\"?");
  }

  @Test
  void aPoolIsNotEmptyAndNotCalledAll() {
    assertThat(
            problems(
                balancer(
                    "defaults.pool = all, pools { all = [coord-1], bi = [] }, defaults.pool = bi")))
        .containsExactly(
            "test.conf:4: pools.all: the name is reserved for the pool of all coordinators,"
                + " choose another",
            "test.conf:4: pools.bi: the pool is empty, expected a list of coordinators");
  }

  @Test
  void withPoolsDeclaredAListenerNamesOne() {
    assertThat(problems(balancer("pools { bi = [coord-1], etl = [coord-2] }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc]: \"pool\" is missing; as pools are declared, "
                + "expected one of all, bi, etl");
  }

  @Test
  void aNameTwiceIsRefused() {
    assertThat(problems(coordinators("coord-1, { name = coord-1, host = coord-2 }")))
        .containsExactly(
            "test.conf:2: coordinators[coord-1].name: \"coord-1\" is already the name of the "
                + "coordinator at test.conf:2");
    assertThat(
            problems(
                """
                impala-balancer {
                  coordinators = [coord-1, coord-2]
                  listeners = [
                    { name = jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2 }
                    { name = jdbc, bind = "0.0.0.0:21052", protocol = hiveserver2 }
                  ]
                }
                """))
        .containsExactly(
            "test.conf:5: listeners[jdbc].name: \"jdbc\" is already the name of the listener "
                + "at test.conf:4");
    assertThat(problems(balancer("defaults.pool = bi, pools { bi = [coord-1, coord-2, coord-1] }")))
        .containsExactly(
            "test.conf:4: pools.bi[#3].coordinator: \"coord-1\" is already in the pool, at "
                + "test.conf:4");
    assertThat(problems(jdbc("aliases { coord-1 = c, coord-2 = c }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].aliases.coord-2: \"c\" would stand for both coord-1"
                + " and coord-2, expected another alias");
    assertThat(problems(jdbc("aliases { coord-1 = coord-2 }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].aliases.coord-1: \"coord-2\" would stand for both "
                + "coord-1 and coord-2, expected another alias");
  }

  @Test
  void twoListenersOnOneAddressAreRefused() {
    assertThat(
            problems(
                """
                impala-balancer {
                  coordinators = [coord-1, coord-2]
                  listeners = [
                    { name = impala, bind = "0.0.0.0:25003", protocol = beeswax }
                    {
                      name = jdbc, protocol = hiveserver2
                      bind = [
                        "127.0.0.1:21051"
                        "127.0.0.1:25003"
                        "[::]:25003"
                      ]
                    }
                  ]
                }
                """))
        .containsExactly(
            "test.conf:9: listeners[jdbc].bind: 127.0.0.1:25003 is taken by "
                + "listeners[impala].bind (0.0.0.0:25003) at test.conf:4, expected another "
                + "address or port");
    assertThat(problems(balancer("stats { bind = \"127.0.0.1:21051\" }")))
        .containsExactly(
            "test.conf:4: stats.bind: 127.0.0.1:21051 is taken by listeners[jdbc].bind "
                + "(0.0.0.0:21051) at test.conf:3, expected another address or port");
    assertThat(problems(jdbc("bind = [\":1\", \"*:25002\"]")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: 0.0.0.0:25002 is taken by stats.bind "
                + "(127.0.0.1:25002) at built-in reference.conf, expected another address or "
                + "port");
    assertThat(problems(jdbc("bind = [\"[::1]:80\", \"[0:0::1]:80\"]")))
        .containsExactly(
            "test.conf:3: listeners[jdbc].bind: [0:0::1]:80 is taken by "
                + "listeners[jdbc].bind ([::1]:80) at test.conf:3, expected another address or "
                + "port");
  }

  @Test
  void aListenersCoordinatorsHaveThePort() {
    assertThat(
            problems(
                coordinators(
                    "a, { name = b, ports { hiveserver2 = none } },"
                        + " { name = c, ports.hiveserver2 = none }")))
        .containsExactly(
            "test.conf:3: listeners[jdbc]: pool all has coordinators without a port for "
                + "hiveserver2: b, c; expected ports.hiveserver2 of each, or another pool");
    assertThat(problems(balancer("listeners = [{ name = x, bind = \":1\", protocol = tcp }]")))
        .containsExactly(
            "test.conf:4: listeners[x]: pool all has coordinators without a port for tcp: "
                + "coord-1, coord-2; expected ports.tcp of each, or another pool");
  }

  @Test
  void twoCoordinatorsDoNotShareAPort() {
    assertThat(
            problems(
                coordinators(
                    "{ name = a, host = Host-1 }, { name = b, host = host-1, ports {"
                        + " hiveserver2 = 21055, web = none, hiveserver2-http = 21000 } }")))
        .containsExactly(
            "test.conf:2: coordinators[b]: a at test.conf:2 is on the same host, host-1, "
                + "and has the same port: beeswax 21000, hiveserver2-http 21000; expected another"
                + " host, another port or none");
  }

  @Test
  void statsBeyondLoopbackNeedUsersOrAreOpenedExplicitly() {
    String expected =
        " is reachable from other machines, expected stats.users, an address of this one, such as"
            + " \"127.0.0.1:25002\", or stats.open = true";
    assertThat(problems(balancer("stats { bind = \":25002\" }")))
        .containsExactly("test.conf:4: stats.bind: 0.0.0.0:25002" + expected);
    assertThat(problems(balancer("stats { bind = \"[2001:db8::1]:25002\", users = [] }")))
        .containsExactly("test.conf:4: stats.bind: [2001:db8::1]:25002" + expected);
  }

  @Test
  void aUserIsWholeAndOneOfAName() {
    String hash = "password = \"" + UsersTest.BCRYPT + "\"";
    assertThat(
            problems(
                balancer(
                    """
                    stats.users = [
                      { name = ops, role = admin, %1$s }
                      { name = ops, role = viewer, %1$s }
                      { name = "a:b", role = root, %1$s }
                      { name = x, rule = viewer }
                      ops
                    ]
                    """
                        .formatted(hash))))
        .containsExactly(
            "test.conf:6: stats.users[ops].name: \"ops\" is already the name of the user at"
                + " test.conf:5",
            "test.conf:7: stats.users[a:b].name: found \"a:b\", expected a name of letters, digits"
                + " and _ . @ -",
            "test.conf:7: stats.users[a:b].role: found \"root\", expected one of viewer, admin",
            "test.conf:8: stats.users[x]: \"password\" is missing, expected the hash of a password",
            "test.conf:8: stats.users[x]: \"role\" is missing, expected viewer or admin",
            "test.conf:8: stats.users[x]: unknown key \"rule\"; did you mean \"role\"?",
            "test.conf:9: stats.users[#5]: expected a record { name = ..., password = ..., role ="
                + " ... }");
  }

  @Test
  void httpChecksNeedAWebPort() {
    assertThat(problems(balancer("check.type = http, coordinator-defaults { ports.web = none }")))
        .containsExactly(
            "test.conf:4: check.type: http needs a web port, and these coordinators have "
                + "none: coord-1, coord-2; expected ports.web of each, or another type");
    assertThat(problems(balancer("check.path = healthz")))
        .containsExactly(
            "test.conf:4: check.path: found \"healthz\", expected a path that begins with a "
                + "slash");
  }

  @Test
  void everyProblemComesAtOnceInTheOrderOfTheLines() {
    assertThat(
            problems(
                """
                impala-balancer {
                  threads = 0
                  listeners = [{ name = jdbc, bind = "0.0.0.0:21051", protocol = hs2 }]
                  check { rise = 0, fal = 3 }
                  coordinators = [coord-1, { name = coord-2, weight = heavy }]
                }
                """))
        .containsExactly(
            "test.conf:2: threads: found 0, expected a whole number from 1 to 1024, or auto",
            "test.conf:3: listeners[jdbc].protocol: found \"hs2\", expected one of beeswax, "
                + "hiveserver2, hiveserver2-http, tcp",
            "test.conf:4: check.rise: found 0, expected a whole number from 1 to 1000",
            "test.conf:4: check: unknown key \"fal\"; did you mean \"fall\"?",
            "test.conf:5: coordinators[coord-2].weight: found \"heavy\", expected a whole "
                + "number from 0 to 256");
  }
}
