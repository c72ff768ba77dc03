package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.BalancerConfig;
import java.time.Instant;
import java.util.List;

/**
 * Judges what was seen, by the rules for each coordinator, each listener, all together and
 * Kerberos.
 */
final class Diagnosis {

  private Diagnosis() {}

  /**
   * Returns what is wrong, the most harmful first.
   *
   * @param config with the coordinators that were found
   * @param undiscovered what was wrong while they were looked for
   */
  static List<Finding> of(
      BalancerConfig config, List<String> undiscovered, Examination seen, Instant now) {
    Findings findings = new Findings();
    boolean nobody = config.coordinators().isEmpty();
    for (String problem : undiscovered) {
      findings.add(
          nobody ? Severity.ERROR : Severity.WARNING,
          "discover",
          problem + (nobody ? ": there is no coordinator" : ""),
          "seeds, dns or srv in discover, or what answers there");
    }
    clientName(seen.clientName(), findings);
    CertificateRules certificates = new CertificateRules(seen.clientName().name(), now, findings);
    CoordinatorRules coordinator = new CoordinatorRules(certificates, findings);
    seen.coordinators().forEach(coordinator::judge);
    ListenerRules listener = new ListenerRules(config, seen, findings);
    config.listeners().forEach(listener::judge);
    new ClusterRules(seen, findings).judge();
    new KerberosRules(seen, findings).judge();
    return findings.byHarm();
  }

  /** The name that clients dial: Kerberos and TLS clients check it. */
  private static void clientName(NameFacts name, Findings findings) {
    if (!name.resolves()) {
      findings.add(
          Severity.WARNING,
          "this balancer",
          "the name that clients dial, " + name.name() + ", does not resolve here",
          "the name service, or --client-name");
    }
  }
}
