package io.impalabalancer.core;

import io.impalabalancer.core.BalanceSimulation.Algorithm;
import io.impalabalancer.core.BalanceSimulation.Keeper;
import io.impalabalancer.core.BalanceSimulation.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/**
 * What the algorithms make of the same clients, as docs/balance.md has it. No part of a build:
 * {@code -Dtest=BalanceTable} prints it.
 */
class BalanceTable {
  private static final int SEEDS = 10;

  /** What is simulated; three coordinators, of speed 1 unless it says otherwise. */
  enum Scenario {
    UNIFORM("uniform clients"),
    IDLE_POOL("300 idle connections on one"),
    DASHBOARD("one heavy dashboard"),
    HALF_SPEED("one half as fast"),
    RESTART("one restarts");

    final String title;

    Scenario(String title) {
      this.title = title;
    }

    private void clients(BalanceSimulation sim) {
      switch (this) {
        case UNIFORM -> sim.stream(0, 600, 20, 0.8);
        case IDLE_POOL -> {
          sim.setUp(1, false);
          sim.setUp(2, false);
          for (int i = 0; i < 300; i++) {
            sim.at(0.01 * i, () -> sim.connect(0, () -> {}));
          }
          sim.at(5, () -> sim.setUp(1, true));
          sim.at(5, () -> sim.setUp(2, true));
          sim.countFrom(30);
          sim.stream(30, 90, 90, 4);
        }
        case DASHBOARD -> {
          sim.kept(new Keeper(60, 0.5, 24, 2, false));
          sim.stream(0, 600, 10, 0.8);
        }
        case HALF_SPEED -> sim.stream(0, 600, 14, 0.8);
        case RESTART -> {
          for (int i = 0; i < 90; i++) {
            sim.at(0.01 * i, () -> sim.kept(new Keeper(60, 12, 1, 0.8, true)));
          }
          sim.stream(1, 840, 14, 0.8);
          sim.restart(1, 20, 25);
        }
      }
    }

    private Outcome run(Algorithm algorithm, int balancers, long seed) {
      double last = this == HALF_SPEED ? 0.5 : 1;
      BalanceSimulation simulation = new BalanceSimulation(algorithm, balancers, seed, 1, 1, last);
      clients(simulation);
      return simulation.run(60);
    }
  }

  /** A line of the tables: what came of each seed. */
  record Row(Scenario scenario, int balancers, Map<Algorithm, List<Outcome>> outcomes) {
    static Row of(Scenario scenario, int balancers) {
      Map<Algorithm, List<Outcome>> outcomes = new EnumMap<>(Algorithm.class);
      for (Algorithm algorithm : Algorithm.values()) {
        List<Outcome> of = new ArrayList<>();
        for (int seed = 1; seed <= SEEDS; seed++) {
          of.add(scenario.run(algorithm, balancers, seed));
        }
        outcomes.put(algorithm, of);
      }
      return new Row(scenario, balancers, outcomes);
    }

    List<Outcome> of(Algorithm algorithm) {
      return outcomes.getOrDefault(algorithm, List.of());
    }

    /** Returns the mean over the seeds. */
    double mean(Algorithm algorithm, ToDoubleFunction<Outcome> measure) {
      return of(algorithm).stream().mapToDouble(measure).average().orElseThrow();
    }

    /** Returns the fewest and the most connections that one coordinator was given. */
    String connections(Algorithm algorithm) {
      List<Integer> given =
          of(algorithm).stream().flatMap(o -> o.connections().stream()).sorted().toList();
      return given.get(0) + " to " + given.get(given.size() - 1);
    }

    private String title() {
      return scenario.title + (balancers == 1 ? "" : ", two balancers");
    }
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (int balancers = 1; balancers <= 2; balancers++) {
      for (Scenario scenario : Scenario.values()) {
        rows.add(Row.of(scenario, balancers));
      }
    }
    return rows;
  }

  /** Returns the tables as they stand in the document. */
  static String text(List<Row> rows) {
    StringBuilder text = new StringBuilder();
    head(text, "p95, s");
    rows.forEach(row -> line(text, row, a -> number(row.mean(a, Outcome::p95), 2)));
    head(text, "worst to mean");
    rows.forEach(row -> line(text, row, a -> number(row.mean(a, Outcome::worstToMean), 2)));
    head(text, "makespan, s");
    rows.forEach(row -> line(text, row, a -> number(row.mean(a, Outcome::makespan), 1)));
    head(text, "connections");
    rows.stream()
        .filter(row -> row.scenario == Scenario.IDLE_POOL)
        .forEach(row -> line(text, row, row::connections));
    return text.toString();
  }

  private static void head(StringBuilder text, String measure) {
    text.append(text.length() == 0 ? "" : "\n").append("| ").append(measure);
    for (Algorithm algorithm : Algorithm.values()) {
      text.append(" | ").append(algorithm.title);
    }
    text.append(" |\n|").append(" --- |".repeat(Algorithm.values().length + 1)).append('\n');
  }

  private interface Cell {
    String of(Algorithm algorithm);
  }

  private static void line(StringBuilder text, Row row, Cell cell) {
    text.append("| ").append(row.title());
    for (Algorithm algorithm : Algorithm.values()) {
      text.append(" | ").append(cell.of(algorithm));
    }
    text.append(" |\n");
  }

  private static String number(double number, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", number);
  }

  @Test
  void print() {
    System.out.print(text(rows()));
  }
}
