package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.config.Timeouts;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Judges what was seen: each rule names one thing, and a thing that explains others is named alone.
 */
final class Diagnosis {
  /** A query may say nothing to its client for that long; a pooled connection for longer. */
  private static final Duration LONG_QUERY = Duration.ofHours(1);

  private static final Duration EXPIRES_SOON = Duration.ofDays(30);
  private static final Duration STARTED_APART = Duration.ofHours(1);
  private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(5);

  /** Kerberos refuses tickets beyond it (krb5.conf, {@code clockskew}). */
  private static final Duration KERBEROS_CLOCKS = Duration.ofMinutes(5);

  private static final int DNS_NAME = 2;

  private final BalancerConfig config;
  private final Examination seen;
  private final Instant now;
  private final List<Finding> findings = new ArrayList<>();

  private Diagnosis(BalancerConfig config, Examination seen, Instant now) {
    this.config = config;
    this.seen = seen;
    this.now = now;
  }

  /** Returns what is wrong, the most harmful first. */
  static List<Finding> of(BalancerConfig config, Examination seen, Instant now) {
    Diagnosis diagnosis = new Diagnosis(config, seen, now);
    seen.coordinators().forEach(diagnosis::coordinator);
    config.listeners().forEach(diagnosis::listener);
    diagnosis.cluster();
    diagnosis.clientName();
    return diagnosis.findings.stream().sorted(Finding.BY_HARM).toList();
  }

  private void add(Severity severity, String subject, String found, String change) {
    findings.add(new Finding(severity, subject, found, change));
  }

  // ---- one coordinator

