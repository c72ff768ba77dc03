package io.impalabalancer.config;

import java.time.Duration;

/**
 * How host names become addresses.
 *
 * @param interval between two look-ups of a name that resolves
 * @param retry between two look-ups of one that does not
 */
public record ResolveConfig(Duration interval, Duration retry) {}
