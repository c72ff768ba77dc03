package io.impalabalancer.cli.doctor;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What was seen of names, ports and pages.
 *
 * @param clientName the name that clients dial
 * @param newestCatalog the newest version of each catalog service that a coordinator had, some
 *     seconds before those who were behind were asked once more
 */
record Examination(
    NameFacts clientName, List<CoordinatorFacts> coordinators, Map<String, Long> newestCatalog) {

  /** Most coordinators that are looked at at once. */
  private static final int MOST_AT_ONCE = 32;

  /** Longer than the statestore takes to bring an update to everybody (2 s, and its load). */
  private static final Duration CATALOG_PAUSE = Duration.ofSeconds(5);

  /** Reads a coordinator's web pages; blocks. */
  interface WebReader {
    WebFacts read(String host, InetAddress address, int port);
  }

  /** Looks at everything; blocks until all have answered or their time is over. */
  static Examination of(
      BalancerConfig config, String clientName, Duration timeout, WebReader reader)
      throws InterruptedException {
    List<CoordinatorConfig> coordinators = config.coordinators();
    ExecutorService threads =
        Executors.newFixedThreadPool(Math.max(1, Math.min(coordinators.size(), MOST_AT_ONCE)));
    try {
      List<CoordinatorFacts> facts =
          each(threads, coordinators, one -> coordinator(config, one, timeout, reader));
      Map<String, Long> newest = newestCatalog(facts);
      if (facts.stream().anyMatch(one -> behind(one, newest))) {
        Thread.sleep(CATALOG_PAUSE.toMillis());
        facts = each(threads, facts, one -> behind(one, newest) ? readAgain(one, reader) : one);
      }
      return new Examination(NameFacts.of(clientName), facts, newest);
    } finally {
      threads.shutdownNow();
    }
  }

  private interface Step<A, B> {
    B take(A a);
  }

  private static <A, B> List<B> each(ExecutorService threads, List<A> list, Step<A, B> step)
      throws InterruptedException {
    List<Callable<B>> steps = new ArrayList<>();
    list.forEach(a -> steps.add(() -> step.take(a)));
    List<B> results = new ArrayList<>();
    for (Future<B> result : threads.invokeAll(steps)) {
      try {
        results.add(result.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
    return results;
  }

  private static CoordinatorFacts coordinator(
      BalancerConfig config, CoordinatorConfig coordinator, Duration timeout, WebReader reader) {
    NameFacts name = NameFacts.of(coordinator.host());
    Map<Protocol, PortFacts> ports = new EnumMap<>(Protocol.class);
    Optional<WebFacts> web = Optional.empty();
    if (name.resolves()) {
      for (Protocol protocol : protocols(config, coordinator.name())) {
        coordinator
            .port(protocol)
            .ifPresent(
                port -> ports.put(protocol, port(coordinator.host(), port, protocol, timeout)));
      }
      if (coordinator.webPort().isPresent()) {
        web =
            Optional.of(
                reader.read(
                    coordinator.host(), name.addresses().get(0), coordinator.webPort().getAsInt()));
      }
    }
    return new CoordinatorFacts(coordinator, name, ports, web);
  }

  private static PortFacts port(String host, int port, Protocol protocol, Duration timeout) {
    PortProbe probe = new PortProbe(new InetSocketAddress(host, port), timeout);
    return switch (protocol) {
      case BEESWAX, HIVESERVER2 -> probe.thrift();
      case HIVESERVER2_HTTP -> probe.http();
      case TCP -> probe.open();
    };
  }

  /** The protocols of the listeners that may give this coordinator a client. */
  private static Iterable<Protocol> protocols(BalancerConfig config, String coordinator) {
    TreeSet<Protocol> protocols = new TreeSet<>();
    for (ListenerConfig listener : config.listeners()) {
      boolean member =
          config.pool(listener.pool()).members().stream()
              .map(MemberConfig::coordinator)
              .anyMatch(coordinator::equals);
      if (member) {
        protocols.add(listener.protocol());
      }
    }
    return protocols;
  }

  private static Map<String, Long> newestCatalog(List<CoordinatorFacts> coordinators) {
    Map<String, Long> newest = new HashMap<>();
    for (CoordinatorFacts facts : coordinators) {
      WebFacts pages = facts.web().orElse(null);
      if (pages != null
          && pages.catalogService().isPresent()
          && pages.catalogVersion().isPresent()) {
        newest.merge(pages.catalogService().get(), pages.catalogVersion().getAsLong(), Math::max);
      }
    }
    return newest;
  }

  private static boolean behind(CoordinatorFacts facts, Map<String, Long> newest) {
    WebFacts pages = facts.web().orElse(null);
    if (pages == null || pages.catalogVersion().isEmpty() || pages.catalogService().isEmpty()) {
      return false;
    }
    Long best = newest.get(pages.catalogService().get());
    return best != null && pages.catalogVersion().getAsLong() < best;
  }

  private static CoordinatorFacts readAgain(CoordinatorFacts facts, WebReader reader) {
    CoordinatorConfig config = facts.config();
    WebFacts pages =
        reader.read(config.host(), facts.name().addresses().get(0), config.webPort().orElseThrow());
    return new CoordinatorFacts(config, facts.name(), facts.ports(), Optional.of(pages));
  }
}
