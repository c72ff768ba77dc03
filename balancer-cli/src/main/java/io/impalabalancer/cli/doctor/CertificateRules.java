package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.Protocol;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** What is wrong with the certificate of a port. */
final class CertificateRules {
  private static final Duration EXPIRES_SOON = Duration.ofDays(30);
  private static final int DNS_NAME = 2;

  private final String clientName;
  private final Instant now;
  private final Findings findings;

  CertificateRules(String clientName, Instant now, Findings findings) {
    this.clientName = clientName;
    this.now = now;
    this.findings = findings;
  }

  void judge(String subject, Protocol protocol, PortFacts port) {
    if (port.certificate().isEmpty()) {
      return;
    }
    X509Certificate certificate = port.certificate().get();
    Instant end = certificate.getNotAfter().toInstant();
    String change = "the file of --ssl_server_certificate on that impalad, and a restart";
    if (end.isBefore(now)) {
      findings.add(
          Severity.ERROR,
          subject,
          "the certificate of its " + protocol.word() + " port expired at " + end,
          change);
    } else if (end.isBefore(now.plus(EXPIRES_SOON))) {
      findings.add(
          Severity.WARNING,
          subject,
          "the certificate of its " + protocol.word() + " port expires at " + end,
          change);
    }
    List<String> names = names(certificate);
    if (names.stream().noneMatch(pattern -> matches(pattern, clientName))) {
      findings.add(
          Severity.ERROR,
          subject,
          "the certificate of its %s port is for %s, but clients dial %s"
              .formatted(protocol.word(), Words.orNothing(names), clientName),
          "a certificate with that name (SAN) in --ssl_server_certificate; if clients dial another"
              + " name, --client-name");
    }
  }

  private static List<String> names(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      if (names == null) {
        String[] parts = certificate.getSubjectX500Principal().getName().split("CN=", 2);
        return parts.length == 2 ? List.of(parts[1].split(",", 2)[0]) : List.of();
      }
      return names.stream()
          .filter(name -> name.get(0) instanceof Integer kind && kind >= DNS_NAME)
          .map(name -> String.valueOf(name.get(1)))
          .toList();
    } catch (CertificateParsingException e) {
      return List.of();
    }
  }

  private static boolean matches(String pattern, String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    String given = pattern.toLowerCase(Locale.ROOT);
    if (given.startsWith("*.")) {
      int dot = wanted.indexOf('.');
      return dot > 0 && wanted.substring(dot).equals(given.substring(1));
    }
    return given.equals(wanted);
  }
}
