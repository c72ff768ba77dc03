package io.impalabalancer.discovery;

import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.DiscoverConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.health.WebPages;
import io.impalabalancer.health.page.BackendsPage;
import io.impalabalancer.health.page.FlagsPage;
import io.impalabalancer.health.page.PageException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The cluster's own word: {@code /backends?json} of some of its impalads lists the coordinators,
 * and {@code /varz?json} of each, asked once in the life of its process, its ports. Those found are
 * asked like seeds, each round others of them, until one has answered. What one leaves out another
 * may list: all that is listed counts.
 */
final class ClusterPages implements Source {
  /** So many are asked at once. */
  private static final int AT_ONCE = 3;

  /** How much later than its own limit a page is given up. */
  private static final Duration SLACK = Duration.ofSeconds(1);

  private static final int MOST_PORT = 65_535;

  /** What names and hosts are made of. */
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9_.:-]{1,253}");

  /** The flag that gives each port. */
  private static final Map<Protocol, String> PORT_FLAGS =
      Map.of(
          Protocol.BEESWAX, "beeswax_port",
          Protocol.HIVESERVER2, "hs2_port",
          Protocol.HIVESERVER2_HTTP, "hs2_http_port");

  private final DiscoverConfig config;
  private final WebPages pages;

  /** What was learnt of a process. */
  private record Learnt(String process, Found found) {}

  /** By web port. */
  private final Map<URI, Learnt> learnt = new HashMap<>();

  private int turn;

  ClusterPages(DiscoverConfig config, WebPages pages) {
    this.config = config;
    this.pages = pages;
  }

  /** Something that was asked, and the answer that will come. */
  private record Question(URI whom, CompletionStage<byte[]> answer) {}

  @Override
  public Answer ask(List<Found> known) throws IOException, InterruptedException {
    Set<URI> seeds = new LinkedHashSet<>(config.seeds());
    known.forEach(found -> found.web().ifPresent(seeds::add));
    List<URI> all = new ArrayList<>(seeds);
    List<String> problems = new ArrayList<>();
    Map<URI, Backend> listed = new LinkedHashMap<>();
    Map<URI, String> sources = new HashMap<>();
    int asked = 0;
    while (asked < all.size() && listed.isEmpty()) {
      List<Question> questions = new ArrayList<>();
      for (int i = 0; i < AT_ONCE && asked < all.size(); i++) {
        questions.add(ask(all.get(Math.floorMod(turn++, all.size())), BackendsPage.PATH));
        asked++;
      }
      for (Question question : questions) {
        try {
          BackendsPage page = BackendsPage.parse(await(question));
          for (Backend each : Backend.coordinators(page, config.most())) {
            listed.putIfAbsent(each.web(), each);
            sources.putIfAbsent(each.web(), question.whom().toString());
          }
        } catch (IOException | PageException e) {
          problems.add(question.whom() + "/backends: " + e.getMessage());
        }
      }
    }
    if (listed.isEmpty()) {
      throw new IOException(
          problems.isEmpty()
              ? "no coordinator is listed at " + all
              : "nobody answered: " + problems.stream().sorted().collect(Collectors.joining("; ")));
    }
    if (listed.size() > config.most()) {
      throw new IOException(
          listed.size() + " coordinators are listed, expected discover.most at most");
    }
    return answer(listed, sources, known, problems);
  }

  private Question ask(URI whom, String path) {
    String host = whom.getHost().replaceAll("[\\[\\]]", "");
    try {
      InetAddress address = InetAddress.getByName(host);
      return new Question(whom, pages.get(host, address, whom.getPort(), path, config.timeout()));
    } catch (UnknownHostException e) {
      return new Question(
          whom,
          CompletableFuture.failedFuture(new IOException("host " + host + " does not resolve", e)));
    }
  }

  private byte[] await(Question question) throws IOException, InterruptedException {
    Duration limit = config.timeout().plus(SLACK);
    try {
      return question.answer().toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("no answer in " + limit.toMillis() + "ms", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException known
          ? known
          : new IOException(String.valueOf(e.getCause()), e);
    }
  }

  private Answer answer(
      Map<URI, Backend> listed, Map<URI, String> sources, List<Found> known, List<String> problems)
      throws IOException, InterruptedException {
    learnt.keySet().retainAll(listed.keySet());
    List<Question> questions = new ArrayList<>();
    for (Backend each : listed.values()) {
      Learnt before = learnt.get(each.web());
      if (before == null || each.process().isEmpty() || !before.process().equals(each.process())) {
        questions.add(ask(each.web(), FlagsPage.PATH));
      }
    }
    for (Question question : questions) {
      Backend backend = listed.get(question.whom());
      if (backend != null) {
        try {
          String source = sources.getOrDefault(question.whom(), "");
          Found found = found(backend, source, FlagsPage.parse(await(question)));
          learnt.put(question.whom(), new Learnt(backend.process(), found));
        } catch (IOException | PageException e) {
          problems.add(question.whom() + "/varz: " + e.getMessage());
        }
      }
    }
    List<Found> coordinators = whole(listed, known, problems);
    if (coordinators.isEmpty()) {
      throw new IOException("none that is listed can be used: " + String.join("; ", problems));
    }
    return new Answer(coordinators, problems);
  }

  /** Returns what is known of those listed; of one that tells nothing now, what it told before. */
  private List<Found> whole(Map<URI, Backend> listed, List<Found> known, List<String> problems) {
    List<Found> coordinators = new ArrayList<>();
    for (URI web : listed.keySet()) {
      Learnt told = learnt.get(web);
      Optional<Found> found =
          told != null
              ? Optional.of(told.found())
              : known.stream().filter(each -> each.web().filter(web::equals).isPresent()).findAny();
      found.ifPresent(each -> {
        Optional<Found> same =
            coordinators.stream()
                .filter(other ->
                    other.name().equals(each.name())
                        || other.coordinator().sharesPortWith(each.coordinator()))
                .findFirst();
        if (same.isEmpty()) {
          coordinators.add(each);
        } else {
          problems.add(web + " says it is what " + same.get().web().orElseThrow() + " is");
        }
      });
    }
    return coordinators;
  }

  private Found found(Backend backend, String source, FlagsPage flags) throws IOException {
    if (flags.text("is_coordinator").equals("false")) {
      throw new IOException("--is_coordinator is false, though it is listed as a coordinator");
    }
    CoordinatorConfig template = config.template();
    int web = backend.web().getPort();
    boolean usual = template.webPort().equals(OptionalInt.of(web));
    String name = usual ? backend.name() : backend.name() + ":" + web;
    if (!HOST.matcher(name).matches()) {
      throw new IOException(
          "its name would be \"" + name + "\", expected letters, digits, _ . : -");
    }
    Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
    for (Map.Entry<Protocol, String> each : PORT_FLAGS.entrySet()) {
      long port = flags.count(each.getValue());
      if (port > 0 && port <= MOST_PORT) {
        ports.put(each.getKey(), (int) port);
      }
    }
    if (ports.isEmpty()) {
      throw new IOException("it offers no port to clients");
    }
    CoordinatorConfig coordinator =
        new CoordinatorConfig(
            name,
            backend.host(),
            ports,
            OptionalInt.of(web),
            template.weight(),
            template.maxconn(),
            template.state());
    return new Found(coordinator, Optional.of(backend.web()), source);
  }

  @Override
  public void close() {}
}
