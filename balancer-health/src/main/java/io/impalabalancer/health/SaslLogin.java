package io.impalabalancer.health;

import io.impalabalancer.config.LoginConfig;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivilegedActionException;
import java.util.Map;
import java.util.function.Consumer;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.login.LoginException;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslException;
import org.jspecify.annotations.Nullable;

/**
 * What a client of one coordinator says to log in by SASL: PLAIN with user and password, or GSSAPI
 * with a Kerberos ticket. No layer of security is asked for, as Impala has none (TSaslTransport).
 * Files and KDC are waited for on {@link Kerberos#BLOCKING}.
 */
final class SaslLogin {
  private static final byte[] NOTHING = {};

  private final LoginConfig config;
  private final @Nullable Kerberos kerberos;
  private final String host;
  private final EventLoop loop;

  /** Touched by the blocking thread only. */
  private @Nullable SaslClient client;

  /** Who does not wait any more needs no ticket. */
  private volatile boolean ended;

  /**
   * What is to be said next.
   *
   * @param problem why nothing can be said, empty if it can
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Answer(byte[] bytes, String problem) {}

  /**
   * Makes one that has said nothing.
   *
   * @param kerberos given for GSSAPI
   * @param host whose ticket is asked for
   */
  SaslLogin(LoginConfig config, @Nullable Kerberos kerberos, String host, EventLoop loop) {
    this.config = config;
    this.kerberos = kerberos;
    this.host = host;
    this.loop = loop;
  }

  String mechanism() {
    return kerberos == null ? "PLAIN" : "GSSAPI";
  }

  /**
   * Answers, later and on the loop, unless {@link #end} comes before.
   *
   * @param challenge null for the begin
   */
  void answer(byte @Nullable [] challenge, Consumer<Answer> done) {
    Kerberos.BLOCKING.execute(() -> {
      if (!ended) {
        Answer answer = answer(challenge);
        if (!ended) {
          loop.execute(() -> done.accept(answer));
        }
      }
    });
  }

  private Answer answer(byte @Nullable [] challenge) {
    try {
      byte[] bytes =
          kerberos == null ? evaluate(challenge) : kerberos.act(() -> evaluate(challenge));
      return new Answer(bytes, "");
    } catch (IOException e) {
      return new Answer(NOTHING, String.valueOf(e.getMessage()));
    } catch (LoginException e) {
      return new Answer(NOTHING, "no Kerberos login as " + principal() + ": " + e.getMessage());
    } catch (PrivilegedActionException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      why = why.getCause() == null ? why : why.getCause();
      return new Answer(NOTHING, "no Kerberos ticket for " + service() + ": " + why.getMessage());
    }
  }

  private String principal() {
    return config.principal().orElse("");
  }

  private String service() {
    return config.service() + "/" + host;
  }

  private byte[] evaluate(byte @Nullable [] challenge) throws IOException {
    SaslClient known = client;
    if (challenge == null || known == null) {
      SaslClient made =
          Sasl.createSaslClient(
              new String[] {mechanism()},
              null,
              config.service(),
              host,
              Map.of(),
              kerberos == null ? this::credentials : null);
      if (made == null) {
        throw new SaslException("this Java has no SASL " + mechanism());
      }
      client = made;
      return made.hasInitialResponse() ? made.evaluateChallenge(NOTHING) : NOTHING;
    }
    byte[] said = known.isComplete() ? NOTHING : known.evaluateChallenge(challenge);
    return said == null ? NOTHING : said;
  }

  private void credentials(Callback[] asked) throws IOException {
    for (Callback each : asked) {
      if (each instanceof NameCallback name) {
        name.setName(config.user().orElseThrow());
      } else if (each instanceof PasswordCallback password) {
        Path file = config.passwordFile().orElseThrow();
        password.setPassword(PasswordLogin.read(file).toCharArray());
      }
    }
  }

  /** Forgets what was negotiated. */
  void end() {
    ended = true;
    Kerberos.BLOCKING.execute(() -> {
      SaslClient known = client;
      client = null;
      try {
        if (known != null) {
          known.dispose();
        }
      } catch (SaslException e) {
        // Nothing more is asked of it.
      }
    });
  }
}
