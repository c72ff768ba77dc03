package io.impalabalancer.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.Protocol;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a real name server says, that changes its mind. */
class NameRecordsTest {
  private TestNameServer server;
  private @Nullable NameRecords records;

  @BeforeEach
  void start() throws IOException {
    server = new TestNameServer();
  }

  @AfterEach
  void stop() {
    if (records != null) {
      records.close();
    }
    server.close();
  }

  private void ask(String discover) throws Exception {
    records =
        new NameRecords(
            ConfigLoader.parse(
                    "test.conf",
                    """
                    impala-balancer {
                      discover { timeout = 500ms, name-servers = ["127.0.0.1:%d"], most = 20, %s }
                      listeners = [{ name = l, bind = "127.0.0.1:0", protocol = hiveserver2 }]
                    }
                    """
                        .formatted(server.port(), discover))
                .config()
                .discover());
  }

  private Source.Answer ask() throws Exception {
    return Objects.requireNonNull(records).ask(List.of());
  }

  private List<String> found() throws Exception {
    return ask().coordinators().stream()
        .map(each -> each.name() + " " + each.coordinator().host())
        .toList();
  }

  @Test
  void everyAddressIsACoordinatorWithTheUsualPorts() throws Exception {
    ask("dns = [impala.test, more.test]");
    server.addresses("impala.test", "10.0.0.1", "10.0.0.2");
    server.addresses("more.test", "10.0.0.2", "10.0.0.3");
    assertThat(found())
        .containsExactlyInAnyOrder("10.0.0.1 10.0.0.1", "10.0.0.2 10.0.0.2", "10.0.0.3 10.0.0.3");
    Found one = ask().coordinators().get(0);
    assertThat(one.coordinator().ports()).containsEntry(Protocol.HIVESERVER2, 21050);
    assertThat(one.coordinator().webPort()).isEqualTo(OptionalInt.of(25000));
    server.addresses("impala.test", "10.0.0.9");
    assertThat(found()).contains("10.0.0.9 10.0.0.9").doesNotContain("10.0.0.1 10.0.0.1");
  }

  @Test
  void addressesOfTheNewKindCountWhereThereAreNoOthers() throws Exception {
    ask("dns = [impala.test]");
    server.addresses("impala.test", "fd00::1", "fd00::2");
    assertThat(found()).containsExactlyInAnyOrder("fd00::1 fd00::1", "fd00::2 fd00::2");
    server.addresses("impala.test", "fd00::1", "10.0.0.1");
    assertThat(found()).containsExactly("10.0.0.1 10.0.0.1");
  }

  @Test
  void recordsOfServicesGiveHostsAndPorts() throws Exception {
    ask("srv { hiveserver2 = _hs2._tcp.test, web = _web._tcp.test }");
    server.services("_hs2._tcp.test", "impala-1.test:21055", "impala-2.test:21050");
    server.services("_web._tcp.test", "impala-1.test:25005", "impala-2.test:25000");
    assertThat(found())
        .containsExactlyInAnyOrder("impala-1.test impala-1.test", "impala-2.test impala-2.test");
    Found one =
        ask().coordinators().stream()
            .filter(each -> each.name().equals("impala-1.test"))
            .findFirst()
            .orElseThrow();
    assertThat(one.coordinator().ports())
        .isEqualTo(
            Map.of(
                Protocol.BEESWAX, 21000,
                Protocol.HIVESERVER2, 21055,
                Protocol.HIVESERVER2_HTTP, 28000));
    assertThat(one.coordinator().webPort()).isEqualTo(OptionalInt.of(25005));
    server.services("_hs2._tcp.test", "impala-2.test:21050");
    server.services("_web._tcp.test", "impala-2.test:25000");
    assertThat(found()).containsExactly("impala-2.test impala-2.test");
  }

  @Test
  void withOneNameAHostMayHaveSeveral() throws Exception {
    ask("srv.hiveserver2 = _hs2._tcp.test");
    server.services("_hs2._tcp.test", "h.test:21050", "h.test:21051");
    assertThat(found()).containsExactlyInAnyOrder("h.test h.test", "h.test:21051 h.test");
  }

  @Test
  void withSeveralNamesNobodyCouldTellWhosePortItIs() throws Exception {
    ask("srv { hiveserver2 = _hs2._tcp.test, web = _web._tcp.test }");
    server.services("_hs2._tcp.test", "h.test:21050", "h.test:21051");
    server.services("_web._tcp.test", "h.test:25000");
    assertThatThrownBy(() -> found())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("_hs2._tcp.test names h.test with the ports");
  }

  @Test
  void noRecordIsNoAnswer() throws Exception {
    ask("dns = [impala.test, gone.test]");
    server.addresses("impala.test", "10.0.0.1");
    assertThatThrownBy(() -> found())
        .isInstanceOf(IOException.class)
        .hasMessage("gone.test has no address");
    server.addresses("gone.test");
    assertThatThrownBy(() -> found())
        .isInstanceOf(IOException.class)
        .hasMessage("gone.test has no address");
  }

  @Test
  void aServerThatIsSilentIsNoAnswer() throws Exception {
    ask("dns = [impala.test]");
    server.addresses("impala.test", "10.0.0.1");
    server.silent = true;
    assertThatThrownBy(() -> found())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("impala.test could not be looked up");
    server.silent = false;
    assertThat(found()).containsExactly("10.0.0.1 10.0.0.1");
  }

  @ParameterizedTest
  @CsvSource({"2, ServFail", "5, Refused"})
  void aServerThatFailsDoesNotTurnHostsIntoTheirAddressesOfTheNewKind(int code, String word)
      throws Exception {
    ask("dns = [impala.test]");
    server.addresses("impala.test", "10.0.0.1", "fd00::1");
    server.ipv4Error = code;
    assertThatThrownBy(() -> found())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("impala.test could not be looked up: the name server says " + word);
    server.ipv4Error = 0;
    assertThat(found()).containsExactly("10.0.0.1 10.0.0.1");
  }

  @Test
  void recordsThatCannotBeReadAreNoAnswer() throws Exception {
    ask("dns = [impala.test]");
    server.raw("impala.test", 1, new byte[] {10, 0, 0});
    assertThatThrownBy(() -> found())
        .isInstanceOf(IOException.class)
        .hasMessage("impala.test has an address that cannot be read");
  }

  @Test
  void tooManyAreRefused() throws Exception {
    ask("dns = [impala.test]");
    String[] many = new String[21];
    for (int i = 0; i < many.length; i++) {
      many[i] = "10.0.0." + i;
    }
    server.addresses("impala.test", many);
    assertThatThrownBy(() -> found())
        .hasMessageContaining("21 coordinators were named, expected 20 at most");
  }
}
