package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.Protocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is wrong with one coordinator: what explains the rest is named alone. */
final class CoordinatorRules {
  private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(5);

  /** Kerberos refuses tickets beyond it (krb5.conf, {@code clockskew}). */
  private static final Duration KERBEROS_CLOCKS = Duration.ofMinutes(5);

  private final CertificateRules certificates;
  private final Findings findings;

  CoordinatorRules(CertificateRules certificates, Findings findings) {
    this.certificates = certificates;
    this.findings = findings;
  }

  void judge(CoordinatorFacts facts) {
    String subject = facts.subject();
    if (!facts.name().resolves()) {
      findings.add(
          Severity.ERROR,
          subject,
          "its host " + facts.config().host() + " does not resolve here",
          "the name service, or host in coordinators");
      return;
    }
    Optional<WebFacts> web = facts.web();
    if (web.isPresent() && !web.get().coordinator()) {
      findings.add(
          Severity.ERROR,
          subject,
          "is an executor: it serves no clients",
          "--is_coordinator=true on that impalad, or take it out of coordinators");
      return;
    }
    if (unreachable(facts)) {
      return;
    }
    ports(facts);
    web.ifPresent(pages -> pages(facts, pages));
    facts.ports().forEach((protocol, port) -> certificates.judge(subject, protocol, port));
  }

  private boolean unreachable(CoordinatorFacts facts) {
    Collection<PortFacts> ports = facts.ports().values();
    boolean closed =
        !ports.isEmpty()
            && ports.stream().allMatch(port -> port.answer() == PortFacts.Answer.CLOSED)
            && facts.web().map(pages -> pages.problem().isPresent()).orElse(true);
    if (closed) {
      findings.add(
          Severity.ERROR,
          facts.subject(),
          "cannot be reached on any port: " + ports.iterator().next().detail(),
          "start that impalad, or open its ports to this machine");
    }
    return closed;
  }

  private void ports(CoordinatorFacts facts) {
    Map<String, List<Protocol>> alike = new LinkedHashMap<>();
    facts
        .ports()
        .forEach((protocol, port) -> {
          if (!port.serves()) {
            alike
                .computeIfAbsent(port.answer() + port.detail(), same -> new ArrayList<>())
                .add(protocol);
          }
        });
    for (List<Protocol> protocols : alike.values()) {
      PortFacts port = port(facts, protocols.get(0));
      String which =
          protocols.stream()
              .map(protocol -> protocol.word() + " port " + facts.config().port(protocol).orElse(0))
              .collect(Collectors.joining(", "));
      String flags =
          protocols.stream().map(CoordinatorRules::portFlag).collect(Collectors.joining(", "));
      switch (port.answer()) {
        case CLOSED ->
            findings.add(
                Severity.ERROR,
                facts.subject(),
                which + " is closed: " + port.detail(),
                flags + " on that impalad (0 is off), or ports of the coordinator");
        case SILENT ->
            findings.add(
                Severity.ERROR,
                facts.subject(),
                which + " takes connections, but " + port.detail() + ": its threads are all taken",
                "--fe_service_threads, --accepted_cnxn_setup_thread_pool_size, or its clients");
        default ->
            findings.add(
                Severity.ERROR,
                facts.subject(),
                which + " " + port.detail(),
                "ports of the coordinator, or protocol of the listener");
      }
    }
  }

  private static PortFacts port(CoordinatorFacts facts, Protocol protocol) {
    return Optional.ofNullable(facts.ports().get(protocol)).orElseThrow();
  }

  private static String portFlag(Protocol protocol) {
    return switch (protocol) {
      case BEESWAX -> "--beeswax_port";
      case HIVESERVER2 -> "--hs2_port";
      case HIVESERVER2_HTTP -> "--hs2_http_port";
      case TCP -> "the port named tcp";
    };
  }

  private void pages(CoordinatorFacts facts, WebFacts pages) {
    String subject = facts.subject();
    if (pages.problem().isPresent()) {
      findings.add(
          Severity.WARNING,
          subject,
          "its web pages cannot be read ("
              + pages.problem().get()
              + "): nothing is known of its state",
          "ports.web of the coordinator, or the login for the pages in check");
      return;
    }
    if (pages.executor()) {
      findings.add(
          Severity.WARNING,
          subject,
          "executes queries beside coordinating them: both share its memory",
          "--is_executor=false on that impalad");
    }
    pages
        .shutdownStatus()
        .ifPresent(status ->
            findings.add(
                Severity.WARNING,
                subject,
                "is shutting down (" + status + "): it refuses new queries",
                "nothing: it ends by itself and has to be started again"));
    pages
        .statestoreConnected()
        .filter(connected -> !connected)
        .ifPresent(lost ->
            findings.add(
                Severity.ERROR,
                subject,
                "has lost the statestore: it knows neither new tables nor executors",
                "--state_store_host on that impalad, or the statestore"));
    threads(facts, pages);
    pages.clockAheadMillis().ifPresent(ahead -> clock(subject, ahead));
  }

  private void threads(CoordinatorFacts facts, WebFacts pages) {
    int maxconn = facts.config().maxconn();
    long ports = facts.ports().size();
    if (pages.feServiceThreads().isPresent()
        && maxconn > pages.feServiceThreads().getAsLong() * Math.max(1, ports)) {
      findings.add(
          Severity.WARNING,
          facts.subject(),
          "its maxconn is %d, but a port serves only %d clients: the others wait up to five minutes"
              .formatted(maxconn, pages.feServiceThreads().getAsLong()),
          "maxconn of the coordinator, or --fe_service_threads on that impalad");
    }
  }

  private void clock(String subject, long aheadMillis) {
    Duration apart = Duration.ofMillis(Math.abs(aheadMillis));
    if (apart.compareTo(CLOCKS_DIFFER) > 0) {
      findings.add(
          apart.compareTo(KERBEROS_CLOCKS) > 0 ? Severity.ERROR : Severity.WARNING,
          subject,
          "its clock is %d s %s this machine's"
              .formatted(apart.toSeconds(), aheadMillis > 0 ? "ahead of" : "behind"),
          "time synchronisation; Kerberos refuses logins beyond 300 s");
    }
  }
}
