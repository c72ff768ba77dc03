/**
 * Simulated Impala coordinators for the demo, tests and benchmarks, and a small client for them.
 *
 * <p>A {@link io.impalabalancer.simulator.SimulatedCoordinator} has a name, four ports and {@link
 * io.impalabalancer.simulator.Orders} that it obeys while it runs; a {@link
 * io.impalabalancer.simulator.SimulatedCluster} is several of them and the {@code Catalog} that
 * they share. Behind the name stands an {@code Impalad}, the process that dies and comes back.
 *
 * <p>The way of a call: a {@code ClientPort} accepts the connection into its accept queue, a setup
 * thread logs it in ({@code Login}) and hands it to a service thread, which keeps it for its whole
 * life. There a {@code HiveServer2Service} or a {@code BeeswaxService} reads one call after the
 * other, over HTTP out of the requests of an {@code HttpConversation}; the {@code Impalad} finds
 * the session and lets the {@code Interpreter} answer the statement, and work that takes time goes
 * to the {@code Capacity}. The {@code WebPort} shows Impala's pages ({@code WebPages}, {@code
 * Metrics}, {@code Flags}) to whom the {@code WebGuard} lets in, tells the {@link
 * io.impalabalancer.simulator.Counts} and takes orders ({@code WebOrders}).
 */
@NullMarked
package io.impalabalancer.simulator;

import org.jspecify.annotations.NullMarked;
