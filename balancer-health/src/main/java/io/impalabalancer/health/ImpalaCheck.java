package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.health.CheckResult.Outcome;
import io.impalabalancer.health.page.BackendsPage;
import io.impalabalancer.health.page.FlagsPage;
import io.impalabalancer.health.page.MetricsPage;
import io.impalabalancer.health.page.PageException;
import io.impalabalancer.health.page.RootPage;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code impala} checks of one coordinator: reads its pages one after the other, has its {@link
 * OwnWord} judge them, and says how the process is. Where the pages are silent, that is for {@code
 * check.path} to say, and else for the {@link PortProof}: a page that cannot be read takes nobody
 * down who serves. Lives on one event loop.
 */
final class ImpalaCheck implements Check {
  private static final Logger LOG = LoggerFactory.getLogger(ImpalaCheck.class);

  /** Between two attempts to read flags that could not be read. */
  private static final long FLAGS_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** Reads a page, or finds that it is none. */
  private interface Parser<T> {
    T parse(byte[] page) throws PageException;
  }

  private final Coordinator coordinator;
  private final CheckConfig config;
  private final Cluster cluster;
  private final OwnWord word;
  private final List<PortCheck> ports = new ArrayList<>();
  private final PortProof proof;
  private final SlowStart slowStart;
  private final HealthChecker.Effects effects;
  private final Sockets sockets;
  private final @Nullable WebClient client;

  /** Pages that could not be read the last time. */
  private final Set<String> unreadable = new HashSet<>();

  private @Nullable Consumer<CheckResult> done;
  private @Nullable InetAddress address;
  private @Nullable RootPage lastRoot;
  private byte[] lastRootBytes = {};
  private boolean pageAnswered;
  private boolean restarted;
  private boolean executorTold;
  private boolean sameTold;
  private @Nullable Long flagsFailedNanos;

  /** Readings in a row that did not tell its load. */
  private int loadUntold;

  /** Makes one that has read nothing. */
  ImpalaCheck(
      Coordinator coordinator,
      CheckPlan plan,
      Cluster cluster,
      Probes probes,
      SlowStart slowStart,
      WebAccess access,
      Sockets sockets,
      HealthChecker.Effects effects) {
    this.coordinator = coordinator;
    config = plan.config();
    this.cluster = cluster;
    for (Protocol protocol : plan.ports().keySet()) {
      PortCheck port = new PortCheck(coordinator, protocol, config, probes, sockets.loop());
      // That which can be asked without a login is the cheapest.
      ports.add(protocol == Protocol.HIVESERVER2_HTTP ? 0 : ports.size(), port);
    }
    proof = new PortProof(ports, config.verdict().portInter());
    this.slowStart = slowStart;
    this.sockets = sockets;
    this.effects = effects;
    word = new OwnWord(coordinator, plan.ports().keySet(), config, cluster);
    client =
        plan.webPort().isEmpty()
            ? null
            : new WebClient(
                sockets, access, plan.host(), plan.webPort().getAsInt(), config.timeout());
    cluster.add(word);
  }

  @Override
  public void begin(InetAddress at, Consumer<CheckResult> done) {
    this.done = done;
    address = at;
    if (client == null) {
      silent(new CheckResult(Outcome.UNREACHABLE, "no web port"));
    } else {
      read(RootPage.PATH, this::parseRoot, this::root, this::silent);
    }
  }

  /** What it said is over, but not who it was. */
  @Override
  public void down() {
    ports.forEach(PortCheck::forget);
    for (int i = 0; i < config.fall(); i++) {
      word.unread("it is DOWN");
    }
    judge();
  }

  /** Takes it that a session was connected. Any thread. */
  void sessionConnected(Protocol protocol, long nowNanos) {
    proof.sessionConnected(protocol, nowNanos);
  }

  /** Takes it that sessions could not be connected: what was proved is in doubt. */
  void doubt() {
    proof.forget();
  }

  /** Its load is not followed any more, and what it told of it would count for ever. */
  @Override
  public void cancel() {
    done = null;
    coordinator.load().lost();
    ports.forEach(PortCheck::cancel);
    if (client != null) {
      client.close();
    }
  }

  @Override
  public void end() {
    cancel();
    cluster.remove(word);
  }

  private long now() {
    return sockets.loop().ticker().nanoTime();
  }

  private void finish(CheckResult result) {
    Consumer<CheckResult> told = done;
    done = null;
    if (told != null) {
      if (result.ok()) {
        ports.forEach(port -> port.askIfDue(now()));
      }
      told.accept(result);
    }
  }

  /** Has its word judged, and whether its ports answer; one that started anew may be ready now. */
  private void judge() {
    ports.forEach(port -> word.setSilent(port.protocol(), port.silence()));
    word.judge(now());
    if (restarted && !word.starting()) {
      restarted = false;
      slowStart.begin(config.verdict().restartSlowstart());
    }
  }

  private <T> void read(
      String path, Parser<T> parser, Consumer<T> read, Consumer<CheckResult> failed) {
    InetAddress at = address;
    if (client == null || at == null) {
      return;
    }
    client.get(
        at,
        path,
        answer -> {
          CheckResult result = answer.result();
          if (answer.status() != 0) {
            pageAnswered = true;
          }
          T page = null;
          if (answer.ok()) {
            try {
              page = parser.parse(answer.body());
            } catch (PageException e) {
              result = new CheckResult(Outcome.BAD_ANSWER, e.found());
            }
          }
          tell(path, result);
          if (page == null) {
            failed.accept(result);
          } else {
            read.accept(page);
          }
        });
  }

