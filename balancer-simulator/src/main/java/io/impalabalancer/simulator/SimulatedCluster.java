package io.impalabalancer.simulator;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Several simulated coordinators, named {@code impala-1} and so on. Any thread may call. */
public final class SimulatedCluster implements AutoCloseable {
  private final List<SimulatedCoordinator> coordinators = new ArrayList<>();

  private SimulatedCluster() {}

  /**
   * Starts the coordinators that the options ask for.
   *
   * @throws IOException if one cannot listen; then none is left
   */
  public static SimulatedCluster start(SimulatorOptions options) throws IOException {
    SimulatedCluster cluster = new SimulatedCluster();
    try {
      for (int i = 0; i < options.coordinators(); i++) {
        cluster.add(
            new SimulatedCoordinator(
                "impala-" + (i + 1), options, options.firstPort(i), cluster::find));
      }
      return cluster;
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
  }

  private synchronized void add(SimulatedCoordinator coordinator) {
    coordinators.add(coordinator);
  }

  private @Nullable Orders find(String name) {
    return coordinators().stream()
        .filter(coordinator -> coordinator.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** The coordinators in order of their names' numbers, dead ones too. */
  public synchronized List<SimulatedCoordinator> coordinators() {
    return List.copyOf(coordinators);
  }

  /** The coordinator of that number, from 1. */
  public SimulatedCoordinator coordinator(int number) {
    return coordinators().get(number - 1);
  }

  /** Ends all coordinators for good. */
  @Override
  public void close() {
    coordinators().forEach(SimulatedCoordinator::close);
  }

  /** A line for each coordinator with its name and addresses. */
  @Override
  public String toString() {
    return coordinators().stream()
        .map(SimulatedCoordinator::toString)
        .collect(Collectors.joining("\n"));
  }
}
