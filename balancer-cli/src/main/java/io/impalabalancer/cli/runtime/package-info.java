/**
 * Commands to a running balancer over a UNIX socket, in HAProxy's language.
 *
 * <p>{@link io.impalabalancer.cli.runtime.RuntimeSocket} takes connections; a {@code
 * RuntimeHandler} for each takes lines apart ({@code CommandLine}) and has {@code Commands} carry
 * them out: {@code ShowCommands} and {@code SetCommands} act on the {@link
 * io.impalabalancer.cli.runtime.Target}. {@code docs/runtime.md} lists them.
 */
@NullMarked
package io.impalabalancer.cli.runtime;

import org.jspecify.annotations.NullMarked;
