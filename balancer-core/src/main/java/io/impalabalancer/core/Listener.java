package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.config.Unavailable;
import io.netty.channel.IoEventLoop;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where clients arrive: its addresses, its pool and its algorithm, and what its sessions add up to.
 * Any thread may read it.
 */
public final class Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  private final ListenerConfig config;
  private final Pool pool;
  private final Balancer balancer;
  private final Balance balance;
  private final Map<Coordinator, SessionCounters> counters = new LinkedHashMap<>();
  private final AtomicInteger sessions = new AtomicInteger();
  private final AtomicInteger queued = new AtomicInteger();
  private final LongAdder accepted = new LongAdder();

  /** Written under the lock only; read by anybody. */
  private volatile List<Acceptor> acceptors = List.of();

  private volatile List<InetSocketAddress> addresses = List.of();
  private boolean open;

  Listener(ListenerConfig config, Pool pool, Balancer balancer) {
    this.config = config;
    this.pool = pool;
    this.balancer = balancer;
    balance = Balance.of(config.balance());
    pool.members().forEach(m -> counters.put(m.coordinator(), new SessionCounters()));
  }

  /** Returns its name, unique among the listeners. */
  public String name() {
    return config.name();
  }

  /** Returns its configuration. */
  public ListenerConfig config() {
    return config;
  }

  /** Returns the pool that serves it. */
  public Pool pool() {
    return pool;
  }

  /** Returns the addresses that it is bound to now, with the ports that the kernel chose. */
  public List<InetSocketAddress> addresses() {
    return addresses;
  }

  /** Returns the sessions now, from accept to end. */
  public int sessions() {
    return sessions.get();
  }

  /** Returns the sessions that wait for a free slot now. */
  public int queued() {
    return queued.get();
  }

  /** Returns the sessions accepted, ever. */
  public long accepted() {
    return accepted.sum();
  }

  /** Returns whether a member of its pool is usable now. */
  public boolean available() {
    return !pool.serving(protocol()).isEmpty();
  }

  /** Returns what its sessions on a coordinator of its pool add up to. */
  public SessionCounters counters(Coordinator coordinator) {
    return Objects.requireNonNull(counters.get(coordinator), coordinator.name());
  }

  /** Returns the sessions that hold a slot of some coordinator now. */
  int assignedSessions() {
    int sum = 0;
    for (SessionCounters each : counters.values()) {
      sum += each.sessions();
    }
    return sum;
  }

  Protocol protocol() {
    return config.protocol();
  }

  Balancer balancer() {
    return balancer;
  }

  /**
   * Chooses a coordinator and takes a slot; {@link Assignment#FULL} while others wait. Any loop.
   */
  Assignment assign(Choice choice) {
    return balancer.queue().isEmpty() ? choose(choice) : Assignment.FULL;
  }

  /** Chooses for whoever is next: as {@link #assign}, without regard to those who wait. */
  Assignment choose(Choice choice) {
    return pool.assign(protocol(), balance, choice);
  }

  void countQueued(int change) {
    queued.addAndGet(change);
  }

  /**
   * Starts to serve: binds its addresses, unless it is to wait for a usable member.
   *
   * @throws BindException for the first address that cannot be bound; none stays bound then
   */
  synchronized void open() throws BindException {
    open = true;
    if (available() || config.unavailable() == Unavailable.CLOSE) {
      bind();
    }
  }

  /** Gives up its addresses for good. */
  synchronized void close() {
    open = false;
    unbind();
  }

  /** Who is usable has changed. */
  synchronized void availabilityChanged() {
    if (!open || config.unavailable() == Unavailable.CLOSE) {
      return;
    }
    if (!available() && !acceptors.isEmpty()) {
      unbind();
      LOG.warn("event=listener-unbound listener={} reason=\"no member is usable\"", name());
    } else if (available() && acceptors.isEmpty()) {
      try {
        bind();
        LOG.info("event=listener-bound listener={} addresses={}", name(), addresses);
      } catch (BindException e) {
        LOG.error("event=bind-failed listener={} reason=\"{}\"", name(), e.getMessage());
      }
    }
  }

  private void bind() throws BindException {
    List<Acceptor> bound = new ArrayList<>();
    List<InetSocketAddress> boundTo = new ArrayList<>();
    for (BindAddress address : config.binds()) {
      Loop loop = balancer.nextLoop();
      try {
        Acceptor acceptor =
            loop.eventLoop().submit(() -> balancer.wires().listen(loop, address, this)).get();
        bound.add(acceptor);
        boundTo.add(acceptor.address());
      } catch (ExecutionException | InterruptedException e) {
        bound.forEach(Listener::closeOnLoop);
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        Throwable cause = e.getCause() == null ? e : e.getCause();
        throw new BindException(name(), address, cause);
      }
    }
    acceptors = List.copyOf(bound);
    addresses = List.copyOf(boundTo);
  }

  private void unbind() {
    acceptors.forEach(Listener::closeOnLoop);
    acceptors = List.of();
    addresses = List.of();
  }

  private static void closeOnLoop(Acceptor acceptor) {
    try {
      IoEventLoop eventLoop = acceptor.loop().eventLoop();
      eventLoop.submit(acceptor::close).get();
      // NIO gives the address up in the select that follows, which the loop does before this.
      eventLoop.schedule(() -> {}, 1, TimeUnit.MILLISECONDS).get();
    } catch (ExecutionException e) {
      LOG.error("event=close-failed address={}", acceptor.address(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes a place for a client that is about to be accepted; false above a limit. Any loop. */
  boolean admit() {
    Admission admission = balancer.admission();
    if (!Admission.enter(sessions, config.maxconn())) {
      return false;
    }
    if (!admission.enter()) {
      sessions.decrementAndGet();
      return false;
    }
    return true;
  }

  /** Gives the place back of a client that left, or that was not there to be accepted. Any loop. */
  void dismiss() {
    sessions.decrementAndGet();
    Admission admission = balancer.admission();
    admission.leave();
    admission.resumeAcceptors();
  }

  /** An acceptor was refused. It is resumed when there is room. On its loop. */
  void waitForRoom(Acceptor acceptor) {
    Admission admission = balancer.admission();
    admission.addWaiting(acceptor);
    if (sessions.get() < config.maxconn() && admission.hasRoom()) {
      admission.resumeAcceptors();
    }
  }

  /** The process has no descriptor for an acceptor. It is resumed in a while. On its loop. */
  void waitForDescriptors(Acceptor acceptor) {
    balancer.admission().waitForDescriptors(this, acceptor);
  }

  /**
   * Takes an accepted client, for which {@link #admit} was asked. On the acceptor's loop.
   *
   * @param wire makes the client's wire, on the loop of the session
   */
  void accepted(InetSocketAddress client, Function<Relay, Wire> wire) {
    accepted.increment();
    Admission admission = balancer.admission();
    admission.acceptedOne();
    if (admission.nearlyFull()) {
      balancer.evictSilent(null);
    } else if (Admission.nearlyFull(sessions.get(), config.maxconn())) {
      balancer.evictSilent(this);
    }
    Loop loop = balancer.nextLoop();
    Session session = new Session(this, loop, client, wire);
    if (loop.eventLoop().inEventLoop()) {
      session.run();
    } else {
      loop.eventLoop().execute(session);
    }
  }
}
