package io.impalabalancer.simulator;

import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * What simulated coordinators are made of; see {@link #builder}.
 *
 * @param coordinators how many a {@link SimulatedCluster} starts, 1 to 1000
 * @param executors how many executors it starts beside them, 0 to 1000
 * @param host the address to listen on, a name or a literal
 * @param basePort the first of ten ports reserved for each coordinator: beeswax, hiveserver2, web
 *     and hiveserver2-http take the first four; 0 chooses free ports
 * @param feServiceThreads connections that one client port serves at once (Impala's {@code
 *     fe_service_threads}), 1 or more
 * @param setupTimeout how long a client may stay silent before its login is complete (Impala's
 *     {@code sasl_connect_tcp_timeout_ms}), longer than 0
 * @param acceptTimeout how long a connection waits for a service thread before it is closed
 *     (Impala's {@code accepted_client_cnxn_timeout}), 0 or longer
 * @param disconnectedSessionTimeout how long a hiveserver2 session lives without a connection
 *     (Impala's {@code disconnected_session_timeout}), longer than 0
 * @param workUnits queries that run at full speed at once, 1 or more; when more run they share
 * @param maxQueries queries that fit into memory at once, 1 or more; the next ones fail
 * @param version which Impala its web pages are like
 * @param role what it is for
 * @param authentication how clients log in
 * @param keytab whose Kerberos tickets the beeswax and hiveserver2 ports take, beside what {@code
 *     authentication} lets in, or null; {@code GSSAPI} needs one
 * @param webProtection who may read its web pages
 * @param webTls makes its web port speak TLS, or null
 * @param statestoreUpdateFrequency how often the others learn of a change of the catalog (Impala's
 *     {@code statestore_update_frequency_ms}), longer than 0
 * @param catalogLoad how long a process that starts waits for the catalog before it opens its
 *     client ports, 0 or longer
 * @param gracePeriod how long a shutdown waits for the balancers (Impala's {@code
 *     shutdown_grace_period_s}), 0 or longer
 * @param shutdownDeadline when a shutdown is over at the latest, if the order does not say
 *     (Impala's {@code shutdown_deadline_s}), 0 or longer
 */
public record SimulatorOptions(
    int coordinators,
    int executors,
    String host,
    int basePort,
    int feServiceThreads,
    Duration setupTimeout,
    Duration acceptTimeout,
    Duration disconnectedSessionTimeout,
    int workUnits,
    int maxQueries,
    ImpalaVersion version,
    Role role,
    Authentication authentication,
    @Nullable Keytab keytab,
    WebProtection webProtection,
    @Nullable SSLContext webTls,
    Duration statestoreUpdateFrequency,
    Duration catalogLoad,
    Duration gracePeriod,
    Duration shutdownDeadline) {

  private static final int PORTS_PER_COORDINATOR = 10;
  private static final int MAX_PORT = 65535;

  /** Checks the ranges. */
  public SimulatorOptions {
    requireRange("coordinators", coordinators, 1, 1000);
    requireRange("executors", executors, 0, 1000);
    requireRange(
        "basePort",
        basePort,
        0,
        MAX_PORT - PORTS_PER_COORDINATOR * (coordinators + executors - 1) - 3);
    requireRange("feServiceThreads", feServiceThreads, 1, Integer.MAX_VALUE);
    requireRange("workUnits", workUnits, 1, Integer.MAX_VALUE);
    requireRange("maxQueries", maxQueries, 1, Integer.MAX_VALUE);
    if (authentication == Authentication.GSSAPI && keytab == null) {
      throw new IllegalArgumentException("GSSAPI needs a keytab");
    }
    requireMillisecond("setupTimeout", setupTimeout);
    requireMillisecond("disconnectedSessionTimeout", disconnectedSessionTimeout);
    requireMillisecond("statestoreUpdateFrequency", statestoreUpdateFrequency);
  }

  private static void requireMillisecond(String name, Duration value) {
    if (value.toMillis() < 1) {
      throw new IllegalArgumentException(
          name + " is " + value + ", expected at least a millisecond");
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

  /** The same for another role. */
  SimulatorOptions withRole(Role other) {
    return new SimulatorOptions(
        coordinators,
        executors,
        host,
        basePort,
        feServiceThreads,
        setupTimeout,
        acceptTimeout,
        disconnectedSessionTimeout,
        workUnits,
        maxQueries,
        version,
        other,
        authentication,
        keytab,
        webProtection,
        webTls,
        statestoreUpdateFrequency,
        catalogLoad,
        gracePeriod,
        shutdownDeadline);
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
    private int executors;
    private String host = "127.0.0.1";
    private int basePort;
    private int feServiceThreads = 64;
    private Duration setupTimeout = Duration.ofMinutes(5);
    private Duration acceptTimeout = Duration.ofMinutes(5);
    private Duration disconnectedSessionTimeout = Duration.ofMinutes(15);
    private int workUnits = 4;
    private int maxQueries = Integer.MAX_VALUE;
    private ImpalaVersion version = ImpalaVersion.V4_5;
    private Role role = Role.COORDINATOR;
    private Authentication authentication = Authentication.ANY;
    private @Nullable Keytab keytab;
    private WebProtection webProtection = new WebProtection.None();
    private @Nullable SSLContext webTls;
    private Duration statestoreUpdateFrequency = Duration.ofSeconds(2);
    private Duration catalogLoad = Duration.ZERO;
    private Duration gracePeriod = Duration.ofMinutes(2);
    private Duration shutdownDeadline = Duration.ofHours(1);

    private Builder() {}

    public Builder coordinators(int value) {
      coordinators = value;
      return this;
    }

    public Builder executors(int value) {
      executors = value;
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

    public Builder disconnectedSessionTimeout(Duration value) {
      disconnectedSessionTimeout = value;
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

    public Builder version(ImpalaVersion value) {
      version = value;
      return this;
    }

    public Builder role(Role value) {
      role = value;
      return this;
    }

    public Builder authentication(Authentication value) {
      authentication = value;
      return this;
    }

    public Builder keytab(@Nullable Keytab value) {
      keytab = value;
      return this;
    }

    public Builder webProtection(WebProtection value) {
      webProtection = value;
      return this;
    }

    public Builder webTls(@Nullable SSLContext value) {
      webTls = value;
      return this;
    }

    public Builder statestoreUpdateFrequency(Duration value) {
      statestoreUpdateFrequency = value;
      return this;
    }

    public Builder catalogLoad(Duration value) {
      catalogLoad = value;
      return this;
    }

    public Builder gracePeriod(Duration value) {
      gracePeriod = value;
      return this;
    }

    public Builder shutdownDeadline(Duration value) {
      shutdownDeadline = value;
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
          executors,
          host,
          basePort,
          feServiceThreads,
          setupTimeout,
          acceptTimeout,
          disconnectedSessionTimeout,
          workUnits,
          maxQueries,
          version,
          role,
          authentication,
          keytab,
          webProtection,
          webTls,
          statestoreUpdateFrequency,
          catalogLoad,
          gracePeriod,
          shutdownDeadline);
    }
  }
}
