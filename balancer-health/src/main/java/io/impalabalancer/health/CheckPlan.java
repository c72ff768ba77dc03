package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What is checked of one coordinator, and how: as long as it is the same, so are the checks.
 *
 * @param kind never {@code auto}
 * @param ports the ports that listeners use, with their numbers
 */
record CheckPlan(
    CheckKind kind,
    Map<Protocol, Integer> ports,
    String host,
    OptionalInt webPort,
    CheckConfig config) {

  CheckPlan {
    ports = Collections.unmodifiableMap(ports);
  }

  CheckPlan(CheckKind kind, Set<Protocol> used, CoordinatorConfig coordinator, CheckConfig config) {
    this(kind, numbers(used, coordinator), coordinator.host(), coordinator.webPort(), config);
  }

  private static Map<Protocol, Integer> numbers(Set<Protocol> used, CoordinatorConfig coordinator) {
    Map<Protocol, Integer> numbers = new EnumMap<>(Protocol.class);
    numbers.putAll(coordinator.ports());
    numbers.keySet().retainAll(used);
    return numbers;
  }
}
