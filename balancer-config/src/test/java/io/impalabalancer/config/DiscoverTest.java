package io.impalabalancer.config;

import static io.impalabalancer.config.Texts.balancer;
import static io.impalabalancer.config.Texts.parse;
import static io.impalabalancer.config.Texts.problems;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Where coordinators are looked for, and what a configuration is with those that were found. */
class DiscoverTest {

  private static BalancerConfig config(String more) {
    return parse(
            """
            impala-balancer {
              listeners = [{ name = jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2 }]
              discover.seeds = ["http://impala-1:25000"]
            %s
            }
            """
                .formatted(more))
        .config();
  }

  private static CoordinatorConfig found(String name) {
    return found(name, name, 21050);
  }

  private static CoordinatorConfig found(String name, String host, int port) {
    return new CoordinatorConfig(
        name,
        host,
        Map.of(Protocol.HIVESERVER2, port),
        OptionalInt.of(25000),
        1,
        1,
        AdminState.MAINT);
  }

  private static String members(BalancerConfig config, String pool) {
    StringBuilder out = new StringBuilder();
    for (MemberConfig each : config.pool(pool).members()) {
      out.append(each.coordinator()).append(' ').append(each.weight());
      out.append(each.backup() ? " backup, " : ", ");
    }
    return out.toString().replaceAll(", $", "");
  }

  @Test
  void nothingIsLookedForUnlessItIsAskedFor() {
    DiscoverConfig discover = parse(balancer("")).config().discover();
    assertThat(discover.isOn()).isFalse();
    assertThat(parse(balancer("")).config().with(List.of(found("x"))).coordinators()).hasSize(2);
  }

