package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.coordinators;
import static io.impalabalancer.config.Texts.jdbc;
import static io.impalabalancer.config.Texts.listener;
import static io.impalabalancer.config.Texts.parse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What a good configuration becomes. */
class LoadedTest {
  private static final Map<Protocol, Integer> USUAL_PORTS =
      Map.of(
          Protocol.BEESWAX, 21000, Protocol.HIVESERVER2, 21050, Protocol.HIVESERVER2_HTTP, 28000);

  @Test
  void coordinatorsPoolsAndListenersKeepTheirOrderAndSettings() {
    BalancerConfig config =
        parse(
                """
                impala-balancer {
                  coordinators = [
                    impala-host-1.example.com
                    { name = impala-host-2, host = impala-host-2.example.com, weight = 50 }
                    {
                      name = etl-1, host = 10.0.0.3, maxconn = 60
                      ports { hiveserver2 = 21055, web = 25005 }
                    }
                  ]
                  pools {
                    bi = [
                      impala-host-1.example.com
                      impala-host-2
                      { coordinator = etl-1, backup = true }
                    ]
                    etl = [etl-1]
                  }
                  listeners = [
                    { name = impala, bind = "0.0.0.0:25003", protocol = beeswax, pool = bi }
                    {
                      name = impala-jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2
                      pool = bi, balance = source
                    }
                    { name = etl-jdbc, bind = "0.0.0.0:21052", protocol = hiveserver2, pool = etl }
                  ]
                  check { type = http, path = /healthz, inter = 2s, rise = 2, fall = 3 }
                  stats { bind = "127.0.0.1:25002" }
                }
                """)
            .config();

    assertThat(config.coordinators())
        .containsExactly(
            new CoordinatorConfig(
                "impala-host-1.example.com",
                "impala-host-1.example.com",
                USUAL_PORTS,
                OptionalInt.of(25000),
                100,
                0,
                AdminState.READY),
            new CoordinatorConfig(
                "impala-host-2",
                "impala-host-2.example.com",
                USUAL_PORTS,
                OptionalInt.of(25000),
                50,
                0,
                AdminState.READY),
            new CoordinatorConfig(
                "etl-1",
                "10.0.0.3",
                Map.of(
                    Protocol.BEESWAX,
                    21000,
                    Protocol.HIVESERVER2,
                    21055,
                    Protocol.HIVESERVER2_HTTP,
                    28000),
                OptionalInt.of(25005),
                100,
                60,
                AdminState.READY));
    assertThat(config.pools())
        .containsExactly(
            new PoolConfig(
                "all",
                List.of(
                    new MemberConfig("impala-host-1.example.com", 100, false),
                    new MemberConfig("impala-host-2", 50, false),
                    new MemberConfig("etl-1", 100, false))),
            new PoolConfig(
                "bi",
                List.of(
                    new MemberConfig("impala-host-1.example.com", 100, false),
                    new MemberConfig("impala-host-2", 50, false),
                    new MemberConfig("etl-1", 100, true))),
            new PoolConfig("etl", List.of(new MemberConfig("etl-1", 100, false))));
    assertThat(config.listeners())
        .extracting(
            ListenerConfig::name,
            ListenerConfig::binds,
            ListenerConfig::protocol,
            ListenerConfig::pool,
            ListenerConfig::balance)
        .containsExactly(
            tuple(
                "impala",
                List.of(new BindAddress("0.0.0.0", 25003)),
                Protocol.BEESWAX,
                "bi",
                BalanceKind.LEASTCONN),
            tuple(
                "impala-jdbc",
                List.of(new BindAddress("0.0.0.0", 21051)),
                Protocol.HIVESERVER2,
                "bi",
                BalanceKind.SOURCE),
            tuple(
                "etl-jdbc",
                List.of(new BindAddress("0.0.0.0", 21052)),
                Protocol.HIVESERVER2,
                "etl",
                BalanceKind.LEASTCONN));
    assertThat(config.check().type()).isEqualTo(CheckKind.HTTP);
  }

