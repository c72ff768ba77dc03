package io.impalabalancer.health;

import io.impalabalancer.config.WebConfig;
import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How the web ports of all coordinators are reached: by TLS or not, and with which login. Any
 * thread.
 */
public final class WebAccess {
  private final WebConfig config;
  private final Tls tls;
  private final Map<String, PasswordLogin.Refused> refusals = new ConcurrentHashMap<>();

  private WebAccess(WebConfig config, Tls tls) {
    this.config = config;
    this.tls = tls;
  }

  /** Makes one; reads the certificates. */
  public static WebAccess of(WebConfig config) {
    return new WebAccess(config, Tls.of(config.tls(), config.tlsCa(), "check.web.tls-ca"));
  }

  /** Returns whether it is what a configuration says. */
  boolean is(WebConfig other) {
    return config.equals(other);
  }

  Tls tls() {
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
              config.passwordFile().orElseThrow(),
              host,
              refusals,
              loop.ticker());
      case SPNEGO ->
          new SpnegoLogin(
              host,
              new Kerberos(config.principal().orElseThrow(), config.keytab().orElseThrow()),
              loop);
    };
  }
}
