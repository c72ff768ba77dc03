package io.impalabalancer.core;

import io.impalabalancer.config.BalanceKind;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches whether one client address has most sessions of a listener that balances by source: then
 * most of them go to one coordinator, as behind a balancer in front that hides its clients. Each
 * {@link #sample} looks at {@link #MOST} sessions a loop at most. Any thread but a loop.
 */
public final class SourceWatch {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWatch.class);

  /** Sessions that a loop looks at: tens of microseconds. */
  static final int MOST = 1000;

  /** With fewer sessions there is nothing to say. */
  static final int LEAST = 20;

  private static final double SHARE = 0.5;
  private static final long QUIET_NANOS = TimeUnit.HOURS.toNanos(1);

  private record Client(Listener listener, InetAddress address) {}

  private final Balancer balancer;
  private final Map<Listener, Long> warned = new HashMap<>();

  /** Makes one that looks when it is asked to. */
  public SourceWatch(Balancer balancer) {
    this.balancer = balancer;
  }

  /** Looks at the newest sessions, and warns; each listener has its share when it completes. */
  public CompletionStage<Void> sample() {
    CompletionStage<List<Client>> all = CompletableFuture.completedFuture(List.of());
    for (Loop loop : balancer.loops()) {
      all =
          all.thenCombine(
              CompletableFuture.supplyAsync(() -> clients(loop), loop.eventLoop()),
              (some, more) -> Stream.concat(some.stream(), more.stream()).toList());
    }
    return all.thenAccept(this::judge);
  }

  private static List<Client> clients(Loop loop) {
    return loop.newest(MOST).stream()
        .map(session -> new Client(session.listener(), session.client()))
        .toList();
  }

  private synchronized void judge(List<Client> clients) {
    List<Listener> listeners = balancer.listeners();
    warned.keySet().retainAll(listeners);
    for (Listener listener : listeners) {
      Map<InetAddress, Integer> sources = new HashMap<>();
      int count = 0;
      if (listener.config().balance() == BalanceKind.SOURCE) {
        for (Client client : clients) {
          if (client.listener() == listener) {
            sources.merge(client.address(), 1, Integer::sum);
            count++;
          }
        }
      }
      judge(listener, sources, count);
    }
  }

  private void judge(Listener listener, Map<InetAddress, Integer> sources, int count) {
    Map.Entry<InetAddress, Integer> top =
        sources.entrySet().stream().max(Map.Entry.comparingByValue()).orElse(null);
    if (top == null || count < LEAST) {
      listener.setTopSourceShare(0);
      return;
    }
    double share = (double) top.getValue() / count;
    listener.setTopSourceShare(share);
    long now = balancer.ticker().nanoTime();
    Long before = warned.get(listener);
    if (share > SHARE && (before == null || now - before >= QUIET_NANOS)) {
      warned.put(listener, now);
      LOG.warn(
          "event=one-source listener={} address={} sessions=\"{} of {}\" reason=\"balance = source"
              + " gives all of them to one coordinator\" action=\"{}\"",
          listener.name(),
          top.getKey().getHostAddress(),
          top.getValue(),
          count,
          listener.config().acceptProxy().isEmpty()
              ? "if that is a balancer in front, have it send the PROXY header and set accept-proxy;"
                  + " else balance = leastconn"
              : "balance = leastconn");
    }
  }
}
