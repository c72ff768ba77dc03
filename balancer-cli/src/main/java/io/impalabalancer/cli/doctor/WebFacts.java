package io.impalabalancer.cli.doctor;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a coordinator's web pages say. What a page does not say is empty; everything is if the pages
 * cannot be read.
 *
 * @param problem why the pages cannot be read; empty if they can
 * @param startTime as the page writes it
 * @param registration with the statestore; no two processes share one
 * @param coordinator false only if the page says so
 * @param executor true only if the page says so
 * @param shutdownStatus what is left of a shutdown that goes on; empty if none does
 * @param feServiceThreads connections that one client port serves at once
 * @param keepaliveSeconds {@code client_keepalive_probe_period_s}; 0 sends no probes
 * @param idleSessionSeconds {@code idle_session_timeout}; 0 means never
 * @param principal {@code principal}: whose Kerberos tickets it takes
 * @param catalogVersion comparable only between coordinators of the same catalog service
 * @param statestoreConnected empty if unknown
 * @param clockAheadMillis how far its clock is ahead of this machine's
 */
record WebFacts(
    Optional<String> problem,
    Optional<String> version,
    Optional<String> startTime,
    Optional<String> registration,
    boolean coordinator,
    boolean executor,
    Optional<String> shutdownStatus,
    OptionalLong feServiceThreads,
    OptionalLong keepaliveSeconds,
    OptionalLong idleSessionSeconds,
    Optional<String> principal,
    OptionalLong catalogVersion,
    Optional<String> catalogService,
    Optional<Boolean> statestoreConnected,
    OptionalLong clockAheadMillis) {

  static WebFacts unreadable(String problem) {
    return new WebFacts(
        Optional.of(problem),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        true,
        false,
        Optional.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalLong.empty());
  }
}
