package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.Map;

/**
 * What a coordinator's web pages said last, for people: nothing is decided by it. Numbers are
 * {@link #UNKNOWN} and texts empty where the pages are silent.
 *
 * @param problem why a page could not be read the last time, empty if all could
 * @param startTime of the process, in Impala's words
 * @param executor whether it is an executor too
 * @param shutdown grace, deadline and queries left, in Impala's words; empty unless it is quiescing
 * @param catalogService changes when the catalog daemon restarts; versions of two are not
 *     comparable
 * @param catalogLag versions behind the newest coordinator of the same catalog
 * @param cacheHitPercent of the catalog cache
 * @param catalogReady 1 or 0
 * @param statestoreConnected 1 or 0
 */
public record Facts(
    String problem,
    String version,
    String startTime,
    boolean executor,
    String shutdown,
    long queriesRegistered,
    long queriesExecuting,
    long queriesQueued,
    String catalogService,
    long catalogVersion,
    long catalogLag,
    long cacheHitPercent,
    long catalogReady,
    long statestoreConnected,
    long memoryBytes,
    long memoryLimitBytes,
    Map<Protocol, Port> ports) {

  /** Stands for a number that is not known. */
  public static final long UNKNOWN = -1;

  /** Of a coordinator whose pages were never read. */
  public static final Facts NONE = none("");

  /**
   * What the pages say of one port.
   *
   * @param threads the most connections at once, {@code fe_service_threads}
   * @param inUse connections now, of whomever
   * @param setupQueue connections that wait to be set up
   */
  public record Port(long threads, long inUse, long setupQueue) {}

  public Facts {
    ports = Map.copyOf(ports);
  }

  /** Returns those of a coordinator of which only is known why nothing is. */
  public static Facts none(String problem) {
    return new Facts(
        problem, "", "", false, "", UNKNOWN, UNKNOWN, UNKNOWN, "", UNKNOWN, UNKNOWN, UNKNOWN,
        UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, Map.of());
  }
}
