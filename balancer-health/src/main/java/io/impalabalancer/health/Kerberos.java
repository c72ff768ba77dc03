package io.impalabalancer.health;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.security.auth.Subject;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import org.jspecify.annotations.Nullable;

/**
 * A principal whose key is in a keytab. Its tickets are kept until they are refused. Lives on the
 * {@link #BLOCKING} thread, for the KDC is waited for.
 */
final class Kerberos {
  /** One thread, which ends when it has nothing to do, waits for all. */
  static final Executor BLOCKING = blocking();

  private static final String MODULE = "com.sun.security.auth.module.Krb5LoginModule";

  private final String principal;
  private final Path keytab;
  private @Nullable Subject subject;

  /** Makes one that has no ticket. */
  Kerberos(String principal, Path keytab) {
    this.principal = principal;
    this.keytab = keytab;
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

  String principal() {
    return principal;
  }

  /** Does something as the principal; once more with a new ticket if it fails with a kept one. */
  <T> T act(PrivilegedExceptionAction<T> action) throws LoginException, PrivilegedActionException {
    Subject known = subject;
    if (known != null) {
      try {
        return Subject.doAs(known, action);
      } catch (PrivilegedActionException ticketsAreOver) {
        subject = null;
      }
    }
    Subject fresh = login();
    T done = Subject.doAs(fresh, action);
    subject = fresh;
    return done;
  }

  private Subject login() throws LoginException {
    Map<String, String> options =
        Map.of(
            "principal", principal,
            "keyTab", keytab.toString(),
            "useKeyTab", "true",
            "storeKey", "true",
            "doNotPrompt", "true",
            "isInitiator", "true",
            "refreshKrb5Config", "true");
    Configuration only =
        new Configuration() {
          @Override
          public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
            return new AppConfigurationEntry[] {
              new AppConfigurationEntry(MODULE, LoginModuleControlFlag.REQUIRED, options)
            };
          }
        };
    LoginContext login = new LoginContext("impala-balancer", new Subject(), null, only);
    login.login();
    return login.getSubject();
  }
}
