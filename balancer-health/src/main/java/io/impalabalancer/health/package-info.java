/**
 * Finds out how coordinators are, and says so to the core. Nothing here decides where a session
 * goes.
 *
 * <pre>
 * HealthChecker ---- one CoordinatorWatch per coordinator, all on one event loop
 *                     |-- Check                 one way to find out how it is:
 *                     |    |-- ImpalaCheck      reads its pages, one after the other
 *                     |    |    |-- WebClient   one kept-alive connection; WebAccess: TLS and WebLogin
 *                     |    |    |-- OwnWord     pages in, verdict, slots and facts out
 *                     |    |    |    |-- PortStall   whether one port gets on with its connections
 *                     |    |    |    `-- Cluster     what all pages say together
 *                     |    |    |-- PortCheck   whether one port answers, where nothing else proves it
 *                     |    |    `-- PortProof   where the pages are silent: whether any port does
 *                     |    |-- HttpCheck        one page says it
 *                     |    `-- TcpCheck         connects say it, of each port
 *                     |-- Probes                makes the connections: HttpProbe, TcpProbe, LoginProbe
 *                     |                         (ClientAccess: TLS and SaslLogin); each gives a CheckResult
 *                     |-- HealthState           rise and fall: results in, UP or DOWN out
 *                     |-- ConnectErrors         what failed connects of real sessions mean
 *                     |-- ClosedPorts           the ports that such failures closed, each with a PortTrial
 *                     `-- SlowStart             the growing share of one that came UP or started anew
 * </pre>
 *
 * <p>What is found is told by {@link io.impalabalancer.core.Coordinator#setStatus} for the process,
 * {@link io.impalabalancer.core.Coordinator#setOpen} for a port and {@link
 * io.impalabalancer.core.Coordinator#setVerdict} for what a coordinator says of itself, each with
 * its reason; the core logs it and tells whoever listens.
 *
 * <p>By default the binary data ports are not connected to, because a bare connect costs a
 * coordinator a log line, a session under beeswax, and a service thread without SASL. The web port
 * costs nothing, and {@code OPTIONS} at that of HTTP, once a minute where no client is, little.
 */
@NullMarked
package io.impalabalancer.health;

import org.jspecify.annotations.NullMarked;
