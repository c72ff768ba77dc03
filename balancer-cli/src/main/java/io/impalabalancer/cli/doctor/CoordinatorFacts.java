package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import java.util.Map;
import java.util.Optional;

/**
 * What was seen of one coordinator.
 *
 * @param ports those that a listener uses
 * @param web empty if it has no web port
 */
record CoordinatorFacts(
    CoordinatorConfig config,
    NameFacts name,
    Map<Protocol, PortFacts> ports,
    Optional<WebFacts> web) {

  /** Returns what findings call it. */
  String subject() {
    return "coordinator " + config.name();
  }
}
