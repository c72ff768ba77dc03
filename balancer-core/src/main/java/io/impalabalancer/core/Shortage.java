package io.impalabalancer.core;

import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the kernel refuses the process: descriptors, memory, ports. It is told when it begins and
 * when it is over, not for each client that it costs. Any loop.
 */
final class Shortage {
  private static final Logger LOG = LoggerFactory.getLogger(Shortage.class);

  private static final long ACCEPT_RETRY_MILLIS = 100;

  /** While it lasts each session that ends lets another one in: that is no end of it. */
  private static final long OVER_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Ticker ticker;
  private final AtomicBoolean lasts = new AtomicBoolean();
  private volatile long seenNanos;

  Shortage(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Something was refused for a listener. */
  void seen(Listener listener, String reason) {
    seenNanos = ticker.nanoTime();
    if (lasts.compareAndSet(false, true)) {
      LOG.error(
          "event=resources-exhausted listener={} sessions={} reason=\"{}\" action=\"raise the limit"
              + " of open files, give the machine memory or ports, or lower maxconn\"",
          listener.name(),
          listener.balancer().sessions(),
          reason);
    }
  }

  /**
   * An acceptor was refused a client, and lets them wait: it is resumed in a while. On its loop.
   */
  void pause(Acceptor acceptor, Listener listener, String reason) {
    seen(listener, reason);
    acceptor
        .loop()
        .eventLoop()
        .schedule(acceptor::resume, ACCEPT_RETRY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** An accept went well. */
  void acceptedOne() {
    if (lasts.get()
        && ticker.nanoTime() - seenNanos >= OVER_AFTER_NANOS
        && lasts.compareAndSet(true, false)) {
      LOG.info("event=resources-back action=\"accepting and connecting go on\"");
    }
  }
}
