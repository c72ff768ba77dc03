/**
 * {@code ctl}: the runtime commands for people. {@link io.impalabalancer.cli.ctl.CtlCommand} has a
 * method per command; it asks a running balancer through {@code ControlSocket} and shows what it
 * answers as a {@code Table}, or asks several through their {@code WebPort}s.
 */
@NullMarked
package io.impalabalancer.cli.ctl;

import org.jspecify.annotations.NullMarked;
