package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.config.Timeouts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What is wrong with one listener: its timeouts, and what differs behind its one address. */
final class ListenerRules {
  /** A query may say nothing to its client for that long; a pooled connection for longer. */
  private static final Duration LONG_QUERY = Duration.ofHours(1);

  private final BalancerConfig config;
  private final Examination seen;
  private final Findings findings;

  ListenerRules(BalancerConfig config, Examination seen, Findings findings) {
    this.config = config;
    this.seen = seen;
    this.findings = findings;
  }

  void judge(ListenerConfig listener) {
    Timeouts timeouts = listener.timeouts();
    List<CoordinatorFacts> members = members(listener);
    shortTimeout(listener, "client", timeouts.client(), members);
    shortTimeout(listener, "server", timeouts.server(), members);
    silentConnections(listener, members);
    if (listener.protocol() != Protocol.TCP) {
      differing(
          listener,
          members,
          port -> port.certificate().isPresent() ? "TLS" : "no TLS",
          "speak TLS differently",
          "--ssl_server_certificate on all impalads or on none");
      differing(
          listener,
          members,
          port -> String.join(" and ", port.logins()),
          "take different logins",
          "--principal, --enable_ldap_auth: the same on all impalads");
    }
  }

  private void shortTimeout(
      ListenerConfig listener, String key, Duration timeout, List<CoordinatorFacts> members) {
    long idle =
        members.stream()
            .flatMap(facts -> facts.web().stream())
            .mapToLong(pages -> pages.idleSessionSeconds().orElse(0))
            .max()
            .orElse(0);
    if (timeout.compareTo(LONG_QUERY) < 0) {
      findings.add(
          Severity.WARNING,
          "listener " + listener.name(),
          "timeouts.%s is %d s: a query or a pooled connection that is silent for longer is cut"
              .formatted(key, timeout.toSeconds()),
          "timeouts." + key + " of the listener, an hour or more");
    } else if (timeout.toSeconds() < idle) {
      findings.add(
          Severity.NOTE,
          "listener " + listener.name(),
          "timeouts.%s is %d s: it cuts silent connections before the coordinators do after %d s"
              .formatted(key, timeout.toSeconds(), idle),
          "timeouts." + key + " of the listener, or --idle_session_timeout on the impalads");
    }
  }

  private void silentConnections(ListenerConfig listener, List<CoordinatorFacts> members) {
    boolean coordinatorsProbe =
        members.stream()
            .flatMap(facts -> facts.web().stream())
            .allMatch(pages -> pages.keepaliveSeconds().orElse(0) > 0);
    if (!listener.keepalive().enabled() && !coordinatorsProbe) {
      findings.add(
          Severity.WARNING,
          "listener " + listener.name(),
          "no side sends keepalives: a firewall forgets silent connections, and vanished clients"
              + " keep a thread of the coordinator",
          "keepalive.enabled of the listener; --client_keepalive_probe_period_s on the impalads");
    }
  }

  private List<CoordinatorFacts> members(ListenerConfig listener) {
    List<String> names =
        config.pool(listener.pool()).members().stream().map(MemberConfig::coordinator).toList();
    return seen.coordinators().stream()
        .filter(facts -> names.contains(facts.config().name()))
        .toList();
  }

  /** Clients see one address: what is behind it has to be alike. */
  private void differing(
      ListenerConfig listener,
      List<CoordinatorFacts> members,
      Function<PortFacts, String> trait,
      String found,
      String change) {
    Map<String, List<String>> groups = new TreeMap<>();
    for (CoordinatorFacts facts : members) {
      PortFacts port = facts.ports().get(listener.protocol());
      if (port != null && port.serves()) {
        groups
            .computeIfAbsent(trait.apply(port), same -> new ArrayList<>())
            .add(facts.config().name());
      }
    }
    if (groups.size() > 1) {
      findings.add(
          Severity.ERROR,
          "listener " + listener.name(),
          "its coordinators " + found + ": " + Words.listed(groups),
          change);
    }
  }
}
