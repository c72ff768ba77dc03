package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.core.BalanceSimulation.Algorithm;
import io.impalabalancer.core.BalanceSimulation.Outcome;
import io.impalabalancer.core.BalanceTable.Row;
import io.impalabalancer.core.BalanceTable.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** leastload against leastconn, in the simulated cluster. The same seeds each time. */
class BalanceSimulationTest {
  /** Where connections tell nothing of the work. */
  private static final EnumSet<Scenario> BLIND =
      EnumSet.of(Scenario.IDLE_POOL, Scenario.DASHBOARD, Scenario.RESTART);

  private static final Set<Algorithm> LEASTLOAD =
      EnumSet.of(Algorithm.LEASTLOAD, Algorithm.LEASTLOAD_1S, Algorithm.LEASTLOAD_5S);

  private static final List<Row> ROWS = BalanceTable.rows();

  @Test
  void whereConnectionsTellNothingItIsBetter() {
    for (Row row : rows(BLIND)) {
      for (Algorithm algorithm : LEASTLOAD) {
        double p95 = row.scenario() == Scenario.DASHBOARD ? 1 : 0.85;
        check(row, algorithm, p95, 0.95, 1.02);
      }
    }
  }

  @Test
  void whereConnectionsTellAllItIsNoWorseThanByAFewInAHundred() {
    for (Row row : rows(EnumSet.complementOf(BLIND))) {
      for (Algorithm algorithm : LEASTLOAD) {
        check(row, algorithm, 1.04, 1.04, 1.04);
      }
    }
  }

  private static List<Row> rows(Set<Scenario> scenarios) {
    return ROWS.stream().filter(row -> scenarios.contains(row.scenario())).toList();
  }

  /** Holds what came of an algorithm against so many times what came of leastconn. */
  private static void check(
      Row row, Algorithm algorithm, double p95, double worstToMean, double makespan) {
    String what = row.scenario() + " " + row.balancers() + " " + algorithm;
    check("p95: " + what, row, algorithm, p95, Outcome::p95);
    check("worst to mean: " + what, row, algorithm, worstToMean, Outcome::worstToMean);
    check("makespan: " + what, row, algorithm, makespan, Outcome::makespan);
  }

  private static void check(
      String what, Row row, Algorithm algorithm, double most, ToDoubleFunction<Outcome> measure) {
    assertThat(row.mean(algorithm, measure))
        .as(what)
        .isLessThan(most * row.mean(Algorithm.LEASTCONN, measure));
  }

  @Test
  void ninetyNewConnectionsAreSharedEvenlyWhereThreeHundredAreIdle() {
    for (Row row : rows(EnumSet.of(Scenario.IDLE_POOL))) {
      for (Algorithm algorithm : LEASTLOAD) {
        // Of two balancers neither sees at once what the other sends.
        int off = row.balancers() == 1 ? 3 : 10;
        for (Outcome outcome : row.of(algorithm)) {
          for (int connections : outcome.connections()) {
            assertThat(connections).as("%s", algorithm).isBetween(30 - off, 30 + off);
          }
        }
      }
    }
  }

  @Test
  void theTablesOfTheDocumentAreThese() throws IOException {
    assertThat(Files.readString(Path.of("../docs/balance.md"))).contains(BalanceTable.text(ROWS));
  }
}
