package io.impalabalancer.simulator;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Simulated coordinators named {@code impala-1} and so on, executors named {@code executor-1} and
 * so on, and the catalog that they share. Any thread may call.
 */
public final class SimulatedCluster implements AutoCloseable {
  private final List<SimulatedCoordinator> coordinators = new ArrayList<>();
  private final List<SimulatedCoordinator> executors = new ArrayList<>();
  private final Catalog catalog;

  /** Executors that are not simulated: they have room for everything. */
  private final Capacity elsewhere =
      new Capacity("executors", Integer.MAX_VALUE, Integer.MAX_VALUE, System::nanoTime);

  /** Makes one without members. */
  SimulatedCluster(SimulatorOptions options) {
    catalog = new Catalog(options.statestoreUpdateFrequency(), System::nanoTime);
  }

  /**
   * Starts the coordinators and executors that the options ask for.
   *
   * @throws IOException if one cannot listen; then none is left
   */
  public static SimulatedCluster start(SimulatorOptions options) throws IOException {
    SimulatedCluster cluster = new SimulatedCluster(options);
    try {
      for (int i = 0; i < options.coordinators(); i++) {
        cluster.start("impala-" + (i + 1), options, options.firstPort(i));
      }
      for (int i = 0; i < options.executors(); i++) {
        cluster.start(
            "executor-" + (i + 1),
            options.withRole(Role.EXECUTOR),
            options.firstPort(options.coordinators() + i));
      }
      return cluster;
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
  }

  /** Starts a member. */
  SimulatedCoordinator start(String name, SimulatorOptions options, int firstPort)
      throws IOException {
    SimulatedCoordinator member = new SimulatedCoordinator(name, options, firstPort, this);
    synchronized (this) {
      (options.role().isCoordinator() ? coordinators : executors).add(member);
    }
    return member;
  }

  /** Finds a member, dead ones too; null if there is none of that name. */
  @Nullable SimulatedCoordinator find(String name) {
    return members().filter(member -> member.name().equals(name)).findFirst().orElse(null);
  }

  Catalog catalog() {
    return catalog;
  }

  /** Coordinators and executors, dead ones too. */
  Stream<SimulatedCoordinator> members() {
    return Stream.concat(coordinators().stream(), executors().stream());
  }

  /** Whether every coordinator that lives has heard of a state of the catalog, or never will. */
  boolean isTold(Catalog.State state) {
    return !catalog.serviceId().equals(state.serviceId())
        || coordinators().stream()
            .map(SimulatedCoordinator::impalad)
            .filter(Objects::nonNull)
            .map(process -> process.catalog.told())
            .allMatch(told ->
                told.serviceId().equals(state.serviceId()) && told.version() >= state.version());
  }

  /** What the executors that live can do. */
  List<Capacity> capacities() {
    List<Capacity> living =
        members()
            .map(SimulatedCoordinator::impalad)
            .filter(Objects::nonNull)
            .filter(process -> process.options.role().isExecutor())
            .map(Impalad::capacity)
            .toList();
    return living.isEmpty() ? List.of(elsewhere) : living;
  }

  /** The coordinators in order of their names' numbers, dead ones too. */
  public synchronized List<SimulatedCoordinator> coordinators() {
    return List.copyOf(coordinators);
  }

  /** The coordinator of that number, from 1. */
  public SimulatedCoordinator coordinator(int number) {
    return coordinators().get(number - 1);
  }

  /** The executors in order of their names' numbers, dead ones too; they take no clients. */
  public synchronized List<SimulatedCoordinator> executors() {
    return List.copyOf(executors);
  }

  /** Ends all members for good. */
  @Override
  public void close() {
    members().forEach(SimulatedCoordinator::close);
    elsewhere.close();
  }

  /** A line for each member with its name and addresses. */
  @Override
  public String toString() {
    return members().map(SimulatedCoordinator::toString).collect(Collectors.joining("\n"));
  }
}
