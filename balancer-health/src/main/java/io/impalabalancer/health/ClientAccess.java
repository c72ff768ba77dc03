package io.impalabalancer.health;

import io.impalabalancer.config.LoginConfig;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;

/**
 * How the client ports of all coordinators are reached by checks: by TLS or not, and with which
 * login. Any thread.
 */
final class ClientAccess {
  private final LoginConfig config;
  private final Tls tls;
  private final @Nullable Kerberos kerberos;

  private ClientAccess(LoginConfig config) {
    this.config = config;
    tls = Tls.of(config.tls(), config.tlsCa(), "check.login.tls-ca");
    kerberos =
        config.auth() == LoginConfig.Auth.KERBEROS
            ? new Kerberos(config.principal().orElseThrow(), config.keytab().orElseThrow())
            : null;
  }

  /** Makes one; reads the certificates. */
  static ClientAccess of(LoginConfig config) {
    return new ClientAccess(config);
  }

  /** Returns whether it is what a configuration says. */
  boolean is(LoginConfig other) {
    return config.equals(other);
  }

  /** Returns whether checks may log in. */
  boolean logsIn() {
    return config.auth() != LoginConfig.Auth.NONE;
  }

  Tls tls() {
    return tls;
  }

  /** Returns whom one without a login says that he is; empty for nobody. */
  String user() {
    return config.user().orElse("");
  }

  /** Makes the login to a client port of one host, null if there is to be none. */
  @Nullable SaslLogin sasl(String host, EventLoop loop) {
    return config.auth() == LoginConfig.Auth.PLAIN || kerberos != null
        ? new SaslLogin(config, kerberos, host, loop)
        : null;
  }
}
