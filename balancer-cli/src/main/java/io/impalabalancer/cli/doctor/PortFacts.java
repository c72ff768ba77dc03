package io.impalabalancer.cli.doctor;

import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a client port of a coordinator answers.
 *
 * @param detail what was seen, for people
 * @param certificate what it shows of itself if it speaks TLS
 * @param logins how clients can log in: {@code NOSASL}, {@code PLAIN}, {@code GSSAPI}; for HTTP the
 *     schemes of {@code WWW-Authenticate}, or {@code none}; empty unless it serves
 */
record PortFacts(
    Answer answer, String detail, Optional<X509Certificate> certificate, Set<String> logins) {

  /** How a port answers. */
  enum Answer {
    /** Speaks the protocol that it should. */
    SERVES,
    /** Cannot be connected to. */
    CLOSED,
    /** Takes the connection and says nothing. */
    SILENT,
    /** Speaks something else. */
    OTHER_PROTOCOL
  }

  PortFacts {
    logins = new TreeSet<>(logins);
  }

  static PortFacts not(Answer answer, String detail) {
    return new PortFacts(answer, detail, Optional.empty(), Set.of());
  }

  static PortFacts serves(Optional<X509Certificate> certificate, Set<String> logins) {
    return new PortFacts(Answer.SERVES, String.join(", ", logins), certificate, logins);
  }

  boolean serves() {
    return answer == Answer.SERVES;
  }
}
