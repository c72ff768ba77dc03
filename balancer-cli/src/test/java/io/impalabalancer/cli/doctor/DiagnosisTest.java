package io.impalabalancer.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.health.WebAccess;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made of what a simulated cluster cannot show: certificates, Kerberos, clocks, age. */
class DiagnosisTest {
  private final Instant now = Instant.now();
  private static final PortFacts NOSASL = PortFacts.serves(Optional.empty(), Set.of("NOSASL"));

  @TempDir Path directory;

  private BalancerConfig config;

  @BeforeEach
  void load() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("b.conf"),
            """
            impala-balancer {
              coordinators = [ a.example.com, b.example.com ]
              listeners = [ { name = jdbc, bind = "127.0.0.1:21051", protocol = hiveserver2 } ]
              stats.bind = none
            }
            """);
    config = ConfigLoader.load(file).config();
  }

  @Test
  void clocksThatDifferAreNamedByHowFar() {
    assertThat(found(NOSASL, clock(4_000))).isEmpty();
    assertThat(found(NOSASL, clock(-20_000)))
        .containsExactly(
            "warning coordinator b.example.com: its clock is 20 s behind this machine's");
    assertThat(found(NOSASL, clock(400_000)))
        .containsExactly(
            "error coordinator b.example.com: its clock is 400 s ahead of this machine's");
  }

  @Test
  void aYoungCoordinatorIsNoted() {
    assertThat(
            found(NOSASL, started("2026-11-25 09:00:00.000000000"), started("2026-11-25 09:30:00")))
        .isEmpty();
    assertThat(
            found(NOSASL, started("2026-11-25 09:00:00.000000000"), started("2026-11-25 12:00:00")))
        .singleElement()
        .asString()
        .startsWith("note coordinators: were started at different times: a.example.com: ");
  }

  @Test
  void certificatesAreHeldAgainstTheNameThatClientsDial() throws Exception {
    assertThat(found(tls("lb.example.com", "-1d", 365), web())).isEmpty();
    assertThat(found(tls("*.example.com", "-1d", 365), web())).isEmpty();
    assertThat(found(tls("a.example.com", "-1d", 365), web()))
        .allSatisfy(finding ->
            assertThat(finding)
                .startsWith("error coordinator ")
                .endsWith(
                    "the certificate of its hiveserver2 port is for a.example.com, but clients"
                        + " dial lb.example.com"));
  }

  @Test
  void certificatesThatExpireAreNamed() throws Exception {
    assertThat(found(tls("lb.example.com", "-1d", 10), web()))
        .hasSize(2)
        .allSatisfy(finding -> assertThat(finding).startsWith("warning").contains(" expires at "));
    assertThat(found(tls("lb.example.com", "-10d", 5), web()))
        .hasSize(2)
        .allSatisfy(finding -> assertThat(finding).startsWith("error").contains(" expired at "));
  }

  @Test
  void tlsOnSomeCoordinatorsOnlyIsNamed() throws Exception {
    PortFacts tls = tls("lb.example.com", "-1d", 365);
    PortFacts same = PortFacts.serves(Optional.empty(), tls.logins());
    assertThat(Diagnosis.of(config, List.of(), seen(tls, same, web(), web()), now))
        .singleElement()
        .satisfies(finding ->
            assertThat(finding.found())
                .isEqualTo(
                    "its coordinators speak TLS differently: a.example.com: TLS;"
                        + " b.example.com: no TLS"));
  }

  @Test
  void aNameThatDoesNotLeadBackIsNamedWhereKerberosIsSpoken() {
    PortFacts kerberos = PortFacts.serves(Optional.empty(), Set.of("GSSAPI"));
    assertThat(found(kerberos, web()))
        .containsExactly(
            "warning coordinator b.example.com: the address of b.example.com leads back to"
                + " other.example.com");
  }

  @Test
  void principalsAreHeldAgainstTheNameThatClientsDial() {
    PortFacts kerberos = PortFacts.serves(Optional.empty(), Set.of("GSSAPI", "PLAIN"));
    String reverse =
        "warning coordinator b.example.com: the address of b.example.com leads back to"
            + " other.example.com";
    WebFacts right = principal("impala/LB.example.com@EXAMPLE.COM");
    assertThat(found(kerberos, right, right)).containsExactly(reverse);
    assertThat(found(kerberos, right, principal("impala/_HOST@EXAMPLE.COM")))
        .containsExactly(
            "error coordinators: take Kerberos tickets of another name than clients dial,"
                + " lb.example.com: b.example.com: b.example.com",
            reverse);
    WebFacts other = principal("impala/vip.example.com@EXAMPLE.COM");
    assertThat(found(kerberos, other, other))
        .containsExactly(
            "error coordinators: take Kerberos tickets of another name than clients dial,"
                + " lb.example.com: a.example.com, b.example.com: vip.example.com",
            reverse);
    assertThat(found(NOSASL, other, other)).as("nobody speaks Kerberos").isEmpty();
  }

  @Test
  void mechanismAndPrincipalAreSeenAtAPortAndOnAPage() throws Exception {
    try (SimulatedCoordinator coordinator =
            SimulatedCoordinator.start("a", SimulatorOptions.builder().build());
        FakePort port = new FakePort(FakePort.sasl(Set.of("GSSAPI")))) {
      coordinator.say(
          "/varz", "flags", "[{\"name\":\"principal\",\"current\":\"impala/vip@EXAMPLE.COM\"}]");
      BalancerConfig real =
          ConfigLoader.parse(
                  "b.conf",
                  """
                  impala-balancer {
                    coordinators = [{ name = a, host = 127.0.0.1,
                                      ports { hiveserver2 = %d, web = %d } }]
                    listeners = [{ name = l, bind = "127.0.0.1:21051", protocol = hiveserver2 }]
                  }
                  """
                      .formatted(port.address().getPort(), coordinator.webPort()))
              .config();
      Duration timeout = Duration.ofSeconds(60);
      try (WebPages pages = new WebPages(WebAccess.of(real.check().web()), timeout)) {
        Examination seen = Examination.of(real, "localhost", timeout, pages);
        assertThat(Diagnosis.of(real, List.of(), seen, now))
            .extracting(Finding::found)
            .contains("take Kerberos tickets of another name than clients dial, localhost: a: vip");
      }
    }
  }

  private PortFacts tls(String name, String start, int days) throws Exception {
    try (ServerSocket socket = Certificates.listen(directory, name, start, days);
        FakePort port = new FakePort(socket, FakePort.sasl(Set.of("PLAIN")))) {
      PortFacts facts = new PortProbe(port.address(), Duration.ofSeconds(60)).thrift();
      assertThat(facts.certificate()).isPresent();
      return facts;
    }
  }

  private List<String> found(PortFacts port, WebFacts second) {
    return found(port, web(), second);
  }

  private List<String> found(PortFacts port, WebFacts first, WebFacts second) {
    List<String> found = new ArrayList<>();
    for (Finding finding : Diagnosis.of(config, List.of(), seen(port, port, first, second), now)) {
      found.add(finding.severity().word() + " " + finding.subject() + ": " + finding.found());
    }
    return found;
  }

  private Examination seen(PortFacts firstPort, PortFacts secondPort, WebFacts a, WebFacts b) {
    return new Examination(
        name("lb.example.com", "lb.example.com"),
        List.of(
            new CoordinatorFacts(
                config.coordinators().get(0),
                name("a.example.com", "a.example.com"),
                Map.of(Protocol.HIVESERVER2, firstPort),
                Optional.of(a)),
            new CoordinatorFacts(
                config.coordinators().get(1),
                name("b.example.com", "other.example.com"),
                Map.of(Protocol.HIVESERVER2, secondPort),
                Optional.of(b))),
        Map.of());
  }

  private static NameFacts name(String name, String reverse) {
    return new NameFacts(name, List.of(InetAddress.getLoopbackAddress()), Set.of(reverse));
  }

  private static WebFacts web() {
    return web("2026-11-25 09:00:00.000000000", 0, "");
  }

  private static WebFacts clock(long aheadMillis) {
    return web("2026-11-25 09:00:00.000000000", aheadMillis, "");
  }

  private static WebFacts started(String time) {
    return web(time, 0, "");
  }

  private static WebFacts principal(String principal) {
    return web("2026-11-25 09:00:00.000000000", 0, principal);
  }

  private static WebFacts web(String startTime, long aheadMillis, String principal) {
    return new WebFacts(
        Optional.empty(),
        Optional.of("impalad version 4.5.0"),
        Optional.of(startTime),
        Optional.empty(),
        true,
        false,
        Optional.empty(),
        OptionalLong.of(64),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.of(principal),
        OptionalLong.empty(),
        Optional.empty(),
        Optional.of(true),
        OptionalLong.of(aheadMillis));
  }
}
