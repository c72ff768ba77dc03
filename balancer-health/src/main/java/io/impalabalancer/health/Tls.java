package io.impalabalancer.health;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards one kind of ports, or none. What cannot be set up is no error here but that of every
 * connection. Any thread.
 *
 * @param context null without TLS
 * @param problem why there can be no connection, empty if that is not so
 */
record Tls(@Nullable SslContext context, String problem) {

  /**
   * Makes one; reads the certificates.
   *
   * @param key where they are configured, for people
   */
  static Tls of(boolean on, Optional<Path> ca, String key) {
    if (!on) {
      return new Tls(null, "");
    }
    SslContextBuilder builder = SslContextBuilder.forClient();
    try {
      ca.ifPresent(file -> builder.trustManager(file.toFile()));
      return new Tls(builder.build(), "");
    } catch (SSLException | IllegalArgumentException e) {
      String why = e.getCause() == null ? e.getMessage() : e.getCause().toString();
      return new Tls(null, key + " cannot be used: " + why);
    }
  }

  /** Returns what a connection begins with, null without TLS. */
  @Nullable SslHandler handler(ByteBufAllocator alloc, String host, int port) {
    return context == null ? null : context.newHandler(alloc, host, port);
  }
}
