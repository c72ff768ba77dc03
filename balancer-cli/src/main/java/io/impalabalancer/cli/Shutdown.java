package io.impalabalancer.cli;

import io.impalabalancer.config.ShutdownConfig;
import io.impalabalancer.config.Timeouts;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Termination;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the balancer ends. Orders come from any thread; one thread waits for the first one in {@link
 * #await} and carries it out.
 */
final class Shutdown {
  private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Longer than a session that was closed waits for its peers; see the table of endings. */
  private static final Duration CLOSING = Duration.ofSeconds(3);

  /** Ways to end. */
  enum Order {
    /** Sessions have {@code grace} to end; given again, none. */
    TERMINATE,
    /** Sessions have {@code hard-stop-after} to end. */
    SOFT_STOP,
    /** As {@link #SOFT_STOP}, because a successor accepts now. */
    HANDED_OVER
  }

  private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();

  /** Orders the end. Any thread. */
  void order(Order order) {
    orders.add(order);
  }

  /**
   * Waits for an order and carries it out. The server is closed when it returns.
   *
   * <p>Under systemd the predecessor of an upgrade is waited for as well: it was sent SIGTERM too,
   * and is sent it again, which ends its sessions at once, when the main process has ended.
   */
  void await(BalancerServer server, Notify notify, Inheritance inheritance)
      throws InterruptedException {
    Order order = orders.take();
    notify.stopping();
    Balancer balancer = server.balancer();
    ShutdownConfig config = balancer.config().shutdown();
    server.setNotReady("shutting down");
    LOG.info("event=shutdown order={} sessions={}", order, balancer.sessions());
    boolean atOnce = order == Order.TERMINATE && wait(config.delay(), () -> false, null) != null;
    balancer.stopAccepting();
    BooleanSupplier ended = () -> balancer.sessions() == 0;
    if (order != Order.TERMINATE) {
      // SIGTERM during a soft stop means what it always means first: grace.
      order = wait(config.hardStopAfter(), ended, balancer);
    }
    if (order == Order.TERMINATE && !atOnce) {
      boolean predecessorToo = notify.isListenedTo();
      atOnce =
          wait(
                  config.grace(),
                  () -> ended.getAsBoolean() && !(predecessorToo && inheritance.predecessorLives()),
                  balancer)
              != null;
    }
    if (!ended.getAsBoolean()) {
      LOG.info("event=shutdown-close sessions={}", balancer.sessions());
      balancer.closeSessions(Termination.SHUTDOWN);
      if (!atOnce) {
        wait(CLOSING, ended, null);
      }
    }
    server.close();
    LOG.info("event=stopped");
  }

  /**
   * Waits until it is done, the time is over, or the end is ordered (again).
   *
   * @param progress whose sessions are logged now and then, null for nobody's
   * @return {@link Order#TERMINATE} if that was ordered, else null
   */
  private @Nullable Order wait(Duration limit, BooleanSupplier done, @Nullable Balancer progress)
      throws InterruptedException {
    long start = System.nanoTime();
    long limitNanos = Timeouts.toNanos(limit);
    long told = start;
    while (!done.getAsBoolean()) {
      long now = System.nanoTime();
      long left = limitNanos - (now - start);
      if (left <= 0) {
        return null;
      }
      if (progress != null && now - told >= PROGRESS_NANOS) {
        told = now;
        LOG.info(
            "event=draining sessions={} left={}",
            progress.sessions(),
            limitNanos == Long.MAX_VALUE ? "infinite" : TimeUnit.NANOSECONDS.toSeconds(left) + "s");
      }
      if (orders.poll(Math.min(left, POLL_NANOS), TimeUnit.NANOSECONDS) == Order.TERMINATE) {
        return Order.TERMINATE;
      }
    }
    return null;
  }
}
