package io.impalabalancer.simulator;

import java.time.Duration;

/**
 * What simulated coordinators are made of; see {@link #builder}.
 *
 * @param coordinators how many a {@link SimulatedCluster} starts, 1 to 1000
 * @param host the address to listen on, a name or a literal
 * @param basePort the first of ten ports reserved for each coordinator: beeswax, hiveserver2 and
 *     web take the first three; 0 chooses free ports
 * @param feServiceThreads connections that one client port serves at once (Impala's {@code
 *     fe_service_threads}), 1 or more
 * @param setupTimeout how long a client may stay silent before its login is complete (Impala's
 *     {@code sasl_connect_tcp_timeout_ms}), longer than 0
 * @param acceptTimeout how long a connection waits for a service thread before it is closed
 *     (Impala's {@code accepted_client_cnxn_timeout}), 0 or longer
 * @param workUnits queries that run at full speed at once, 1 or more; when more run they share
 * @param maxQueries queries that fit into memory at once, 1 or more; the next ones fail
 */
public record SimulatorOptions(
    int coordinators,
    String host,
    int basePort,
    int feServiceThreads,
    Duration setupTimeout,
    Duration acceptTimeout,
    int workUnits,
    int maxQueries) {

  private static final int PORTS_PER_COORDINATOR = 10;
  private static final int MAX_PORT = 65535;

  /** Checks the ranges. */
  public SimulatorOptions {
    requireRange("coordinators", coordinators, 1, 1000);
    requireRange(
        "basePort", basePort, 0, MAX_PORT - PORTS_PER_COORDINATOR * (coordinators - 1) - 2);
    requireRange("feServiceThreads", feServiceThreads, 1, Integer.MAX_VALUE);
    requireRange("workUnits", workUnits, 1, Integer.MAX_VALUE);
    requireRange("maxQueries", maxQueries, 1, Integer.MAX_VALUE);
    if (setupTimeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "setupTimeout is " + setupTimeout + ", expected at least a millisecond");
    }
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

  /**
   * Starts from four coordinators on free loopback ports with Impala's defaults, four work units
   * and memory that never runs out.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Changes what matters; the names and ranges are the record's. */
  public static final class Builder {
    private int coordinators = 4;
    private String host = "127.0.0.1";
    private int basePort;
    private int feServiceThreads = 64;
    private Duration setupTimeout = Duration.ofMinutes(5);
    private Duration acceptTimeout = Duration.ofMinutes(5);
    private int workUnits = 4;
    private int maxQueries = Integer.MAX_VALUE;

    private Builder() {}

    public Builder coordinators(int value) {
      coordinators = value;
      return this;
    }

    public Builder host(String value) {
      host = value;
      return this;
    }

    public Builder basePort(int value) {
      basePort = value;
      return this;
    }

    public Builder feServiceThreads(int value) {
      feServiceThreads = value;
      return this;
    }

    public Builder setupTimeout(Duration value) {
      setupTimeout = value;
      return this;
    }

    public Builder acceptTimeout(Duration value) {
      acceptTimeout = value;
      return this;
    }

    public Builder workUnits(int value) {
      workUnits = value;
      return this;
    }

    public Builder maxQueries(int value) {
      maxQueries = value;
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if a value is out of range
     */
    public SimulatorOptions build() {
      return new SimulatorOptions(
          coordinators,
          host,
          basePort,
          feServiceThreads,
          setupTimeout,
          acceptTimeout,
          workUnits,
          maxQueries);
    }
  }
}
