package io.impalabalancer.simulator;

import java.time.Duration;

/**
 * What simulated coordinators are made of. Start from {@link #DEFAULTS} and change what matters.
 *
 * @param coordinators how many a {@link SimulatedCluster} starts, 1 or more
 * @param host the address to listen on, a name or a literal
 * @param basePort the first of ten ports reserved for each coordinator: beeswax, hiveserver2 and
 *     web take the first three; 0 chooses free ports
 * @param feServiceThreads connections that one client port serves at once (Impala's {@code
 *     fe_service_threads}), 1 or more
 * @param setupThreads threads of one client port that log clients in (Impala's {@code
 *     accepted_cnxn_setup_thread_pool_size}), 1 or more
 * @param setupTimeout how long a client may stay silent before its login is complete (Impala's
 *     {@code sasl_connect_tcp_timeout_ms})
 * @param acceptTimeout how long a connection waits for a service thread before it is closed
 *     (Impala's {@code accepted_client_cnxn_timeout})
 * @param workUnits queries that run at full speed at once; more share the units, 1 or more
 * @param maxQueries queries that fit into memory at once; the next ones fail, 1 or more
 */
public record SimulatorOptions(
    int coordinators,
    String host,
    int basePort,
    int feServiceThreads,
    int setupThreads,
    Duration setupTimeout,
    Duration acceptTimeout,
    int workUnits,
    int maxQueries) {

  /**
   * Four coordinators on free loopback ports with Impala's defaults, four work units, and memory
   * that never runs out.
   */
  public static final SimulatorOptions DEFAULTS =
      new SimulatorOptions(
          4,
          "127.0.0.1",
          0,
          64,
          2,
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          4,
          Integer.MAX_VALUE);

  private static final int PORTS_PER_COORDINATOR = 10;

  /** Checks the ranges. */
  public SimulatorOptions {
    requireRange("coordinators", coordinators, 1, 1000);
    requireRange("basePort", basePort, 0, 65535 - PORTS_PER_COORDINATOR * (coordinators - 1) - 2);
    requireRange("feServiceThreads", feServiceThreads, 1, Integer.MAX_VALUE);
    requireRange("setupThreads", setupThreads, 1, Integer.MAX_VALUE);
    requireRange("workUnits", workUnits, 1, Integer.MAX_VALUE);
    requireRange("maxQueries", maxQueries, 1, Integer.MAX_VALUE);
  }

  private static void requireRange(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " is " + value + ", expected " + min + " to " + max);
    }
  }

  /** The first port of the coordinator with that index, from 0; 0 for free ports. */
  int firstPort(int index) {
    return basePort == 0 ? 0 : basePort + index * PORTS_PER_COORDINATOR;
  }

  public SimulatorOptions withCoordinators(int value) {
    return new SimulatorOptions(
        value,
        host,
        basePort,
        feServiceThreads,
        setupThreads,
        setupTimeout,
        acceptTimeout,
        workUnits,
        maxQueries);
  }

  public SimulatorOptions withHost(String value) {
    return new SimulatorOptions(
        coordinators,
        value,
        basePort,
        feServiceThreads,
        setupThreads,
        setupTimeout,
        acceptTimeout,
        workUnits,
        maxQueries);
  }

  public SimulatorOptions withBasePort(int value) {
    return new SimulatorOptions(
        coordinators,
        host,
        value,
        feServiceThreads,
        setupThreads,
        setupTimeout,
        acceptTimeout,
        workUnits,
        maxQueries);
  }

  public SimulatorOptions withFeServiceThreads(int value) {
    return new SimulatorOptions(
        coordinators,
        host,
        basePort,
        value,
        setupThreads,
        setupTimeout,
        acceptTimeout,
        workUnits,
        maxQueries);
  }

  public SimulatorOptions withSetupTimeout(Duration value) {
    return new SimulatorOptions(
        coordinators,
        host,
        basePort,
        feServiceThreads,
        setupThreads,
        value,
        acceptTimeout,
        workUnits,
        maxQueries);
  }

  public SimulatorOptions withAcceptTimeout(Duration value) {
    return new SimulatorOptions(
        coordinators,
        host,
        basePort,
        feServiceThreads,
        setupThreads,
        setupTimeout,
        value,
        workUnits,
        maxQueries);
  }

  public SimulatorOptions withWorkUnits(int value) {
    return new SimulatorOptions(
        coordinators,
        host,
        basePort,
        feServiceThreads,
        setupThreads,
        setupTimeout,
        acceptTimeout,
        value,
        maxQueries);
  }

  public SimulatorOptions withMaxQueries(int value) {
    return new SimulatorOptions(
        coordinators,
        host,
        basePort,
        feServiceThreads,
        setupThreads,
        setupTimeout,
        acceptTimeout,
        workUnits,
        value);
  }
}
