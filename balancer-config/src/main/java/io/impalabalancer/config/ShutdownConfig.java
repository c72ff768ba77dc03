package io.impalabalancer.config;

import java.time.Duration;

/**
 * How the balancer ends.
 *
 * @param delay from {@code /readyz} off to the end of accepting
 * @param grace that sessions have to end by themselves after SIGTERM
 * @param hardStopAfter that sessions have to end by themselves after SIGUSR1
 */
public record ShutdownConfig(Duration delay, Duration grace, Duration hardStopAfter) {}
