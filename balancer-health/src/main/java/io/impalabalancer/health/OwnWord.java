package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.config.Timeouts;
import io.impalabalancer.config.VerdictConfig;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.Verdict;
import io.impalabalancer.health.page.BackendsPage.Backend;
import io.impalabalancer.health.page.FlagsPage;
import io.impalabalancer.health.page.MetricsPage;
import io.impalabalancer.health.page.RootPage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What follows from a coordinator's own word: its verdict, the slots of its ports, what is shown of
 * it. Pages that cannot be read leave what is known for {@code fall} readings, and then nothing is
 * known but what cannot be taken back: that it is shutting down, or no coordinator. Knows no
 * sockets. Lives on one event loop.
 */
final class OwnWord {
  /** What Impala calls the server behind a port ({@code impala-server.cc}). */
  private static final Map<Protocol, String> SERVERS =
      Map.of(
          Protocol.BEESWAX, "beeswax-frontend",
          Protocol.HIVESERVER2, "hiveserver2-frontend",
          Protocol.HIVESERVER2_HTTP, "hiveserver2-http-frontend");

  private static final String THREADS = "fe_service_threads";

  /** Of the time between two readings, spent collecting garbage. */
  private static final int PAUSES_STRAIN_PERCENT = 50;

  private final Coordinator coordinator;
  private final Set<Protocol> ports;
  private final CheckConfig check;
  private final VerdictConfig config;
  private final Cluster cluster;
  private final Map<Protocol, PortStall> stalls = new EnumMap<>(Protocol.class);
  private final Map<Protocol, String> silent = new EnumMap<>(Protocol.class);

  private @Nullable RootPage root;
  private MetricsPage metrics = MetricsPage.NONE;
  private String catalogService = "";
  private long catalogVersion = -1;
  private String identity = "";
  private long threads = -1;
  private int unread;
  private String problem = "its pages were not read yet";

  private long behind = -1;
  private long behindNanos;
  private long gcMillis = -1;
  private long gcNanos;
  private long pausesPercent;
  private int calm;

  /** Makes one that knows nothing. */
  OwnWord(Coordinator coordinator, Set<Protocol> ports, CheckConfig check, Cluster cluster) {
    this.coordinator = coordinator;
    this.ports = ports;
    this.check = check;
    config = check.verdict();
    this.cluster = cluster;
    for (Protocol protocol : ports) {
      stalls.put(protocol, new PortStall(check));
    }
  }

  Coordinator coordinator() {
    return coordinator;
  }

  /** Returns whether its own pages say nothing. */
  boolean silent() {
    return root == null || unread > 0;
  }

  String catalogService() {
    return catalogService;
  }

  long catalogVersion() {
    return catalogVersion;
  }

  /** Returns what no other process has, empty if that is not known. */
  String identity() {
    return identity;
  }

  /** Takes other metrics, and of them what all others ask for at each of their readings. */
  private void setMetrics(MetricsPage page) {
    metrics = page;
    String service = page.text(MetricsPage.CATALOG_SERVICE);
    if (!service.equals(catalogService)) {
      // The versions of another service count anew.
      behind = -1;
    }
    catalogService = service;
    catalogVersion = page.count(MetricsPage.CATALOG_VERSION);
    String registration = page.text(MetricsPage.STATESTORE_REGISTRATION);
    identity = registration.isEmpty() || root == null ? "" : registration + " " + root.startTime();
  }

  /** Returns whether its process is another than when it was read before. */
  boolean restarted(RootPage page) {
    RootPage before = root;
    return before != null
        && !before.startTime().isEmpty()
        && !page.startTime().isEmpty()
        && !before.startTime().equals(page.startTime());
  }

  /** Returns whether it still loads its catalog, or has not found the statestore. */
  boolean starting() {
    return Boolean.FALSE.equals(metrics.flag(MetricsPage.CATALOG_READY))
        || Boolean.FALSE.equals(metrics.flag(MetricsPage.STATESTORE_CONNECTED));
  }

  /** Returns whether its flags are to be read: they are those of one process. */
  boolean wantsFlags() {
    return threads < 0;
  }

  /** Forgets everything: another process answers from now on. */
  private void forget() {
    root = null;
    setMetrics(MetricsPage.NONE);
    threads = -1;
    unread = 0;
    behind = -1;
    gcMillis = -1;
    pausesPercent = 0;
    problem = "its pages were not read yet";
  }

  /** Takes its root page. */
  void root(RootPage page) {
    if (restarted(page)) {
      forget();
    }
    root = page;
    unread = 0;
    problem = "";
  }

  /** Takes its flags. */
  void flags(FlagsPage page) {
    threads = page.count(THREADS);
  }