  @Test
  void whatIsLeftOutHasItsDefault() {
    BalancerConfig config = parse(balancer("")).config();

    assertThat(config.maxconn()).isEqualTo(20000);
    assertThat(config.threads()).isZero();
    assertThat(config.wire()).isEqualTo(WireKind.AUTO);
    assertThat(config.bufferLimit()).isEqualTo(256L << 20);
    assertThat(config.listeners())
        .containsExactly(
            new ListenerConfig(
                "jdbc",
                List.of(new BindAddress("0.0.0.0", 21051)),
                Protocol.HIVESERVER2,
                "all",
                BalanceKind.LEASTCONN,
                32,
                128,
                1,
                20000,
                4096,
                new Timeouts(
                    Duration.ofSeconds(5),
                    Duration.ofMinutes(5),
                    Duration.ofSeconds(30),
                    Duration.ofHours(12),
                    Duration.ofHours(12),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(30)),
                3,
                new KeepaliveConfig(
                    true, Duration.ofSeconds(60), Duration.ofSeconds(15), 4, Timeouts.INFINITE),
                Dial.ON_FIRST_BYTES,
                Unavailable.CLOSE,
                Map.of(),
                List.of(),
                new RebalanceConfig(Timeouts.INFINITE, Duration.ofMinutes(10), 1),
                Timeouts.INFINITE,
                true));
    assertThat(config.check())
        .isEqualTo(
            new CheckConfig(
                CheckKind.AUTO,
                "/healthz",
                200,
                Duration.ofSeconds(2),
                Duration.ofMillis(500),
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                2,
                3,
                true,
                10,
                OnError.FAIL_CHECK,
                Duration.ZERO,
                OnMarkedDown.KEEP,
                new WebConfig(
                    false,
                    Optional.empty(),
                    WebConfig.Auth.NONE,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty()),
                new LoginConfig(
                    false,
                    Optional.empty(),
                    LoginConfig.Auth.NONE,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    "impala"),
                new VerdictConfig(
                    Duration.ofSeconds(1),
                    Duration.ofMinutes(1),
                    4,
                    10,
                    Duration.ofSeconds(5),
                    Duration.ofMinutes(1),
                    95,
                    50,
                    Duration.ofMinutes(1))));
    assertThat(config.resolve())
        .isEqualTo(new ResolveConfig(Duration.ofSeconds(10), Duration.ofSeconds(1)));
    assertThat(config.stats())
        .isEqualTo(
            new StatsConfig(
                Optional.of(new BindAddress("127.0.0.1", 25002)),
                List.of(),
                false,
                true,
                true,
                false,
                Duration.ofMinutes(5),
                Duration.ofSeconds(1)));
    assertThat(config.log())
        .isEqualTo(
            new LogConfig(
                LogConfig.SessionLog.STDOUT,
                Optional.empty(),
                64L << 20,
                10,
                LogConfig.Format.TCPLOG,
                new SyslogConfig(
                    SyslogConfig.Transport.UNIX,
                    "/dev/log",
                    0,
                    SyslogConfig.Format.RFC3164,
                    16,
                    6,
                    "",
                    "impala-balancer"),
                8192,
                "info"));
    assertThat(config.shutdown())
        .isEqualTo(new ShutdownConfig(Duration.ZERO, Duration.ofSeconds(30), Timeouts.INFINITE));
  }

  @Test
  void aListenerOverridesTheDefaultsOfAllListeners() {
    BalancerConfig config =
        parse(
                """
                impala-balancer {
                  coordinators = [coord-1, coord-2]
                  defaults {
                    protocol = hiveserver2, balance = source, retries = 5, dontlognull = true
                    timeouts { client = 3h, server = infinite }
                    aliases { coord-1 = c1, coord-2 = c2 }
                  }
                  listeners = [
                    { name = one, bind = "127.0.0.1:0" }
                    {
                      name = two, bind = "127.0.0.1:0", balance = first
                      timeouts.client = 2h, aliases.coord-2 = b
                    }
                  ]
                }
                """)
            .config();

    ListenerConfig one = config.listeners().get(0);
    ListenerConfig two = config.listeners().get(1);
    assertThat(one.balance()).isEqualTo(BalanceKind.SOURCE);
    assertThat(two.balance()).isEqualTo(BalanceKind.FIRST);
    assertThat(two.retries()).isEqualTo(5);
    assertThat(two.logNull()).isFalse();
    assertThat(one.timeouts().client()).isEqualTo(Duration.ofHours(3));
    assertThat(two.timeouts().client()).isEqualTo(Duration.ofHours(2));
    assertThat(two.timeouts().server()).isEqualTo(Timeouts.INFINITE);
    assertThat(one.aliases()).isEqualTo(Map.of("coord-1", "c1", "coord-2", "c2"));
    assertThat(two.aliases()).isEqualTo(Map.of("coord-1", "c1", "coord-2", "b"));
  }

