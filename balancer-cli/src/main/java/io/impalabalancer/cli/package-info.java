/**
 * The program: commands, signals, logs and the web port. It knows all other parts; none knows it.
 *
 * <p>{@link io.impalabalancer.cli.Main} reads the command line and gives each command to a class of
 * its own. {@code CheckCommand} judges a configuration, with {@code Machine} for what depends on
 * the machine. {@code AdminServer} is the web port.
 */
@NullMarked
package io.impalabalancer.cli;

import org.jspecify.annotations.NullMarked;
