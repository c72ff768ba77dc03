package io.impalabalancer.simulator;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.security.auth.Subject;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSCredential;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.Oid;
import org.jspecify.annotations.Nullable;

/**
 * Lets only those in who may read the web pages, as Impala's web server does: {@code
 * be/src/util/webserver.cc} for Basic, SPNEGO and the cookie, {@code
 * be/src/thirdparty/squeasel/squeasel.c} for Digest. Any thread may call.
 */
final class WebGuard {
  private static final int UNAUTHORIZED = 401;
  private static final String REALM = "mydomain.com";
  private static final Pattern DIGEST_PART =
      Pattern.compile("(\\w+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,]+))");

  private final WebProtection protection;
  private final AuthCookie cookies = new AuthCookie();
  private final @Nullable Subject acceptor;

  /**
   * Makes one.
   *
   * @throws IOException if the keytab is of no use
   */
  WebGuard(WebProtection protection) throws IOException {
    this.protection = protection;
    this.acceptor =
        protection instanceof WebProtection.Spnego spnego
            ? new Keytab(spnego.principal(), spnego.keytab()).acceptor()
            : null;
  }

  /** Whether the page may be shown; if not, the refusal is sent. */
  boolean admits(HttpExchange exchange) throws IOException {
    if (protection instanceof WebProtection.None || hasCookie(exchange)) {
      return true;
    }
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    String authorization = header == null ? "" : header.strip();
    if (protection instanceof WebProtection.Basic basic) {
      return basic(exchange, basic, authorization);
    } else if (protection instanceof WebProtection.Digest digest) {
      return digest(exchange, digest, authorization);
    }
    return spnego(exchange, authorization);
  }

  private boolean hasCookie(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("Cookie");
    return header != null && cookies.user(header) != null;
  }

  private boolean welcome(HttpExchange exchange, String user) {
    exchange.getResponseHeaders().add("Set-Cookie", cookies.make(user));
    return true;
  }

  private static boolean refuse(HttpExchange exchange, String challenge, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("WWW-Authenticate", challenge);
    exchange.sendResponseHeaders(UNAUTHORIZED, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
    return false;
  }

  private boolean basic(HttpExchange exchange, WebProtection.Basic basic, String authorization)
      throws IOException {
    String login = basic.user() + ":" + basic.password();
    String expected = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    return authorization.equals("Basic " + expected)
        ? welcome(exchange, basic.user())
        : refuse(exchange, "Basic", "Must authenticate with Basic authentication.");
  }

  private boolean digest(HttpExchange exchange, WebProtection.Digest digest, String authorization)
      throws IOException {
    Map<String, String> given = new HashMap<>();
    Matcher part = DIGEST_PART.matcher(authorization);
    while (authorization.startsWith("Digest ") && part.find()) {
      given.put(part.group(1), Objects.requireNonNullElse(part.group(2), part.group(3)));
    }
    String user = md5(digest.user() + ":" + REALM + ":" + digest.password());
    String request = md5(exchange.getRequestMethod() + ":" + given.get("uri"));
    String expected =
        md5(
            String.join(
                ":",
                user,
                given.get("nonce"),
                given.get("nc"),
                given.get("cnonce"),
                given.get("qop"),
                request));
    if (digest.user().equals(given.get("username")) && expected.equals(given.get("response"))) {
      return welcome(exchange, digest.user());
    }
    String challenge =
        String.format(
            "Digest qop=\"auth\", realm=\"%s\", nonce=\"%d\"",
            REALM, System.currentTimeMillis() / 1000);
    return refuse(exchange, challenge, "");
  }

  private static String md5(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean spnego(HttpExchange exchange, String authorization) throws IOException {
    if (!authorization.startsWith("Negotiate ")) {
      return refuse(exchange, "Negotiate", "Must authenticate with SPNEGO.");
    }
    try {
      byte[] token = Base64.getDecoder().decode(authorization.substring("Negotiate ".length()));
      PrivilegedExceptionAction<GSSContext> accept = () -> accept(exchange, token);
      GSSContext context = Subject.doAs(Objects.requireNonNull(acceptor), accept);
      String user = context.getSrcName().toString();
      context.dispose();
      return welcome(exchange, user);
    } catch (IllegalArgumentException | PrivilegedActionException | GSSException e) {
      return refuse(exchange, "Negotiate", "Not authorized: " + e.getMessage());
    }
  }

  private static GSSContext accept(HttpExchange exchange, byte[] token) throws GSSException {
    GSSManager manager = GSSManager.getInstance();
    Oid spnego = new Oid("1.3.6.1.5.5.2");
    GSSCredential credential =
        manager.createCredential(
            null, GSSCredential.INDEFINITE_LIFETIME, spnego, GSSCredential.ACCEPT_ONLY);
    GSSContext context = manager.createContext(credential);
    byte[] answer = context.acceptSecContext(token, 0, token.length);
    if (answer != null) {
      exchange
          .getResponseHeaders()
          .add("WWW-Authenticate", "Negotiate " + Base64.getEncoder().encodeToString(answer));
    }
    return context;
  }
}
