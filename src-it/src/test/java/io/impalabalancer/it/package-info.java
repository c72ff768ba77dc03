/**
 * Integration tests: the packaged program as a user runs it, among real peers.
 *
 * <p>Every peer is a process of its own, a {@link io.impalabalancer.it.ChildProcess}: {@link
 * io.impalabalancer.it.BalancerProcess} is the balancer, {@link
 * io.impalabalancer.it.HiveServer2Process} a coordinator. {@link io.impalabalancer.it.JdbcClients}
 * load them with queries of the real Hive JDBC driver. What a machine does not have is a {@link
 * io.impalabalancer.it.Requirement}, and its tests are skipped by name.
 */
@NullMarked
package io.impalabalancer.it;

import org.jspecify.annotations.NullMarked;
