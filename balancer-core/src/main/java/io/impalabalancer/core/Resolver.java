package io.impalabalancer.core;

import io.impalabalancer.config.ResolveConfig;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.Security;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks the coordinators' hosts up, off every event loop: at once, again on an interval, and soon
 * after something failed. A name that stops resolving keeps its last address, and an address is
 * kept as long as it is among the answers. Any thread.
 */
final class Resolver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Resolver.class);

  /** A name server that does not answer holds a thread for long; the other names go on. */
  private static final int THREADS = 4;

  /** How a name becomes addresses, at least one. */
  interface Lookup {
    InetAddress[] of(String host) throws UnknownHostException;
  }

  private volatile ResolveConfig config;
  private final Lookup lookup;
  private final ScheduledExecutorService executor =
      Executors.newScheduledThreadPool(THREADS, new DefaultThreadFactory("resolver", true));

  /** Whose hosts are looked up, each with a mark of when that began: an older round ends. */
  private final Map<Coordinator, Object> rounds = new ConcurrentHashMap<>();

  private final Set<Coordinator> soon = ConcurrentHashMap.newKeySet();
  private final Set<Coordinator> lookingUp = ConcurrentHashMap.newKeySet();

  Resolver(ResolveConfig config, Lookup lookup) {
    this.config = config;
    this.lookup = lookup;
    // The intervals are ours to keep: the JDK would answer from memory for 30 s, and for a name
    // that it could not find for 10 s.
    Security.setProperty("networkaddress.cache.ttl", "0");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
  }

  /** Takes other intervals, from the next look-up on. */
  void setConfig(ResolveConfig config) {
    this.config = config;
  }

  /** Looks a coordinator's host up no more. */
  void stop(Coordinator coordinator) {
    rounds.remove(coordinator);
  }

  /**
   * Begins, perhaps anew; a host in numbers has its address when this returns, and is never looked
   * up again.
   */
  CompletableFuture<Void> start(List<Coordinator> coordinators) {
    CompletableFuture<?>[] first =
        coordinators.stream().map(this::start).toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(first);
  }

  private CompletableFuture<Void> start(Coordinator coordinator) {
    Object round = new Object();
    rounds.put(coordinator, round);
    byte[] numeric = NetUtil.createByteArrayFromIpAddressString(coordinator.config().host());
    if (numeric != null) {
      try {
        coordinator.resolved(InetAddress.getByAddress(numeric));
      } catch (UnknownHostException e) {
        throw new IllegalStateException("neither 4 nor 16 bytes", e);
      }
      return CompletableFuture.completedFuture(null);
    }
    return CompletableFuture.runAsync(() -> lookUp(coordinator), executor)
        .whenComplete((done, failed) -> repeat(coordinator, round));
  }

  private void repeat(Coordinator coordinator, Object round) {
    if (!round.equals(rounds.get(coordinator))) {
      return;
    }
    boolean known = coordinator.addressProblem().isEmpty();
    long nanos = (known ? config.interval() : config.retry()).toNanos();
    try {
      executor.schedule(
          () -> {
            lookUp(coordinator);
            repeat(coordinator, round);
          },
          nanos,
          TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.trace("event=resolver-closed coordinator={}", coordinator);
    }
  }

  /** Looks a host up again soon, unless that is about to happen or it is in numbers. */
  void soon(Coordinator coordinator) {
    if (NetUtil.createByteArrayFromIpAddressString(coordinator.config().host()) == null
        && soon.add(coordinator)) {
      try {
        executor.schedule(
            () -> {
              soon.remove(coordinator);
              lookUp(coordinator);
            },
            config.retry().toNanos(),
            TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException closed) {
        soon.remove(coordinator);
      }
    }
  }

  /** Looks a host up, unless that is being done: it may take long, and holds a thread. */
  private void lookUp(Coordinator coordinator) {
    if (lookingUp.add(coordinator)) {
      String host = coordinator.config().host();
      try {
        find(coordinator, host);
      } finally {
        lookingUp.remove(coordinator);
      }
      if (!host.equals(coordinator.config().host())) {
        lookUp(coordinator);
      }
    }
  }

  private void find(Coordinator coordinator, String host) {
    try {
      InetAddress[] found = lookup.of(host);
      InetAddress current = coordinator.address();
      InetAddress next = current != null && List.of(found).contains(current) ? current : found[0];
      boolean news = !next.equals(current) || !coordinator.addressProblem().isEmpty();
      coordinator.resolved(next);
      if (news) {
        LOG.info(
            "event=resolved coordinator={} host={} address={}",
            coordinator,
            host,
            next.getHostAddress());
      }
    } catch (UnknownHostException e) {
      failed(coordinator, "host " + host + " does not resolve");
    } catch (RuntimeException e) {
      LOG.error("event=look-up-failed coordinator={} host={}", coordinator, host, e);
      failed(coordinator, "host " + host + " could not be looked up: " + e);
    }
  }

  /** Says so once, and again only if the problem is another. */
  private static void failed(Coordinator coordinator, String problem) {
    boolean news = !problem.equals(coordinator.addressProblem());
    coordinator.notResolved(problem);
    if (news) {
      InetAddress kept = coordinator.address();
      LOG.warn(
          "event=not-resolved coordinator={} address={} reason=\"{}\"",
          coordinator,
          kept == null ? "none" : kept.getHostAddress(),
          problem);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