  /** Takes its metrics. */
  void metrics(MetricsPage page, long nowNanos) {
    setMetrics(page);
    long millis = page.count(MetricsPage.GC_MILLIS);
    if (gcMillis >= 0 && millis >= gcMillis && nowNanos > gcNanos) {
      pausesPercent = (millis - gcMillis) * 100_000_000 / (nowNanos - gcNanos);
    } else {
      pausesPercent = 0;
    }
    gcMillis = millis;
    gcNanos = nowNanos;
    noteLag(nowNanos);
  }

  /**
   * Takes what the check of one port found.
   *
   * @param why it is silent, empty if it is not
   */
  void setSilent(Protocol port, String why) {
    silent.put(port, why);
  }

  /** Takes it that its metrics could not be read, though its root page could. */
  void noMetrics(String why) {
    setMetrics(MetricsPage.NONE);
    behind = -1;
    pausesPercent = 0;
    problem = why;
  }

  /** Takes it that its root page could not be read. */
  void unread(String why) {
    problem = why;
    if (unread < check.fall()) {
      unread++;
    }
    if (unread == check.fall()) {
      setMetrics(MetricsPage.NONE);
      behind = -1;
    }
  }

  /** Returns whether its last word is too old to hold. */
  private boolean forgotten() {
    return root == null || unread == check.fall();
  }

  private void noteLag(long nowNanos) {
    long own = catalogVersion();
    long newest = cluster.newestVersion(catalogService());
    if (own < 0 || own >= newest) {
      behind = -1;
    } else if (behind < 0 || own >= behind) {
      // It has reached what it was behind of, and is behind of something newer.
      behind = newest;
      behindNanos = nowNanos;
    }
  }

  /** Says what follows from all of it. */
  void judge(long nowNanos) {
    judgePorts(nowNanos);
    setSlots();
    Judgement now = judgement(nowNanos);
    // What strains it goes up and down; only a while without it is its end.
    calm = now.verdict == Verdict.STRAINED ? 0 : calm + 1;
    boolean wasStrained = coordinator.verdict() == Verdict.STRAINED;
    if (!wasStrained || now.verdict != Verdict.OPEN || calm >= check.rise()) {
      coordinator.setVerdict(now.verdict, now.percent, now.reason);
    }
    coordinator.setFacts(facts());
  }

  private record Judgement(Verdict verdict, int percent, String reason) {
    Judgement(Verdict verdict, String reason) {
      this(verdict, 100, reason);
    }
  }

  private Judgement judgement(long nowNanos) {
    RootPage page = root;
    if (page == null || forgotten()) {
      return ofOthers(nowNanos, page);
    }
    if (Boolean.FALSE.equals(page.coordinator())) {
      return new Judgement(
          Verdict.NOT_A_COORDINATOR, "its page says is_coordinator=false (--is_coordinator)");
    }
    if (Boolean.TRUE.equals(page.quiescing())) {
      String status = page.shutdownStatus();
      return new Judgement(Verdict.QUIESCING, status.isEmpty() ? "it is shutting down" : status);
    }
    Backend seen = silent() ? cluster.seen(coordinator, nowNanos, validity()) : null;
    if (seen != null && Boolean.TRUE.equals(seen.quiescing())) {
      return new Judgement(Verdict.QUIESCING, "another coordinator says that it is shutting down");
    }
    if (isStale(nowNanos)) {
      return new Judgement(
          Verdict.STALE,
          "its catalog has version %d, another coordinator has had %d for %d s"
              .formatted(
                  catalogVersion(), behind, Duration.ofNanos(nowNanos - behindNanos).toSeconds()));
    }
    String strain = strain();
    if (!strain.isEmpty()) {
      return new Judgement(Verdict.STRAINED, starting() ? 1 : config.strainedPercent(), strain);
    }
    return new Judgement(Verdict.OPEN, "its pages say nothing else");
  }

  /** Returns the verdict on one whose own pages are silent. */
  private Judgement ofOthers(long nowNanos, @Nullable RootPage last) {
    Backend seen = cluster.seen(coordinator, nowNanos, validity());
    if (seen != null && Boolean.TRUE.equals(seen.quiescing())) {
      return new Judgement(Verdict.QUIESCING, "another coordinator says that it is shutting down");
    }
    if (seen != null && seen.executor() && !seen.coordinator()) {
      return new Judgement(
          Verdict.NOT_A_COORDINATOR, "another coordinator says that it is an executor only");
    }
    Verdict before = coordinator.verdict();
    boolean lasts = before == Verdict.QUIESCING || before == Verdict.NOT_A_COORDINATOR;
    if (lasts && last != null && coordinator.status() == Coordinator.Status.UP) {
      return new Judgement(before, coordinator.verdictReason());
    }
    return new Judgement(Verdict.UNKNOWN, problem);
  }