  @Test
  void seedsNamesAndRecordsAreRead() {
    DiscoverConfig seeds =
        parse(balancer("discover { seeds = [\"http://h:25000/\", \"http://[::1]:1\"], most = 3 }"))
            .config()
            .discover();
    assertThat(seeds.seeds())
        .containsExactly(URI.create("http://h:25000"), URI.create("http://[::1]:1"));
    assertThat(seeds.interval()).isEqualTo(Duration.ofSeconds(10));
    assertThat(seeds.timeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(seeds.goneAfter()).isEqualTo(Duration.ofMinutes(1));
    assertThat(seeds.most()).isEqualTo(3);
    DiscoverConfig dns =
        parse(balancer("discover { dns = [impala.example.com], name-servers = [\"10.0.0.2:53\"] }"))
            .config()
            .discover();
    assertThat(dns.dns()).containsExactly("impala.example.com");
    assertThat(dns.nameServers()).containsExactly(new InetSocketAddress("10.0.0.2", 53));
    DiscoverConfig srv =
        parse(balancer("discover.srv { hiveserver2 = _hs2._tcp.impala, web = _web._tcp.impala }"))
            .config()
            .discover();
    assertThat(srv.srv())
        .isEqualTo(Map.of("hiveserver2", "_hs2._tcp.impala", "web", "_web._tcp.impala"));
  }

  @Test
  void whatCannotBeAskedIsRefused() {
    String expected =
        ", expected the URL of a web port, such as \"http://impala-host-1.example.com:25000\"";
    assertThat(
            problems(
                balancer(
                    "discover.seeds = [\"http://h\", \"ftp://h:1\", \"http://u@h:1\", \"h:25000\","
                        + " \"http://h:1/x\", \"http://h:70000\", [] ]")))
        .containsExactly(
            "test.conf:4: discover.seeds[#1]: found \"http://h\"" + expected,
            "test.conf:4: discover.seeds[#2]: found \"ftp://h:1\"" + expected,
            "test.conf:4: discover.seeds[#3]: found \"http://u@h:1\"" + expected,
            "test.conf:4: discover.seeds[#4]: found \"h:25000\"" + expected,
            "test.conf:4: discover.seeds[#5]: found \"http://h:1/x\"" + expected,
            "test.conf:4: discover.seeds[#6]: found \"http://h:70000\"" + expected,
            "test.conf:4: discover.seeds[#7]: found a list" + expected);
    assertThat(problems(balancer("discover.seeds = [\"https://h:1\"]")))
        .containsExactly(
            "test.conf:4: discover.seeds: found \"https://h:1\", but check.web.tls is false, and"
                + " all web ports are reached alike");
    assertThat(problems(balancer("discover { dns = [\"a b\"], name-servers = [\"dns:53\"] }")))
        .hasSize(2)
        .allSatisfy(problem -> assertThat(problem).contains(", expected "));
    assertThat(problems(balancer("discover { dns = [a], srv.web = _web._tcp.a }")))
        .containsExactly(
            "test.conf:4: discover: more than one of seeds, dns and srv is given, and what two of"
                + " them find would count twice; expected one");
  }

  @Test
  void coordinatorsNeedNotBeDeclaredWhereTheyAreFound() {
    BalancerConfig declared = config("");
    assertThat(declared.coordinators()).isEmpty();
    assertThat(declared.pool("all").members()).isEmpty();
    BalancerConfig found = declared.with(List.of(found("impala-2"), found("impala-1")));
    assertThat(found.coordinators())
        .extracting(CoordinatorConfig::name)
        .containsExactly("impala-2", "impala-1");
    assertThat(members(found, "all")).isEqualTo("impala-2 100, impala-1 100");
    assertThat(found.listeners()).isEqualTo(declared.listeners());
  }

  @Test
  void whatIsFoundHasTheDefaultsAndItsOwnPorts() {
    BalancerConfig config =
        config("coordinator-defaults { weight = 30, maxconn = 60, ports.beeswax = 1 }")
            .with(List.of(found("impala-1", "10.0.0.1", 21055)));
    assertThat(config.coordinator("impala-1"))
        .isEqualTo(
            new CoordinatorConfig(
                "impala-1",
                "10.0.0.1",
                Map.of(Protocol.HIVESERVER2, 21055),
                OptionalInt.of(25000),
                30,
                60,
                AdminState.READY));
    assertThat(members(config, "all")).isEqualTo("impala-1 30");
  }

  @Test
  void patternsPutWhatIsFoundIntoPools() {
    BalancerConfig config =
        config(
            """
              coordinators = [etl-9]
              defaults.pool = bi
              pools {
                bi = ["impala-.*", { coordinator = impala-2, weight = 7 },
                      { coordinator = "etl-.*", backup = true, weight = 50 }]
                etl = ["etl-.*"]
              }
            """);
    assertThat(members(config, "bi")).isEqualTo("etl-9 50 backup");
    BalancerConfig found =
        config.with(List.of(found("impala-1"), found("etl-1"), found("impala-2"), found("other")));
    assertThat(members(found, "bi"))
        .isEqualTo("impala-1 100, impala-2 7, etl-9 50 backup, etl-1 50 backup");
    assertThat(members(found, "etl")).isEqualTo("etl-9 100, etl-1 100");
    assertThat(members(found, "all"))
        .isEqualTo("etl-9 100, impala-1 100, etl-1 100, impala-2 100, other 100");
  }

  @Test
  void patternsMeanDeclaredCoordinatorsToo() {
    assertThat(
            members(parse(balancer("defaults.pool = p, pools.p = [\"coord-[12]\"]")).config(), "p"))
        .isEqualTo("coord-1 100, coord-2 100");
    assertThat(problems(balancer("defaults.pool = p, pools.p = [\"etl-.*\", \"coord-[\"]")))
        .containsExactly(
            "test.conf:4: pools.p[#1].coordinator: no coordinator's name matches \"etl-.*\","
                + " expected one of coord-1, coord-2",
            "test.conf:4: pools.p[#2].coordinator: found \"coord-[\", expected the name of a"
                + " coordinator, or a regular expression in quotes such as \"etl-.*\": Unclosed"
                + " character class at character 7");
  }

  @Test
  void whatIsDeclaredIsNotFoundASecondTime() {
    BalancerConfig config =
        config(
            """
              coordinators = [impala-1, { name = etl, host = Impala-2, weight = 5 }]
              listeners = [{ name = jdbc, bind = "0.0.0.0:21051", protocol = hiveserver2,
                             aliases { impala-1 = one } }]
            """);
    BalancerConfig found =
        config.with(
            List.of(
                found("impala-1", "10.0.0.1", 1),
                found("impala-2"),
                found("one"),
                found("impala-4")));
    assertThat(found.coordinators())
        .extracting(CoordinatorConfig::name)
        .containsExactly("impala-1", "etl", "impala-4");
    assertThat(found.coordinator("impala-1")).isEqualTo(config.coordinator("impala-1"));
  }
}
