package io.impalabalancer.health;

import io.netty.channel.EventLoop;
import java.security.PrivilegedActionException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import javax.security.auth.login.LoginException;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.GSSName;
import org.ietf.jgss.Oid;
import org.jspecify.annotations.Nullable;

/**
 * SPNEGO (RFC 4559): a Kerberos ticket for {@code HTTP/host}. While one is waited for, no other is
 * asked for: a KDC that is silent would be asked once for each page that was given up.
 */
final class SpnegoLogin implements WebLogin {
  private static final String NEGOTIATE = "negotiate";
  private static final String SPNEGO = "1.3.6.1.5.5.2";

  private final String host;
  private final Kerberos kerberos;
  private final EventLoop loop;

  /** Who is told of the ticket that is waited for, null if none is. */
  private @Nullable Consumer<Answer> waiting;

  SpnegoLogin(String host, Kerberos kerberos, EventLoop loop) {
    this.host = host;
    this.kerberos = kerberos;
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
    boolean underWay = waiting != null;
    waiting = done;
    if (!underWay) {
      Kerberos.BLOCKING.execute(() -> {
        Answer answer = token();
        loop.execute(() -> tell(answer));
      });
    }
  }

  private void tell(Answer answer) {
    Consumer<Answer> told = waiting;
    waiting = null;
    if (told != null) {
      told.accept(answer);
    }
  }

  private Answer token() {
    try {
      return new Answer(kerberos.act(this::begin), "");
    } catch (LoginException e) {
      return new Answer(
          null, "no Kerberos login as " + kerberos.principal() + ": " + e.getMessage());
    } catch (PrivilegedActionException e) {
      String why = e.getCause() == null ? e.toString() : e.getCause().getMessage();
      return new Answer(null, "no Kerberos ticket for HTTP/" + host + ": " + why);
    }
  }

  private String begin() throws GSSException {
    GSSManager manager = GSSManager.getInstance();
    GSSName name = manager.createName("HTTP@" + host, GSSName.NT_HOSTBASED_SERVICE);
    GSSContext context =
        manager.createContext(name, new Oid(SPNEGO), null, GSSContext.DEFAULT_LIFETIME);
    try {
      context.requestMutualAuth(true);
      byte[] token = context.initSecContext(new byte[0], 0, 0);
      return "Negotiate " + Base64.getEncoder().encodeToString(token);
    } finally {
      dispose(context);
    }
  }

  private static void dispose(GSSContext context) {
    try {
      context.dispose();
    } catch (GSSException e) {
      // Nothing more is asked of it.
    }
  }
}