  /** Says once that a page cannot be read, and once that it can be again. */
  private void tell(String path, CheckResult result) {
    if (result.ok()) {
      if (unreadable.remove(path)) {
        LOG.info("event=page-readable coordinator={} page={}", coordinator, path);
      }
      return;
    }
    effects.pageFailed(coordinator, path, result.outcome().word());
    if (unreadable.add(path)) {
      LOG.warn(
          "event=page-unreadable coordinator={} page={} result={} reason=\"{}\"",
          coordinator,
          path,
          result.outcome().word(),
          result.reason());
    }
  }

  /** Reads a root page; it seldom says something else than before. */
  private RootPage parseRoot(byte[] page) throws PageException {
    RootPage before = lastRoot;
    if (before == null || !Arrays.equals(page, lastRootBytes)) {
      lastRoot = null;
      before = RootPage.parse(page);
      lastRoot = before;
      lastRootBytes = page;
    }
    return before;
  }

  private void root(RootPage page) {
    if (word.restarted(page)) {
      LOG.info(
          "event=coordinator-restarted coordinator={} start-time=\"{}\"",
          coordinator,
          page.startTime());
      restarted = true;
      slowStart.hold();
      ports.forEach(PortCheck::forget);
      flagsFailedNanos = null;
    }
    word.root(page);
    boolean executor = Boolean.TRUE.equals(page.executor());
    if (executor && !executorTold && Boolean.TRUE.equals(page.coordinator())) {
      LOG.warn(
          "event=coordinator-is-executor coordinator={} reason=\"its clients share its memory and"
              + " cores with the fragments of all queries (--is_executor=true)\"",
          coordinator);
    }
    executorTold = executor;
    boolean flagsDue = flagsFailedNanos == null || now() - flagsFailedNanos >= FLAGS_AGAIN_NANOS;
    if (word.wantsFlags() && flagsDue) {
      read(
          FlagsPage.PATH,
          FlagsPage::parse,
          flags -> {
            word.flags(flags);
            readMetrics();
          },
          failed -> {
            flagsFailedNanos = now();
            readMetrics();
          });
    } else {
      readMetrics();
    }
  }

  private void readMetrics() {
    coordinator.load().asked();
    read(
        MetricsPage.PATH,
        MetricsPage::parse,
        page -> {
          word.metrics(page, now());
          tellLoad(page);
          readBackends(page.flag(MetricsPage.READY));
        },
        failed -> {
          loadUntold();
          word.noMetrics("the page " + MetricsPage.PATH + ": " + failed.reason());
          readBackends(null);
        });
  }

  private void tellLoad(MetricsPage page) {
    long registered = page.count(MetricsPage.QUERIES_REGISTERED);
    if (registered < 0) {
      loadUntold();
    } else {
      loadUntold = 0;
      coordinator.load().told(registered, page.count(MetricsPage.QUERIES_EXECUTING), page.queued());
    }
  }

  /** What it told last holds for a while, as its word does. */
  private void loadUntold() {
    loadUntold = Math.min(loadUntold + 1, config.fall());
    if (loadUntold == config.fall()) {
      coordinator.load().lost();
    }
  }

  private void readBackends(@Nullable Boolean ready) {
    if (cluster.wantsBackends(now(), config.verdict().inter())) {
      read(
          BackendsPage.PATH,
          BackendsPage::parse,
          page -> {
            cluster.backends(page, now());
            judge(ready);
          },
          failed -> judge(ready));
    } else {
      judge(ready);
    }
  }

  private void judge(@Nullable Boolean ready) {
    Coordinator same = cluster.sameAs(word);
    if (same != null && !sameTold) {
      LOG.warn(
          "event=same-coordinator coordinator={} other={} reason=\"both say that they are one"
              + " process: its load is seen twice\"",
          coordinator,
          same);
      effects.pageFailed(coordinator, RootPage.PATH, "same-coordinator");
    }
    sameTold = same != null;
    judge();
    if (ready == null) {
      askPath(whatever -> finish(new CheckResult(Outcome.OK, "its page was read")));
    } else if (ready) {
      finish(new CheckResult(Outcome.OK, "its page says that it is ready"));
    } else {
      finish(
          new CheckResult(
              Outcome.BAD_STATUS,
              "its page says impala-server.ready=false: it has not found the statestore yet"));
    }
  }

  /** The root page cannot be read. */
  private void silent(CheckResult why) {
    word.unread("the page " + RootPage.PATH + ": " + why.reason());
    loadUntold();
    judge();
    if (why.answered()) {
      askPath(result -> prove(this::finish));
      return;
    }
    if (pageAnswered) {
      // It was there, and is gone: the ports have to prove anew that they are not.
      pageAnswered = false;
      proof.forget();
    }
    prove(proved -> finish(proved.ok() ? proved : both(why, proved)));
  }

  private void prove(Consumer<CheckResult> told) {
    InetAddress at = address;
    if (at != null) {
      proof.prove(at, now(), told);
    }
  }

  private static CheckResult both(CheckResult page, CheckResult port) {
    return port.counts()
        ? new CheckResult(page.outcome(), page.reason() + ", " + port.reason())
        : port;
  }

  /**
   * Asks {@code check.path} whether the coordinator is ready.
   *
   * @param silent told if that says neither yes nor no
   */
  private void askPath(Consumer<CheckResult> silent) {
    InetAddress at = address;
    if (client == null || at == null) {
      return;
    }
    client.get(
        at,
        config.path(),
        answer -> {
          CheckResult result = answer.result();
          if (answer.status() == config.status()) {
            finish(new CheckResult(Outcome.OK, "http status " + answer.status()));
          } else if (answer.status() == 503) {
            finish(
                new CheckResult(
                    Outcome.BAD_STATUS, "http status 503 (expected " + config.status() + ")"));
          } else {
            silent.accept(result);
          }
        });
  }
}
