/**
 * The configuration: HOCON in, immutable records out.
 *
 * <p>{@link io.impalabalancer.config.ConfigLoader} reads a file over {@code reference.conf}, which
 * holds every default and is the manual, and gives a {@link
 * io.impalabalancer.config.BalancerConfig} or all {@link io.impalabalancer.config.Problem}s at
 * once. The records are pure data; what they mean at run time is decided in the core.
 */
@NullMarked
package io.impalabalancer.config;

import org.jspecify.annotations.NullMarked;