  @Test
  void listenersTakeTheGlobalMaxconnUnlessTheyHaveTheirOwn() {
    assertThat(parse(balancer("maxconn = 7")).config().listeners().get(0).maxconn()).isEqualTo(7);
    assertThat(parse(jdbc("maxconn = 5")).config().listeners().get(0).maxconn()).isEqualTo(5);
  }

  @Test
  void tcpListenersDialAtOnceUnlessToldOtherwise() {
    String text =
        """
        impala-balancer {
          coordinators = [coord-1, coord-2]
          coordinator-defaults { ports { tcp = 10000, beeswax = none } }
          listeners = [
            { name = one, bind = "127.0.0.1:0", protocol = tcp }
            { name = two, bind = "127.0.0.1:0", protocol = tcp, dial = on-first-bytes }
            { name = three, bind = "127.0.0.1:0", protocol = hiveserver2, dial = on-accept }
          ]
        }
        """;
    assertThat(parse(text).config().listeners())
        .extracting(ListenerConfig::dial)
        .containsExactly(Dial.ON_ACCEPT, Dial.ON_FIRST_BYTES, Dial.ON_ACCEPT);
  }

  @Test
  void aMembersWeightIsItsOwnOrTheCoordinators() {
    BalancerConfig config =
        parse(
                """
                impala-balancer {
                  coordinators = [{ name = a, weight = 7 }, b]
                  pools { p = [a, { coordinator = b, weight = 3 }] }
                  listeners = [{ name = l, bind = "127.0.0.1:0", protocol = beeswax, pool = p }]
                }
                """)
            .config();

    assertThat(config.pool("p").members())
        .containsExactly(new MemberConfig("a", 7, false), new MemberConfig("b", 3, false));
  }

  @Test
  void addressesAreWrittenInManyWays() {
    assertThat(
            parse(
                    listener(
                        "protocol = beeswax, bind = [\":1\", \"*:2\", \"10.0.0.5:3\", \"[::]:1\","
                            + " \"[2001:db8::1]:0\"]"))
                .config()
                .listeners()
                .get(0)
                .binds())
        .containsExactly(
            new BindAddress("0.0.0.0", 1),
            new BindAddress("0.0.0.0", 2),
            new BindAddress("10.0.0.5", 3),
            new BindAddress("::", 1),
            new BindAddress("2001:db8::1", 0));
  }

  @Test
  void portZeroIsNeverTaken() {
    parse(balancer("stats { bind = \"127.0.0.1:0\" }"));
    parse(listener("protocol = beeswax, bind = [\"127.0.0.1:0\", \"127.0.0.1:0\"]"));
  }

  @Test
  void coordinatorsMayShareAHostButNoPort() {
    BalancerConfig config =
        parse(
                """
                impala-balancer {
                  coordinator-defaults.ports { beeswax = none, hiveserver2-http = none, web = none }
                  coordinators = [
                    { name = one, host = "::1", ports.hiveserver2 = 10001, state = drain }
                    { name = two, host = "::1", ports.hiveserver2 = 10002 }
                  ]
                  listeners = [{ name = l, bind = "[::1]:10000", protocol = hiveserver2 }]
                }
                """)
            .config();

    assertThat(config.coordinator("one"))
        .isEqualTo(
            new CoordinatorConfig(
                "one",
                "::1",
                Map.of(Protocol.HIVESERVER2, 10001),
                OptionalInt.empty(),
                100,
                0,
                AdminState.DRAIN));
  }