  private Duration validity() {
    return config.inter().multipliedBy(check.fall());
  }

  private boolean isStale(long nowNanos) {
    return behind >= 0 && nowNanos - behindNanos >= Timeouts.toNanos(config.staleAfter());
  }

  /** Returns what it is short of, empty if it is of nothing. */
  private String strain() {
    MetricsPage page = metrics;
    if (Boolean.FALSE.equals(page.flag(MetricsPage.STATESTORE_CONNECTED))) {
      return "it has lost the statestore";
    }
    if (Boolean.FALSE.equals(page.flag(MetricsPage.CATALOG_READY))) {
      return "its catalog is not ready";
    }
    for (Protocol protocol : ports) {
      long queue = setupQueue(protocol);
      if (queue > 0) {
        return PortStall.waiting(queue) + " at " + protocol.word();
      }
    }
    if (!page.fullPool().isEmpty()) {
      return "the admission queue of pool " + page.fullPool() + " is full";
    }
    long used = page.count(MetricsPage.MEMORY_USED);
    long limit = page.count(MetricsPage.MEMORY_LIMIT);
    if (used >= 0 && limit > 0 && used >= limit / 100.0 * config.memoryPercent()) {
      return "it uses %d %% of its memory limit".formatted(Math.round(used * 100.0 / limit));
    }
    if (pausesPercent >= PAUSES_STRAIN_PERCENT) {
      return "its Java collected garbage for %d %% of the time".formatted(pausesPercent);
    }
    return "";
  }

  private long setupQueue(Protocol protocol) {
    String server = SERVERS.get(protocol);
    return server == null ? -1 : metrics.setupQueue(server);
  }

  private long inUse(Protocol protocol) {
    String server = SERVERS.get(protocol);
    return server == null ? -1 : metrics.connectionsInUse(server);
  }

  private void judgePorts(long nowNanos) {
    stalls.forEach((protocol, stall) -> {
      if (SERVERS.containsKey(protocol)) {
        String why =
            stall.judge(
                setupQueue(protocol),
                coordinator.slots().unanswered(protocol),
                coordinator.slots().silence(protocol),
                silent.getOrDefault(protocol, ""),
                nowNanos);
        coordinator.setVerdict(
            protocol,
            why.isEmpty() ? Verdict.OPEN : Verdict.STALLED,
            why.isEmpty() ? "it gets on again" : why);
      }
    });
  }

  /** What others use is theirs; the rest, less the reserve, is ours. */
  private void setSlots() {
    for (Protocol protocol : ports) {
      int limit = Integer.MAX_VALUE;
      if (threads > 0 && SERVERS.containsKey(protocol)) {
        long others = Math.max(0, inUse(protocol) - coordinator.slots().taken(protocol));
        limit = (int) Math.max(0, threads - config.slotReserve() - others);
      }
      coordinator.slots().setLimit(protocol, limit);
    }
  }

  private Facts facts() {
    RootPage page = root;
    MetricsPage numbers = metrics;
    if (page == null) {
      return Facts.none(problem);
    }
    Map<Protocol, Facts.Port> ofPorts = new EnumMap<>(Protocol.class);
    for (Protocol protocol : ports) {
      if (SERVERS.containsKey(protocol)) {
        ofPorts.put(protocol, new Facts.Port(threads, inUse(protocol), setupQueue(protocol)));
      }
    }
    long newest = cluster.newestVersion(catalogService());
    long own = catalogVersion();
    return new Facts(
        problem,
        page.version(),
        page.startTime(),
        Boolean.TRUE.equals(page.executor()),
        page.shutdownStatus(),
        numbers.count(MetricsPage.QUERIES_REGISTERED),
        numbers.count(MetricsPage.QUERIES_EXECUTING),
        numbers.queued(),
        catalogService(),
        own,
        own < 0 ? Facts.UNKNOWN : Math.max(0, newest - own),
        numbers.percent(MetricsPage.CACHE_HIT_RATE),
        number(numbers.flag(MetricsPage.CATALOG_READY)),
        number(numbers.flag(MetricsPage.STATESTORE_CONNECTED)),
        numbers.count(MetricsPage.MEMORY_USED),
        numbers.count(MetricsPage.MEMORY_LIMIT),
        ofPorts);
  }

  private static long number(@Nullable Boolean flag) {
    return flag == null ? Facts.UNKNOWN : flag ? 1 : 0;
  }
}
