package io.impalabalancer.cli.doctor;

import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;

/** What is wrong among all coordinators: versions, catalogs, one that stands twice. */
final class ClusterRules {
  private static final Duration STARTED_APART = Duration.ofHours(1);

  private final Examination seen;
  private final Findings findings;

  ClusterRules(Examination seen, Findings findings) {
    this.seen = seen;
    this.findings = findings;
  }

  void judge() {
    List<CoordinatorFacts> readable =
        seen.coordinators().stream()
            .filter(facts -> facts.web().filter(pages -> pages.problem().isEmpty()).isPresent())
            .toList();
    Map<String, List<String>> versions = grouped(readable, pages -> pages.version());
    if (versions.size() > 1) {
      findings.add(
          Severity.WARNING,
          "coordinators",
          "run different versions: " + Words.listed(versions),
          "one version on all impalads; clients get another one with each connection");
    }
    Map<String, List<String>> services = grouped(readable, pages -> pages.catalogService());
    if (services.size() > 1) {
      findings.add(
          Severity.ERROR,
          "coordinators",
          "follow different catalog services: " + Words.listed(services),
          "--catalog_service_host, --state_store_host: the same on all impalads");
    }
    grouped(readable, pages -> pages.registration())
        .values()
        .forEach(names -> {
          if (names.size() > 1) {
            findings.add(
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
      findings.add(
          Severity.NOTE,
          "coordinators",
          "were started at different times: " + Words.listed(groups),
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
      findings.add(
          Severity.WARNING,
          facts.subject(),
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
}
