/**
 * The relay: listeners, sessions, pools, balance, and the wires that move bytes.
 *
 * <h2>The way of a connection</h2>
 *
 * <ol>
 *   <li>An {@link io.impalabalancer.core.Acceptor} of a {@link io.impalabalancer.core.Listener}
 *       asks for a place ({@link io.impalabalancer.core.Listener#admit}), accepts, and gives the
 *       client to one of the event {@link io.impalabalancer.core.Loops}, where everything that
 *       follows happens: no locks, plain fields.
 *   <li>A {@link io.impalabalancer.core.Session} waits for the client's first bytes and keeps them,
 *       less the {@link io.impalabalancer.core.ProxyHeader} of a balancer in front. Then its {@link
 *       io.impalabalancer.core.Connector} asks the listener for a coordinator.
 *   <li>{@link io.impalabalancer.core.Pool#assign} lets the listener's {@link
 *       io.impalabalancer.core.Balance} choose among those who serve now ({@link
 *       io.impalabalancer.core.Serving}) and takes one of the {@link io.impalabalancer.core.Slots}.
 *       If all are full, or nobody knows yet who is usable, the session waits in the {@link
 *       io.impalabalancer.core.WaitQueue} until a slot is handed to it.
 *   <li>The connector dials. A failure gives the slot back and asks again for another member; a
 *       success sends the first bytes.
 *   <li>Two {@link io.impalabalancer.core.Relay}s move bytes, one reading from each {@link
 *       io.impalabalancer.core.Wire}, until both directions have ended, or {@link
 *       io.impalabalancer.core.Inactivity}, a reset or a command ends them. Bulk does not pass
 *       through memory: the kernel moves it through an {@link io.impalabalancer.core.EpollPipe}.
 *   <li>{@link io.impalabalancer.core.Session#close} is the only way out. It names a {@link
 *       io.impalabalancer.core.Termination}, which says what each side is sent; when both wires are
 *       closed the slot goes back, the {@link io.impalabalancer.core.SessionRecord} goes to whoever
 *       listens ({@link io.impalabalancer.core.BalancerListener}), and nothing is left.
 * </ol>
 *
 * <h2>What is shared between event loops</h2>
 *
 * Everything else belongs to one loop. Shared are the {@link io.impalabalancer.core.Coordinator}s
 * (states are volatile, slots atomic), the serving sets of the pools (immutable, swapped whole; of
 * many members each {@link io.impalabalancer.core.Ranking} keeps in a {@link
 * io.impalabalancer.core.Tournament} who is best, without a lock), the wait queue (one lock, taken
 * only while somebody waits), the {@link io.impalabalancer.core.Places} for clients, what the
 * kernel refuses ({@link io.impalabalancer.core.Shortage}) and the counters.
 *
 * <h2>What people change while it runs</h2>
 *
 * States of coordinators, weights of members, limits, and whether a listener accepts ({@link
 * io.impalabalancer.core.Acceptors}): each by a method that takes a reason, which says who and why.
 * {@link io.impalabalancer.core.Balancer} tells of its sessions ({@link
 * io.impalabalancer.core.SessionSnapshot}) and closes them by their ids.
 *
 * <h2>Another configuration</h2>
 *
 * {@link io.impalabalancer.core.Balancer#reload} goes over to another configuration while sessions
 * run. Coordinators, pools, members and listeners are identities apart from their configuration
 * records: {@link io.impalabalancer.core.Reload} makes what is new, binds the addresses that are
 * new, and then gives everybody the new record. Sockets that are still wanted stay; a session goes
 * on under the record that it was accepted under; what was removed is leaving until its last
 * session has ended.
 *
 * <h2>Who decides that a coordinator is usable</h2>
 *
 * {@link io.impalabalancer.core.Member#usable}, and nobody else. Health sets the axes it is derived
 * from, the {@link io.impalabalancer.core.Verdict} among them; every change makes the pools work
 * out anew who serves. Only if nothing but verdicts speaks against all members, the {@link
 * io.impalabalancer.core.Pool} has those with the least bad one serve. A listener keeps what
 * decided its last choices ({@link io.impalabalancer.core.RecordedChoice}).
 *
 * <p>A session stays where it is until it ends. Only where the configuration asks for it, {@link
 * io.impalabalancer.core.Rebalance} ends idle ones, for a coordinator that stays nearly empty.
 */
@NullMarked
package io.impalabalancer.core;

import org.jspecify.annotations.NullMarked;
