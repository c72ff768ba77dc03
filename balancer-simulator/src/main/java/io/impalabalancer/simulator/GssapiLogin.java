package io.impalabalancer.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.Objects;
import javax.security.auth.Subject;
import org.ietf.jgss.GSSContext;
import org.ietf.jgss.GSSCredential;
import org.ietf.jgss.GSSException;
import org.ietf.jgss.GSSManager;
import org.ietf.jgss.MessageProp;
import org.ietf.jgss.Oid;

/**
 * Logs a client in by SASL's mechanism GSSAPI (RFC 4752) with Kerberos, without a layer that
 * protects what follows, as Impala does ({@code be/src/transport/TSaslTransport.cpp}). Any thread
 * may call.
 */
final class GssapiLogin {
  private static final String KERBEROS = "1.2.840.113554.1.2.2";

  /** Offers, and is the only answer to, no layer. */
  private static final byte NO_LAYER = 1;

  private static final int LAYER_BYTES = 4;

  /** What client and server say to each other; the client speaks first. */
  interface Talk {
    byte[] receive() throws IOException;

    void send(byte[] challenge) throws IOException;
  }

  private final Subject acceptor;

  /**
   * Makes one.
   *
   * @throws IOException if the keytab is of no use
   */
  GssapiLogin(Keytab keytab) throws IOException {
    acceptor = keytab.acceptor();
  }

  /**
   * Returns who the client is, such as {@code alice@EXAMPLE.COM}.
   *
   * @throws Login.RefusedException if it has no ticket for the principal
   */
  String user(Talk talk) throws IOException {
    PrivilegedExceptionAction<String> login = () -> logIn(talk);
    try {
      return Subject.doAs(acceptor, login);
    } catch (PrivilegedActionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      throw cause instanceof IOException cut
          ? cut
          : new Login.RefusedException("GSSAPI: " + cause.getMessage());
    }
  }

  private static String logIn(Talk talk) throws GSSException, IOException {
    GSSManager manager = GSSManager.getInstance();
    GSSContext context =
        manager.createContext(
            manager.createCredential(
                null,
                GSSCredential.INDEFINITE_LIFETIME,
                new Oid(KERBEROS),
                GSSCredential.ACCEPT_ONLY));
    byte[] response = talk.receive();
    while (!context.isEstablished()) {
      byte[] challenge = context.acceptSecContext(response, 0, response.length);
      if (challenge != null) {
        talk.send(challenge);
        response = talk.receive();
      }
    }
    byte[] offer = {NO_LAYER, 0, 0, 0};
    talk.send(context.wrap(offer, 0, offer.length, new MessageProp(0, false)));
    response = talk.receive();
    byte[] choice = context.unwrap(response, 0, response.length, new MessageProp(0, false));
    if (choice.length < LAYER_BYTES || choice[0] != NO_LAYER) {
      throw new Login.RefusedException("the client wants a security layer");
    }
    String user = context.getSrcName().toString();
    context.dispose();
    return choice.length == LAYER_BYTES
        ? user
        : new String(choice, LAYER_BYTES, choice.length - LAYER_BYTES, StandardCharsets.UTF_8);
  }
}
