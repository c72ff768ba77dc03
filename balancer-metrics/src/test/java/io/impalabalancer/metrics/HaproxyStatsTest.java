package io.impalabalancer.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Termination;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What HAProxy's commands show of a balancer. */
class HaproxyStatsTest {
  private final Balancer balancer = TestBalancer.withJdbc("aliases { c2 = symbolic_name_2 }");
  private final Listener listener = balancer.listeners().get(0);
  private final Coordinator c1 = balancer.coordinators().get(0);
  private final HaproxyStats stats = new HaproxyStats(balancer, "1.2.3");

  @BeforeEach
  void listen() {
    balancer.addListener(stats);
  }

  @AfterEach
  void close() {
    balancer.close();
  }

  private StatRow row(String name) {
    return stats.rows().stream()
        .filter(row -> row.value("svname").equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static CheckReport failed(int health) {
    return new CheckReport(
        CheckKind.HTTP, "bad-status", "http status 503 (expected 200)", 3_000_000, health);
  }

  private static CheckReport passed(int health) {
    return new CheckReport(CheckKind.HTTP, "ok", "http status 200", 2_000_000, health);
  }

  @Test
  void eachListenerHasARowForItsClientsEachMemberByItsAliasAndAllMembers() {
    assertThat(stats.rows())
        .extracting(row -> row.value("pxname") + "/" + row.value("svname"))
        .containsExactly("jdbc/FRONTEND", "jdbc/c1", "jdbc/symbolic_name_2", "jdbc/BACKEND");
    assertThat(stats.rows()).extracting(StatRow::id).containsExactly(0, 1, 2, 0);
    assertThat(row("FRONTEND").value("slim")).isEqualTo("1000");
    assertThat(row("c1").value("slim")).isEqualTo("60");
  }

  @Test
  void everyLineOfTheCsvHasTheColumnsOfTheFirst() {
    List<String> lines = stats.csv(row -> true).lines().toList();
    assertThat(lines).hasSize(5);
    assertThat(lines.get(0)).startsWith("# pxname,svname,qcur,qmax,").endsWith(",");
    int columns = lines.get(0).split(",", -1).length;
    assertThat(lines).allSatisfy(line -> assertThat(line.split(",", -1)).hasSize(columns));
  }

  @Test
  void theStatusIsHaproxysWord() {
    assertThat(row("c1").value("status")).isEqualTo("DOWN");
    balancer.events().checked(c1, passed(4));
    c1.setStatus(Coordinator.Status.UP, "test");
    assertThat(row("c1").value("status")).isEqualTo("UP");
    balancer.events().checked(c1, failed(3));
    assertThat(row("c1").value("status")).isEqualTo("UP 2/3");
    assertThat(row("c1").value("chkfail")).isEqualTo("1");
    assertThat(row("c1").value("check_status")).isEqualTo("L7STS");
    assertThat(row("c1").value("last_chk")).isEqualTo("http status 503 (expected 200)");
    balancer.events().checked(c1, passed(4));
    c1.setAdminState(AdminState.DRAIN, "test");
    assertThat(row("c1").value("status")).isEqualTo("DRAIN");
    c1.setAdminState(AdminState.MAINT, "test");
    assertThat(row("c1").value("status")).isEqualTo("MAINT");
    c1.setAdminState(AdminState.READY, "test");
    c1.setStatus(Coordinator.Status.DOWN, "test");
    assertThat(row("c1").value("chkdown")).isEqualTo("1");
    listener.disable("test");
    assertThat(row("FRONTEND").value("status")).isEqualTo("PAUSED");
  }

  @Test
  void abortsAndTimesOfEndedSessionsAreCountedAndCleared() {
    FakeSession reset = new FakeSession(listener, c1);
    reset.termination = Termination.CLIENT_RESET;
    balancer.events().sessionEnded(reset);
    stats.sample();
    assertThat(row("c1").value("cli_abrt")).isEqualTo("1");
    assertThat(row("BACKEND").value("cli_abrt")).isEqualTo("1");
    assertThat(row("c1").value("ttime")).isEqualTo("250");
    assertThat(row("c1").value("ttime_max")).isEqualTo("250");
    stats.clear(false);
    assertThat(row("c1").value("cli_abrt")).as("sums stay").isEqualTo("1");
    assertThat(row("c1").value("ttime_max")).isEqualTo("0");
    stats.clear(true);
    assertThat(row("c1").value("cli_abrt")).isEqualTo("0");
  }

  @Test
  void typedAndJsonSayWhatEachValueIs() {
    assertThat(stats.typed(row -> true))
        .contains("F.2.0.6.slim.1:CLP:u32:1000\n", "S.2.1.6.slim.1:CLP:u32:60\n")
        .contains("B.2.0.19.act.1:MGP:u32:0\n");
    assertThat(stats.json(row -> row.kind() == StatRow.Kind.FRONTEND))
        .startsWith(
            "[[{\"objType\":\"Frontend\",\"proxyId\":2,\"id\":0,\"field\":{\"pos\":0,\"name\":"
                + "\"pxname\"},\"processNum\":1,\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\","
                + "\"scope\":\"Service\"},\"value\":{\"type\":\"str\",\"value\":\"jdbc\"}},")
        .endsWith("}}]]\n");
  }

  @Test
  void infoNamesTheProgramAndItsLimits() {
    assertThat(stats.infoText())
        .contains("Name: impala-balancer\nVersion: 1.2.3\n", "Maxconn: 20000\n", "CurrConns: 0\n")
        .containsPattern(Pattern.compile("Uptime: 0d 0h00m\\d\\ds\n"));
    assertThat(stats.infoTyped()).contains("15.Maxconn.1:CLP:u32:20000\n");
  }
}
