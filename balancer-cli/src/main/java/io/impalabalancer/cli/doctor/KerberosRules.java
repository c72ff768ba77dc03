package io.impalabalancer.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What Kerberos clients stumble over: they ask for a ticket of the name that they dial, or of what
 * its address leads back to, and a coordinator takes those of its {@code --principal} only (Impala:
 * {@code docs/topics/impala_proxy.xml}).
 */
final class KerberosRules {
  /** Stands for a daemon's own host in a principal. */
  private static final String OWN_HOST = "_HOST";

  private final Examination seen;
  private final Findings findings;

  KerberosRules(Examination seen, Findings findings) {
    this.seen = seen;
    this.findings = findings;
  }

  void judge() {
    List<CoordinatorFacts> kerberized =
        seen.coordinators().stream().filter(KerberosRules::speaksKerberos).toList();
    if (!kerberized.isEmpty()) {
      kerberized.forEach(facts -> leadsBack(facts.subject(), facts.name()));
      leadsBack("this balancer", seen.clientName());
      principals(kerberized);
    }
  }

  private static boolean speaksKerberos(CoordinatorFacts facts) {
    return facts.ports().values().stream()
        .anyMatch(port -> port.logins().contains("GSSAPI") || port.logins().contains("Negotiate"));
  }

  private void leadsBack(String subject, NameFacts name) {
    if (name.resolves() && !name.isAddress() && !name.leadsBack()) {
      findings.add(
          Severity.WARNING,
          subject,
          "the address of " + name.name() + " leads back to " + Words.orNothing(name.reverse()),
          "the reverse zone of the name service; rdns = false in krb5.conf of the clients");
    }
  }

  private void principals(List<CoordinatorFacts> kerberized) {
    String dialled = seen.clientName().name();
    Map<String, List<String>> others = new TreeMap<>();
    for (CoordinatorFacts facts : kerberized) {
      String host = host(facts);
      if (!host.isEmpty() && !host.equalsIgnoreCase(dialled)) {
        others.computeIfAbsent(host, same -> new ArrayList<>()).add(facts.config().name());
      }
    }
    if (!others.isEmpty()) {
      findings.add(
          Severity.ERROR,
          "coordinators",
          "take Kerberos tickets of another name than clients dial, %s: %s"
              .formatted(dialled, Words.listed(others)),
          "--principal=impala/%s@REALM on all impalads, with --be_principal for their own names;"
                  .formatted(dialled)
              + " if clients dial another name, --client-name");
    }
  }

  /** Returns the host in a coordinator's principal, in small letters; empty if none is known. */
  private static String host(CoordinatorFacts facts) {
    String principal = facts.web().flatMap(WebFacts::principal).orElse("");
    String[] parts = principal.split("[/@]", -1);
    if (parts.length < 2 || !principal.contains("/")) {
      return "";
    }
    String host = parts[1].equals(OWN_HOST) ? facts.config().host() : parts[1];
    return host.toLowerCase(Locale.ROOT);
  }
}
