package io.impalabalancer.health;

import io.impalabalancer.config.WebConfig;
import io.impalabalancer.core.Coordinator;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * GETs pages that are asked for now and then, each on a connection of its own. A page fails with an
 * {@link IOException} whose message is for people. Any thread; pages come on the event loop.
 */
public final class WebPages {
  private final EventLoop loop;
  private final Supplier<WebConfig> config;
  private @Nullable WebAccess access;

  /**
   * Makes one.
   *
   * @param loop NIO or epoll
   * @param config how web ports are reached, now and later
   */
  public WebPages(EventLoop loop, Supplier<WebConfig> config) {
    this.loop = loop;
    this.config = config;
  }

  /**
   * Asks for a page.
   *
   * @param host the name in headers, certificates and tickets
   * @param path begins with a slash
   * @param timeout until its last byte
   */
  public CompletionStage<byte[]> get(
      String host, InetAddress address, int port, String path, Duration timeout) {
    CompletableFuture<byte[]> page = new CompletableFuture<>();
    try {
      WebAccess how = access();
      loop.execute(() -> {
        WebClient client = WebClient.of(loop, how, host, port, timeout);
        client.get(
            address,
            path,
            answer -> {
              if (answer.ok()) {
                page.complete(answer.body());
              } else {
                page.completeExceptionally(new IOException(answer.result().reason()));
              }
              client.close();
            });
      });
    } catch (RejectedExecutionException ended) {
      page.completeExceptionally(new IOException("the balancer ends", ended));
    }
    return page;
  }

  /** Asks for a page of a coordinator. */
  public CompletionStage<byte[]> get(Coordinator coordinator, String path, Duration timeout) {
    InetAddress address = coordinator.address();
    OptionalInt port = coordinator.config().webPort();
    if (address == null || port.isEmpty()) {
      return CompletableFuture.failedFuture(
          new IOException(port.isEmpty() ? "it has no web port" : coordinator.addressProblem()));
    }
    return get(coordinator.config().host(), address, port.getAsInt(), path, timeout);
  }

  private synchronized WebAccess access() {
    WebConfig now = config.get();
    WebAccess how = access;
    if (how == null || !how.is(now)) {
      how = WebAccess.of(now);
      access = how;
    }
    return how;
  }
}