  @Test
  void everythingElseIsReadToo() {
    BalancerConfig config =
        parse(
                balancer(
                    """
                    threads = 4, wire = channel, buffer-limit = 1GiB, maxpipes = 0
                    resolve { interval = 1m, retry = 250ms }
                    stats {
                      bind = "0.0.0.0:8080", open = true, open-metrics = false, open-health = false
                      haproxy-metrics = true
                      login-cache = 0s, failed-login-delay = 250ms
                    }
                    log {
                      sessions = file, session-file = logs/sessions.log
                      roll-size = none, roll-keep = 3, queue = 16, level = debug, format = json
                      syslog {
                        address = "tcp://[::1]:6514", format = rfc5424, facility = daemon
                        severity = notice, hostname = lb-1, tag = impala
                      }
                    }
                    shutdown { delay = 5s, grace = infinite, hard-stop-after = 1h }
                    check {
                      type = none, observe = none, observe-limit = 1, on-error = mark-down
                      slowstart = 30s, on-marked-down = shutdown-sessions
                    }
                    """))
            .config();

    assertThat(config.threads()).isEqualTo(4);
    assertThat(config.wire()).isEqualTo(WireKind.CHANNEL);
    assertThat(config.bufferLimit()).isEqualTo(1L << 30);
    assertThat(config.maxpipes()).isZero();
    assertThat(config.resolve())
        .isEqualTo(new ResolveConfig(Duration.ofMinutes(1), Duration.ofMillis(250)));
    assertThat(config.stats())
        .isEqualTo(
            new StatsConfig(
                Optional.of(new BindAddress("0.0.0.0", 8080)),
                List.of(),
                true,
                false,
                false,
                true,
                Duration.ZERO,
                Duration.ofMillis(250)));
    assertThat(config.log())
        .isEqualTo(
            new LogConfig(
                LogConfig.SessionLog.FILE,
                Optional.of(Path.of("logs/sessions.log")),
                0,
                3,
                LogConfig.Format.JSON,
                new SyslogConfig(
                    SyslogConfig.Transport.TCP,
                    "::1",
                    6514,
                    SyslogConfig.Format.RFC5424,
                    3,
                    5,
                    "lb-1",
                    "impala"),
                16,
                "debug"));
    assertThat(config.shutdown())
        .isEqualTo(
            new ShutdownConfig(Duration.ofSeconds(5), Timeouts.INFINITE, Duration.ofHours(1)));
    assertThat(config.check().observe()).isFalse();
    assertThat(config.check().onError()).isEqualTo(OnError.MARK_DOWN);
    assertThat(config.check().onMarkedDown()).isEqualTo(OnMarkedDown.SHUTDOWN_SESSIONS);
    assertThat(parse(balancer("stats { bind = none }")).config().stats().bind()).isEmpty();
  }

  @Test
  void substitutionsAndTheEnvironmentWork() {
    BalancerConfig config =
        parse(
                """
                site { bind = "127.0.0.1", long = 6h }
                impala-balancer {
                  coordinators = [coord-1]
                  coordinators += coord-2
                  coordinators = ${impala-balancer.coordinators} [coord-3, ${?NO_SUCH_VARIABLE}]
                  defaults.timeouts {
                    client = ${site.long}
                    server = ${impala-balancer.defaults.timeouts.client}
                  }
                  listeners = [{ name = l, bind = ${site.bind}":0", protocol = beeswax }]
                  log { sessions = file, session-file = ${PATH} }
                  maxconn = 100
                  maxconn = ${?NO_SUCH_VARIABLE}
                }
                """)
            .config();

    assertThat(config.coordinators())
        .extracting(CoordinatorConfig::name)
        .containsExactly("coord-1", "coord-2", "coord-3");
    assertThat(config.listeners().get(0).timeouts().client()).isEqualTo(Duration.ofHours(6));
    assertThat(config.listeners().get(0).timeouts().server()).isEqualTo(Duration.ofHours(6));
    assertThat(config.log().sessionFile()).contains(Path.of(System.getenv("PATH")));
    assertThat(config.maxconn()).isEqualTo(100);
  }

  @Test
  void numbersMayComeAsTexts() {
    assertThat(parse(balancer("maxconn = \"100\"")).config().maxconn()).isEqualTo(100);
    assertThat(
            parse(coordinators("{ name = 7, host = seven }, b")).config().coordinator("7").host())
        .isEqualTo("seven");
  }
}
