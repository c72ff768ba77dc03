package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.Unavailable;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The acceptors of one listener, and whether there shall be any: while the balancer is open, people
 * have not disabled it, and a member is usable if that is asked for. Any thread may read; changes
 * are made one at a time, by threads that may block.
 */
final class Acceptors {
  private static final Logger LOG = LoggerFactory.getLogger(Acceptors.class);

  private final Listener listener;

  /** By address as configured, in that order. Written under the lock only; read by anybody. */
  private volatile Map<BindAddress, Acceptor> bound = Map.of();

  private boolean open;
  private volatile boolean disabled;

  /** Whether its addresses are being changed by a reload. */
  private boolean held;

  Acceptors(Listener listener) {
    this.listener = listener;
  }

  /** Returns the addresses that are bound now, with the ports that the kernel chose. */
  List<InetSocketAddress> addresses() {
    return bound.values().stream().map(Acceptor::address).toList();
  }

  /** Returns the descriptors of the sockets, by address as configured. */
  Map<BindAddress, Integer> descriptors() {
    Map<BindAddress, Integer> descriptors = new LinkedHashMap<>();
    bound.forEach((address, acceptor) -> descriptors.put(address, acceptor.descriptor()));
    return descriptors;
  }

  boolean anyBound() {
    return !bound.isEmpty();
  }

  Collection<Acceptor> all() {
    return bound.values();
  }

  @Nullable Acceptor at(BindAddress address) {
    return bound.get(address);
  }

  boolean enabled() {
    return !disabled;
  }

  /**
   * Starts to serve: binds the addresses, unless that is to wait for a usable member.
   *
   * @throws BindException for the first address that cannot be bound; none stays bound then
   */
  synchronized void open() throws BindException {
    open = true;
    if (wanted()) {
      bind();
    }
  }

  /** Serves what came by these sockets, and those that {@link #bind(BindAddress)} made. */
  synchronized void open(Map<BindAddress, Acceptor> sockets) {
    open = true;
    bound = Collections.unmodifiableMap(new LinkedHashMap<>(sockets));
    bound.values().forEach(this::serveOnLoop);
  }

  /** Gives up the addresses for good. */
  synchronized void close() {
    open = false;
    unbind();
  }

  /** Has no addresses from now on, without closing them. */
  synchronized void leave() {
    open = false;
    bound = Map.of();
    disabled = false;
  }

  /** Gives up the addresses until {@link #enable}. */
  synchronized void disable() {
    disabled = true;
    unbind();
  }

  /**
   * Accepts again after {@link #disable}.
   *
   * @throws BindException for the first address that cannot be bound; it stays disabled then
   */
  synchronized void enable() throws BindException {
    disabled = false;
    if (open && !held && wanted() && !anyBound()) {
      try {
        bind();
      } catch (BindException e) {
        disabled = true;
        throw e;
      }
    }
  }

  /** Leaves the addresses as they are until {@link #release}; returns them. */
  synchronized Map<BindAddress, Acceptor> hold() {
    held = true;
    return bound;
  }

  /** Binds and unbinds by itself again, and does what is due. */
  synchronized void release() {
    held = false;
    availabilityChanged();
  }

  /** Binds or unbinds, if whether a member is usable makes that due. */
  synchronized void availabilityChanged() {
    if (!open || held || wanted() == anyBound()) {
      return;
    }
    if (anyBound()) {
      unbind();
      LOG.warn(
          "event=listener-unbound listener={} reason=\"no member is usable\"", listener.name());
    } else {
      try {
        bind();
        LOG.info("event=listener-bound listener={} addresses={}", listener.name(), addresses());
      } catch (BindException e) {
        LOG.error("event=bind-failed listener={} reason=\"{}\"", listener.name(), e.getMessage());
      }
    }
  }

  private boolean wanted() {
    return !disabled
        && (listener.config().unavailable() == Unavailable.CLOSE || listener.available());
  }

  private void bind() throws BindException {
    Map<BindAddress, Acceptor> made = new LinkedHashMap<>();
    for (BindAddress address : listener.config().binds()) {
      try {
        made.put(address, bind(address));
      } catch (BindException e) {
        made.values().forEach(Acceptors::closeOnLoop);
        throw e;
      }
    }
    open(made);
  }

  /**
   * Binds an address, unless it was inherited, without accepting yet.
   *
   * @throws BindException if it cannot be bound
   */
  Acceptor bind(BindAddress address) throws BindException {
    Balancer balancer = listener.balancer();
    Loop loop = balancer.loops().next();
    Wires wires = balancer.wires();
    Integer inherited = balancer.takeInherited(address);
    try {
      return loop.eventLoop()
          .submit(() ->
              inherited == null
                  ? wires.listen(loop, address, listener)
                  : wires.adopt(loop, inherited, listener))
          .get();
    } catch (ExecutionException | InterruptedException e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new BindException(listener.name(), address, cause);
    }
  }

  private void unbind() {
    bound.values().forEach(Acceptors::closeOnLoop);
    bound = Map.of();
  }

  private void serveOnLoop(Acceptor acceptor) {
    onLoop(
        acceptor,
        () -> {
          try {
            acceptor.serve(listener);
          } catch (IOException e) {
            LOG.error(
                "event=socket-option-failed listener={} reason=\"{}\"",
                listener.name(),
                e.toString());
          }
          acceptor.resume();
        });
  }

  /** Closes a socket and waits until its address is free. */
  static void closeOnLoop(Acceptor acceptor) {
    onLoop(acceptor, acceptor::close);
    // NIO gives the address up in the select that follows, which the loop does before this.
    acceptor.loop().eventLoop().schedule(() -> {}, 1, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }

  private static void onLoop(Acceptor acceptor, Runnable task) {
    Future<?> done = acceptor.loop().eventLoop().submit(task).awaitUninterruptibly();
    if (done.cause() != null) {
      LOG.error("event=acceptor-failed address={}", acceptor.address(), done.cause());
    }
  }
}
