package io.impalabalancer.health;

import io.netty.channel.EventLoop;
import java.nio.file.Path;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import javax.security.auth.Subject;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.auth.login.LoginException;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;
import org.jspecify.annotations.Nullable;

/**
 * SPNEGO (RFC 4559): a Kerberos ticket for {@code HTTP/host}, by a principal whose key is in a
 * keytab. Talks to the KDC on a thread that may block; its tickets are kept until they are refused.
 */
final class SpnegoLogin implements WebLogin {
  private static final String NEGOTIATE = "negotiate";
  private static final String SPNEGO = "1.3.6.1.5.5.2";
  private static final String KERBEROS_MODULE = "com.sun.security.auth.module.Krb5LoginModule";

  private final String host;
  private final String principal;
  private final Path keytab;
  private final Executor blocking;
  private final EventLoop loop;

  /** Touched by the blocking thread only. */
  private @Nullable Subject subject;

  SpnegoLogin(String host, String principal, Path keytab, Executor blocking, EventLoop loop) {
    this.host = host;
    this.principal = principal;
    this.keytab = keytab;
    this.blocking = blocking;
    this.loop = loop;
  }

  @Override
  public @Nullable String inAdvance(String path) {
    return null;
  }

  @Override
  public void answer(String path, List<String> challenges, Consumer<Answer> done) {
    if (challenges.stream().noneMatch(c -> c.toLowerCase(Locale.ROOT).startsWith(NEGOTIATE))) {
      done.accept(new Answer(null, "it wants a login by " + challenges + ", not by Negotiate"));
      return;
    }
    blocking.execute(() -> {
      Answer answer = token();
      loop.execute(() -> done.accept(answer));
    });
  }

  private Answer token() {
    try {
      Subject known = subject;
      if (known != null) {
        try {
          return new Answer(token(known), "");
        } catch (PrivilegedActionException ticketsAreOver) {
          subject = null;
        }
      }
      Subject fresh = login();
      Answer answer = new Answer(token(fresh), "");
      subject = fresh;
      return answer;
    } catch (LoginException e) {
      return new Answer(null, "no Kerberos login as " + principal + ": " + e.getMessage());
    } catch (PrivilegedActionException e) {
      String why = e.getCause() == null ? e.toString() : e.getCause().getMessage();
      return new Answer(null, "no Kerberos ticket for HTTP/" + host + ": " + why);
    }
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
              new AppConfigurationEntry(KERBEROS_MODULE, LoginModuleControlFlag.REQUIRED, options)
            };
          }
        };
    LoginContext login = new LoginContext("impala-balancer", new Subject(), null, only);
    login.login();
    return login.getSubject();
  }

  private String token(Subject of) throws PrivilegedActionException {
    PrivilegedExceptionAction<byte[]> begin =
        () -> {
          GSSManager manager = GSSManager.getInstance();
          GSSName name = manager.createName("HTTP@" + host, GSSName.NT_HOSTBASED_SERVICE);
          GSSContext context =
              manager.createContext(name, new Oid(SPNEGO), null, GSSContext.DEFAULT_LIFETIME);
          try {
            context.requestMutualAuth(true);
            return context.initSecContext(new byte[0], 0, 0);
          } finally {
            dispose(context);
          }
        };
    return "Negotiate " + Base64.getEncoder().encodeToString(Subject.doAs(of, begin));
  }

  private static void dispose(GSSContext context) {
    try {
      context.dispose();
    } catch (GSSException e) {
      // Nothing more is asked of it.
    }
  }
}
