package io.impalabalancer.config;

import java.util.Optional;

/**
 * The web port of the balancer.
 *
 * @param bind empty switches it off
 * @param open whether an address beyond loopback may be bound without users
 */
public record StatsConfig(Optional<BindAddress> bind, boolean open) {}
