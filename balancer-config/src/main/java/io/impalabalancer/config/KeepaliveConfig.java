package io.impalabalancer.config;

import java.time.Duration;

/**
 * TCP keepalive on both sides of a session.
 *
 * @param idle silence before the first probe, whole seconds
 * @param interval between two probes, whole seconds
 * @param count probes without an answer after which the peer is dead
 * @param userTimeout {@code TCP_USER_TIMEOUT} on both sides; {@link Timeouts#INFINITE} leaves it
 *     off
 */
public record KeepaliveConfig(
    boolean enabled, Duration idle, Duration interval, int count, Duration userTimeout) {}
