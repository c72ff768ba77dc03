/**
 * The configuration: HOCON in, immutable records out.
 *
 * <p>{@link io.impalabalancer.config.ConfigLoader} reads a file over {@code reference.conf}, which
 * holds every default and is the manual, and gives a {@link
 * io.impalabalancer.config.BalancerConfig} or all {@link io.impalabalancer.config.Problem}s at
 * once. The records are pure data; what they mean at run time is decided in the core.
 *
 * <p>On the way a text becomes a tree of {@code Section}s and {@code Value}s, which know their
 * path, place and default ({@code Hocon}); readers, one a part, make records of it ({@code
 * BalancerReader} and those it calls); what concerns several parts is judged last ({@code
 * Validation}). What the readers asked for is then known to be all that is in force, and is printed
 * from the same tree ({@code Effective}).
 */
@NullMarked
package io.impalabalancer.config;

import org.jspecify.annotations.NullMarked;