  private void coordinator(CoordinatorFacts facts) {
    String subject = subject(facts);
    if (!facts.name().resolves()) {
      add(
          Severity.ERROR,
          subject,
          "its host " + facts.config().host() + " does not resolve here",
          "the name service, or host in coordinators");
      return;
    }
    Optional<WebFacts> web = facts.web();
    if (web.isPresent() && !web.get().coordinator()) {
      add(
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
    names(facts);
    facts.ports().forEach((protocol, port) -> certificate(subject, protocol, port));
  }

  private boolean unreachable(CoordinatorFacts facts) {
    Collection<PortFacts> ports = facts.ports().values();
    boolean closed =
        !ports.isEmpty()
            && ports.stream().allMatch(port -> port.answer() == PortFacts.Answer.CLOSED)
            && facts.web().map(pages -> pages.problem().isPresent()).orElse(true);
    if (closed) {
      add(
          Severity.ERROR,
          subject(facts),
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
      String flags = protocols.stream().map(Diagnosis::portFlag).collect(Collectors.joining(", "));
      switch (port.answer()) {
        case CLOSED ->
            add(
                Severity.ERROR,
                subject(facts),
                which + " is closed: " + port.detail(),
                flags + " on that impalad (0 is off), or ports of the coordinator");
        case SILENT ->
            add(
                Severity.ERROR,
                subject(facts),
                which + " takes connections, but " + port.detail() + ": its threads are all taken",
                "--fe_service_threads, --accepted_cnxn_setup_thread_pool_size, or its clients");
        default ->
            add(
                Severity.ERROR,
                subject(facts),
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
    String subject = subject(facts);
    if (pages.problem().isPresent()) {
      add(
          Severity.WARNING,
          subject,
          "its web pages cannot be read ("
              + pages.problem().get()
              + "): nothing is known of its state",
          "ports.web of the coordinator, or the login for the pages in check");
      return;
    }
    if (pages.executor()) {
      add(
          Severity.WARNING,
          subject,
          "executes queries beside coordinating them: both share its memory",
          "--is_executor=false on that impalad");
    }
    pages
        .shutdownStatus()
        .ifPresent(status ->
            add(
                Severity.WARNING,
                subject,
                "is shutting down (" + status + "): it refuses new queries",
                "nothing: it ends by itself and has to be started again"));
    pages
        .statestoreConnected()
        .filter(connected -> !connected)
        .ifPresent(lost ->
            add(
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
      add(
          Severity.WARNING,
          subject(facts),
          "its maxconn is %d, but a port serves only %d clients: the others wait up to five minutes"
              .formatted(maxconn, pages.feServiceThreads().getAsLong()),
          "maxconn of the coordinator, or --fe_service_threads on that impalad");
    }
  }

  private void clock(String subject, long aheadMillis) {
    Duration apart = Duration.ofMillis(Math.abs(aheadMillis));
    if (apart.compareTo(CLOCKS_DIFFER) > 0) {
      add(
          apart.compareTo(KERBEROS_CLOCKS) > 0 ? Severity.ERROR : Severity.WARNING,
          subject,
          "its clock is %d s %s this machine's"
              .formatted(apart.toSeconds(), aheadMillis > 0 ? "ahead of" : "behind"),
          "time synchronisation; Kerberos refuses logins beyond 300 s");
    }
  }

  /** Kerberos builds a coordinator's principal from its name, by some clients from the reverse. */
  private void names(CoordinatorFacts facts) {
    NameFacts name = facts.name();
    boolean kerberos =
        facts.ports().values().stream()
            .anyMatch(
                port -> port.logins().contains("GSSAPI") || port.logins().contains("Negotiate"));
    if (kerberos && !name.isAddress() && !name.leadsBack()) {
      add(
          Severity.WARNING,
          subject(facts),
          "the address of " + name.name() + " leads back to " + orNothing(name.reverse()),
          "the reverse zone of the name service; rdns = false in krb5.conf of the clients");
    }
  }

  private void certificate(String subject, Protocol protocol, PortFacts port) {
    if (port.certificate().isEmpty()) {
      return;
    }
    X509Certificate certificate = port.certificate().get();
    Instant end = certificate.getNotAfter().toInstant();
    String change = "the file of --ssl_server_certificate on that impalad, and a restart";
    if (end.isBefore(now)) {
      add(
          Severity.ERROR,
          subject,
          "the certificate of its " + protocol.word() + " port expired at " + end,
          change);
    } else if (end.isBefore(now.plus(EXPIRES_SOON))) {
      add(
          Severity.WARNING,
          subject,
          "the certificate of its " + protocol.word() + " port expires at " + end,
          change);
    }
    List<String> names = names(certificate);
    if (names.stream().noneMatch(pattern -> matches(pattern, seen.clientName().name()))) {
      add(
          Severity.ERROR,
          subject,
          "the certificate of its %s port is for %s, but clients dial %s"
              .formatted(protocol.word(), orNothing(names), seen.clientName().name()),
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

  // ---- one listener

  private void listener(ListenerConfig listener) {
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
      add(
          Severity.WARNING,
          "listener " + listener.name(),
          "timeouts.%s is %d s: a query or a pooled connection that is silent for longer is cut"
              .formatted(key, timeout.toSeconds()),
          "timeouts." + key + " of the listener, an hour or more");
    } else if (timeout.toSeconds() < idle) {
      add(
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
      add(
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
      add(
          Severity.ERROR,
          "listener " + listener.name(),
          "its coordinators " + found + ": " + listed(groups),
          change);
    }
  }

  // ---- all coordinators

  private void cluster() {
    List<CoordinatorFacts> readable =
        seen.coordinators().stream()
            .filter(facts -> facts.web().filter(pages -> pages.problem().isEmpty()).isPresent())
            .toList();
    Map<String, List<String>> versions = grouped(readable, pages -> pages.version());
    if (versions.size() > 1) {
      add(
          Severity.WARNING,
          "coordinators",
          "run different versions: " + listed(versions),
          "one version on all impalads; clients get another one with each connection");
    }
    Map<String, List<String>> services = grouped(readable, pages -> pages.catalogService());
    if (services.size() > 1) {
      add(
          Severity.ERROR,
          "coordinators",
          "follow different catalog services: " + listed(services),
          "--catalog_service_host, --state_store_host: the same on all impalads");
    }
    grouped(readable, pages -> pages.registration())
        .values()
        .forEach(names -> {
          if (names.size() > 1) {
            add(
                Severity.ERROR,
                "coordinators",
                String.join(" and ", names) + " are one impalad: it gets twice its share",
                "one entry in coordinators, with all its ports");
          }
        });
    startTimes(grouped(readable, pages -> pages.startTime()));
    readable.forEach(this::catalog);
  }

  private void startTimes(Map<String, List<String>> groups) {
    List<LocalDateTime> times =
        groups.keySet().stream().flatMap(time -> dateTime(time).stream()).sorted().toList();
    if (times.size() > 1
        && Duration.between(times.get(0), times.get(times.size() - 1)).compareTo(STARTED_APART)
            > 0) {
      add(
          Severity.NOTE,
          "coordinators",
          "were started at different times: " + listed(groups),
          "nothing; the youngest may still fill its catalog cache");
    }
  }

  private static Optional<LocalDateTime> dateTime(String text) {
    try {
      return Optional.of(LocalDateTime.parse(text.strip().replace(' ', 'T')));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private void catalog(CoordinatorFacts facts) {
    WebFacts pages = facts.web().orElseThrow();
    OptionalLong version = pages.catalogVersion();
    long newest = pages.catalogService().map(seen.newestCatalog()::get).orElse(Long.MIN_VALUE);
    if (version.isPresent() && version.getAsLong() < newest) {
      add(
          Severity.WARNING,
          subject(facts),
          ("its catalog stays at version %d, others had %d some seconds before: new tables are not"
                  + " found there")
              .formatted(version.getAsLong(), newest),
          "SYNC_DDL for who needs it at once; --statestore_update_frequency_ms, load of the"
              + " statestore");
    }
  }

  private static Map<String, List<String>> grouped(
      List<CoordinatorFacts> readable, Function<WebFacts, Optional<String>> trait) {
    Map<String, List<String>> groups = new TreeMap<>();
    for (CoordinatorFacts facts : readable) {
      facts
          .web()
          .flatMap(trait)
          .ifPresent(value ->
              groups.computeIfAbsent(value, same -> new ArrayList<>()).add(facts.config().name()));
    }
    return groups;
  }

  /** The name that clients dial: Kerberos and TLS clients check it. */
  private void clientName() {
    NameFacts name = seen.clientName();
    if (!name.resolves()) {
      add(
          Severity.WARNING,
          "this balancer",
          "the name that clients dial, " + name.name() + ", does not resolve here",
          "the name service, or --client-name");
    }
  }

  // ---- words

  private static String subject(CoordinatorFacts facts) {
    return "coordinator " + facts.config().name();
  }

  private static String listed(Map<String, List<String>> groups) {
    return groups.entrySet().stream()
        .map(group -> String.join(", ", group.getValue()) + ": " + group.getKey())
        .collect(Collectors.joining("; "));
  }

  private static String orNothing(Collection<String> names) {
    return names.isEmpty() ? "no name" : String.join(", ", names);
  }
}
