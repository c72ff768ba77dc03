package io.impalabalancer.health;

import io.impalabalancer.config.WebConfig;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How the web ports of all coordinators are reached: by TLS or not, and with which login. Any
 * thread. What cannot be set up is no error here but that of every page.
 */
public final class WebAccess {
  /** Kerberos blocks; one thread, which ends when it has nothing to do, asks for all. */
  private static final Executor BLOCKING = blocking();

  private final WebConfig config;
  private final @Nullable SslContext tls;
  private final String problem;

  private WebAccess(WebConfig config, @Nullable SslContext tls, String problem) {
    this.config = config;
    this.tls = tls;
    this.problem = problem;
  }

  private static Executor blocking() {
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("kerberos", true));
    one.allowCoreThreadTimeOut(true);
    return one;
  }

  /** Makes one; reads the certificates. */
  public static WebAccess of(WebConfig config) {
    if (!config.tls()) {
      return new WebAccess(config, null, "");
    }
    SslContextBuilder builder = SslContextBuilder.forClient();
    try {
      config.tlsCa().ifPresent(file -> builder.trustManager(file.toFile()));
      return new WebAccess(config, builder.build(), "");
    } catch (SSLException | IllegalArgumentException e) {
      String why = e.getCause() == null ? e.getMessage() : e.getCause().toString();
      return new WebAccess(config, null, "check.web.tls-ca cannot be used: " + why);
    }
  }

  /** Returns why no page can be asked for, empty if that is not so. */
  String problem() {
    return problem;
  }

  /** Returns what makes TLS of a connection, null if there is none. */
  @Nullable SslContext tls() {
    return tls;
  }

  /** Makes the login to one web port. */
  WebLogin login(String host, EventLoop loop) {
    return switch (config.auth()) {
      case NONE -> WebLogin.NONE;
      case BASIC, DIGEST ->
          new PasswordLogin(
              config.auth() == WebConfig.Auth.DIGEST,
              config.user().orElseThrow(),
              config.passwordFile().orElseThrow());
      case SPNEGO ->
          new SpnegoLogin(
              host,
              config.principal().orElseThrow(),
              config.keytab().orElseThrow(),
              BLOCKING,
              loop);
    };
  }
}
