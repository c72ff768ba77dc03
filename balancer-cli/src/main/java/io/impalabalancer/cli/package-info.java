/**
 * The program: commands, signals, logs and the web port. It knows all other parts; none knows it.
 *
 * <p>{@link io.impalabalancer.cli.Main} reads the command line and gives each command to a class of
 * its own. {@code RunCommand} makes a {@code BalancerServer}, which is the balancer with everything
 * around it (checks, metrics, session log, the web port, {@link io.impalabalancer.cli.web}, and the
 * socket for commands, {@link io.impalabalancer.cli.runtime}), and waits in {@code Shutdown} for
 * the signal that ends it. {@code Reloader} and {@code Upgrade} do what can be asked for over both,
 * and {@code Events} has what happened ({@link io.impalabalancer.cli.operation}). {@code
 * CtlCommand} asks that socket ({@link io.impalabalancer.cli.ctl}). {@code CheckCommand} judges a
 * configuration, with {@code Machine} for what depends on the machine. {@code ConvertCommand} makes
 * one of HAProxy's ({@link io.impalabalancer.cli.convert}). {@code DemoCommand} and {@code
 * SimulateCommand} use the simulator, which is on the class path for them only.
 */
@NullMarked
package io.impalabalancer.cli;

import org.jspecify.annotations.NullMarked;
