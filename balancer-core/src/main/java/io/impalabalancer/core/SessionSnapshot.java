package io.impalabalancer.core;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A living session at one moment. Immutable.
 *
 * @param id unique in the process, in the order of accepting
 * @param clientAddress the client's address and port
 * @param listenerAddress the address to which the client connected, null if it is gone already
 * @param coordinator the coordinator assigned last, null if it never was
 * @param localAddress the balancer's address and port towards the coordinator: the client that the
 *     coordinator sees; null without a connection
 * @param acceptedMillis since 1970
 * @param idle since a byte moved last, or else since it was accepted
 * @param bytesToCoordinator written to the coordinator
 * @param bytesToClient written to the client
 * @param termination null, except while the last bytes of an ended session still go out
 */
public record SessionSnapshot(
    long id,
    Listener listener,
    InetSocketAddress clientAddress,
    @Nullable InetSocketAddress listenerAddress,
    @Nullable Coordinator coordinator,
    @Nullable InetSocketAddress localAddress,
    Phase phase,
    long acceptedMillis,
    Duration age,
    Duration idle,
    long bytesToCoordinator,
    long bytesToClient,
    @Nullable Termination termination) {}
