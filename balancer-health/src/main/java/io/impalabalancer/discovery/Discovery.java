package io.impalabalancer.discovery;

import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.DiscoverConfig;
import io.impalabalancer.config.WebConfig;
import io.impalabalancer.health.WebPages;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the coordinators of a cluster as they come and go. One that is told of is found at once.
 * One that is told of no more is gone when every answer has left it out for {@code gone-after}; a
 * round without an answer says nothing, and the count begins anew. An answer that cannot be used is
 * told of, and what was known stays. Asks on a thread of its own; any thread may call.
 */
public final class Discovery implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);

  /** After this a problem is told of anew. */
  private static final Duration TOLD_AGAIN = Duration.ofHours(1);

  /** Who goes over to what was found. */
  public interface Follower {
    /**
     * Takes all coordinators that are found now, on the thread of discovery.
     *
     * @throws IOException if that is not possible now; it is tried again in the next round
     */
    void found(List<CoordinatorConfig> coordinators) throws IOException;
  }

  /** A coordinator, and since when all leave it out, if they do. */
  private record Known(Found found, boolean missing, long missingSinceNanos) {}

  /**
   * What is known now.
   *
   * @param on whether anything is looked for
   * @param coordinators who was found
   * @param missing names of those that the last answer left out
   * @param rounds that gave an answer
   * @param failures rounds that gave none
   * @param problems what was wrong or passed over in the last round, for people
   * @param answeredMillis when the last answer came, since 1970; 0: never
   */
  public record State(
      boolean on,
      List<Found> coordinators,
      List<String> missing,
      long rounds,
      long failures,
      List<String> problems,
      long answeredMillis) {

    public State {
      coordinators = List.copyOf(coordinators);
      missing = List.copyOf(missing);
      problems = List.copyOf(problems);
    }

    /** Returns where those are who were found. */
    public List<CoordinatorConfig> found() {
      return coordinators.stream().map(Found::coordinator).toList();
    }
  }

  private final Function<DiscoverConfig, Source> sources;
  private final Ticker ticker;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("discovery", true));
  private final CountDownLatch firstRound = new CountDownLatch(1);

  /** By name. Touched in rounds only, and before the first. */
  private final Map<String, Known> known = new LinkedHashMap<>();

  private volatile DiscoverConfig config;
  private volatile State state;
  private volatile @Nullable Follower follower;
  private @Nullable Source source;
  private @Nullable DiscoverConfig sourceConfig;
  private List<CoordinatorConfig> had = List.of();

  /** Problems that were told of, and when: who is asked is not the same in each round. */
  private final Map<String, Long> told = new HashMap<>();

  private boolean failing;
  private @Nullable ScheduledFuture<?> next;

  /** Makes one that has found what was known before; it does not ask yet. */
  public Discovery(DiscoverConfig config, List<Found> before, WebPages pages) {
    this(config, before, now -> sourceOf(now, pages), Ticker.systemTicker());
  }

  Discovery(
      DiscoverConfig config,
      List<Found> before,
      Function<DiscoverConfig, Source> sources,
      Ticker ticker) {
    this.config = config;
    this.sources = sources;
    this.ticker = ticker;
    if (config.isOn()) {
      for (Found each : before) {
        Found found =
            new Found(each.coordinator().as(config.template()), each.web(), each.source());
        known.put(found.name(), new Known(found, false, 0));
      }
    }
    state = new State(config.isOn(), before(), List.of(), 0, 0, List.of(), 0);
  }

  /** Asks once, for a command: blocks until all have answered or their time is over. */
  public static State once(DiscoverConfig config, WebConfig web) throws InterruptedException {
    if (!config.isOn()) {
      return new State(false, List.of(), List.of(), 0, 0, List.of(), 0);
    }
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("pages", true), NioIoHandler.newFactory());
    try (Source source = sourceOf(config, new WebPages(loop.next(), () -> web))) {
      Source.Answer answer = source.ask(List.of());
      long now = System.currentTimeMillis();
      return new State(true, answer.coordinators(), List.of(), 1, 0, answer.problems(), now);
    } catch (IOException e) {
      List<String> problems = List.of(String.valueOf(e.getMessage()));
      return new State(true, List.of(), List.of(), 0, 1, problems, 0);
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private static Source sourceOf(DiscoverConfig config, WebPages pages) {
    return config.seeds().isEmpty() ? new NameRecords(config) : new ClusterPages(config, pages);
  }

  private List<Found> before() {
    return known.values().stream().map(Known::found).toList();
  }

  /** Returns what is known. */
  public State state() {
    return state;
  }

  /** Returns the coordinators that are found now. */
  public List<CoordinatorConfig> found() {
    return state.found();
  }

  /**
   * Begins to ask, and returns when the first round is over, or after a while.
   *
   * @param timeouts how long that is, in times of the timeout of one answer
   */
  public void start(int timeouts) throws InterruptedException {
    if (!config.isOn()) {
      return;
    }
    soon();
    long wait = timeouts * config.timeout().toMillis();
    if (wait > 0 && !firstRound.await(wait, TimeUnit.MILLISECONDS)) {
      LOG.warn("event=discovery-slow reason=\"the first round is not over after {}ms\"", wait);
    }
  }

  /**
   * Has one told of what is found whenever that is something else.
   *
   * @param has what it has already
   */
  public void follow(Follower next, List<CoordinatorConfig> has) {
    synchronized (this) {
      had = List.copyOf(has);
    }
    follower = next;
    thread.execute(this::tell);
  }

  /** Looks in another way from now on; what was found is kept as long as it would be anyway. */
  public void setConfig(DiscoverConfig next) {
    boolean same = next.equals(config);
    config = next;
    if (!same) {
      soon();
    }
  }

  private void soon() {
    schedule(0);
  }

  private synchronized void schedule(long nanos) {
    if (next != null) {
      next.cancel(false);
    }
    try {
      next = thread.schedule(this::roundAndNext, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException ended) {
      LOG.trace("event=discovery-closed");
    }
  }

  private void roundAndNext() {
    synchronized (this) {
      next = null;
    }
    try {
      round();
    } catch (RuntimeException e) {
      LOG.error("event=discovery-failed", e);
    }
    firstRound.countDown();
    synchronized (this) {
      // Another round may be due at once, because the configuration is another.
      if (next == null && config.isOn()) {
        schedule(config.interval().toNanos());
      }
    }
  }

  /** Asks once, and tells who follows. On the thread of discovery. */
  void round() {
    DiscoverConfig now = config;
    if (!now.isOn()) {
      known.clear();
      end(now, List.of(), true);
    } else {
      try {
        Source.Answer answer = source(now).ask(before());
        take(answer, now);
        end(now, answer.problems(), true);
      } catch (IOException e) {
        long time = ticker.nanoTime();
        known.replaceAll((name, each) -> each.missing ? new Known(each.found, true, time) : each);
        end(now, List.of(String.valueOf(e.getMessage())), false);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    tell();
  }

  private Source source(DiscoverConfig now) {
    Source current = source;
    if (current == null || !now.equals(sourceConfig)) {
      if (current != null) {
        current.close();
      }
      current = sources.apply(now);
      source = current;
      sourceConfig = now;
    }
    return current;
  }

  private void take(Source.Answer answer, DiscoverConfig now) {
    long time = ticker.nanoTime();
    Map<String, Found> listed = new LinkedHashMap<>();
    answer.coordinators().forEach(each -> listed.put(each.name(), each));
    for (Known each : List.copyOf(known.values())) {
      String name = each.found.name();
      Found again = listed.remove(name);
      if (again != null) {
        if (!again.coordinator().equals(each.found.coordinator())) {
          LOG.info("event=coordinator-found-changed {}", text(again));
        }
        known.put(name, new Known(again, false, 0));
      } else if (!each.missing) {
        known.put(name, new Known(each.found, true, time));
        LOG.info(
            "event=coordinator-missing coordinator={} reason=\"no answer lists it\" gone-after={}s",
            name,
            now.goneAfter().toSeconds());
      } else if (time - each.missingSinceNanos >= now.goneAfter().toNanos()) {
        known.remove(name);
        LOG.warn(
            "event=coordinator-gone coordinator={} reason=\"no answer lists it any more\""
                + " action=\"no new sessions; running ones live on\"",
            name);
      }
    }
    for (Found found : listed.values()) {
      // Who is missing may have come back under another name.
      known
          .values()
          .removeIf(
              each -> each.missing && each.found.coordinator().sharesPortWith(found.coordinator()));
      known.put(found.name(), new Known(found, false, 0));
      LOG.info("event=coordinator-found {}", text(found));
    }
  }

  private static String text(Found found) {
    CoordinatorConfig coordinator = found.coordinator();
    StringBuilder ports = new StringBuilder();
    coordinator.ports().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(port ->
            ports.append(port.getKey().word()).append(' ').append(port.getValue()).append(", "));
    ports.append("web ");
    ports.append(
        coordinator.webPort().isPresent()
            ? Integer.toString(coordinator.webPort().getAsInt())
            : "none");
    return "coordinator=%s host=%s ports=\"%s\" source=%s"
        .formatted(found.name(), coordinator.host(), ports, found.source());
  }

  /** Keeps what came of a round; says only what is new. */
  private void end(DiscoverConfig now, List<String> problems, boolean answered) {
    State before = state;
    List<String> missing =
        known.values().stream().filter(Known::missing).map(k -> k.found.name()).toList();
    state =
        new State(
            now.isOn(),
            before(),
            missing,
            before.rounds() + (answered ? 1 : 0),
            before.failures() + (answered ? 0 : 1),
            problems,
            answered ? System.currentTimeMillis() : before.answeredMillis());
    long time = ticker.nanoTime();
    told.values().removeIf(at -> time - at > TOLD_AGAIN.toNanos());
    for (String problem : problems) {
      if (told.putIfAbsent(problem, time) == null) {
        LOG.warn(
            "event=discovery-problem reason=\"{}\" action=\"what was known stays\"",
            problem.replace('"', '\''));
      }
    }
    if (answered && failing) {
      LOG.info("event=discovery-recovered coordinators={}", known.size());
    }
    failing = !answered;
  }

  private synchronized void tell() {
    Follower current = follower;
    List<CoordinatorConfig> now = found();
    if (current == null || now.equals(had)) {
      return;
    }
    try {
      current.found(now);
      had = now;
    } catch (IOException e) {
      LOG.warn(
          "event=discovery-not-applied reason=\"{}\" action=\"it is tried again\"", e.getMessage());
    }
  }

  /** Ends asking; what was found stays as it is. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(config.timeout().toMillis() + 1000, TimeUnit.MILLISECONDS)) {
        LOG.debug("event=discovery-slow-to-end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Source current = source;
    if (current != null) {
      current.close();
    }
  }
}
