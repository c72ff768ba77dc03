package io.impalabalancer.cli;

import io.impalabalancer.cli.operation.Count;
import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.cli.runtime.RuntimeSocket;
import io.impalabalancer.cli.runtime.Target;
import io.impalabalancer.cli.web.AdminServer;
import io.impalabalancer.cli.web.Site;
import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.LogConfig;
import io.impalabalancer.config.RuntimeConfig;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Rebalance;
import io.impalabalancer.core.SourceWatch;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.discovery.Found;
import io.impalabalancer.health.HealthChecker;
import io.impalabalancer.health.WebPages;
import io.impalabalancer.health.page.SessionsPage;
import io.impalabalancer.metrics.BalancerMetrics;
import io.impalabalancer.metrics.Discovered;
import io.impalabalancer.metrics.HaproxyStats;
import io.impalabalancer.metrics.SessionLog;
import io.impalabalancer.who.Whois;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A balancer that runs, with everything around it: checks, metrics, session log and web port.
 * Checks and web port have event loops that no session uses. Any thread.
 */
final class BalancerServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BalancerServer.class);

  /** How long listeners wait for the first checks at most. */
  private static final Duration FIRST_CHECKS = Duration.ofSeconds(1);

  /** How many times as long as for one answer the start waits for the first round of discovery. */
  private static final int FIRST_ROUND = 3;

  private final Deque<Runnable> closers = new ArrayDeque<>();
  private final Discovery discovery;
  private final Whois whois;

  /** The coordinators that were found before the start. */
  private final List<CoordinatorConfig> known;

  private final Balancer balancer;
  private final BalancerMetrics metrics;
  private final HaproxyStats stats;
  private final Events events = new Events();
  private final Site site;
  private volatile Logged logged = new Logged(null, 0);
  private volatile @Nullable AdminServer admin;
  private volatile @Nullable RuntimeSocket runtime;
  private volatile @Nullable HealthChecker checker;

  private final EventLoopGroup adminLoop;
  private final EventLoopGroup webLoop;
  private volatile String notReady = "starting";

  /** What the file says, without what was found. */
  private volatile BalancerConfig declared;

  /** What a process before this one has left, null if there is nothing. */
  private final @Nullable KeptState kept;

  /**
   * Makes one that serves nobody yet. Where coordinators are looked for it waits for the first
   * round, unless they are known from a process before this one.
   */
  BalancerServer(BalancerConfig config, Inheritance inheritance) throws InterruptedException {
    declared = config;
    KeptState inherited = inheritance.state();
    kept = inherited == null ? StateFile.read(config.stateFile().orElse(null)) : inherited;
    adminLoop = loop("admin", Thread.NORM_PRIORITY, NioIoHandler.newFactory());
    WebPages pages = new WebPages(adminLoop.next(), () -> declared.check().web());
    List<Found> before = kept == null ? List.of() : kept.found();
    discovery = new Discovery(config.discover(), before, pages);
    discovery.start(before.isEmpty() ? FIRST_ROUND : 0);
    known = discovery.found();
    balancer = new Balancer(config.with(known));
    closers.push(balancer::close);
    closers.push(discovery::close);
    // Only an epoll loop can take over a listening socket, or give one away.
    webLoop =
        balancer.wire().equals("epoll")
            ? loop("web", Thread.MIN_PRIORITY, EpollIoHandler.newFactory())
            : adminLoop;
    metrics = new BalancerMetrics(balancer, Main.version(), () -> logged.dropped());
    whois = new Whois(c -> pages.get(c, SessionsPage.PATH, Whois.LONG));
    metrics.setDiscovery(this::discovered);
    stats = new HaproxyStats(balancer, Main.version());
    site =
        new Site(
            balancer,
            metrics,
            stats,
            events,
            Main.version(),
            () -> notReady,
            discovery::state,
            whois);
  }

  /**
   * Starts everything; the listeners are open when it returns. They open when every coordinator was
   * checked once, or after a second. If it throws, everything is closed again.
   *
   * @param reloads how commands and the web port reload it
   * @param upgrades how they put another process in its place
   * @throws io.impalabalancer.core.BindException if a listener's address cannot be bound
   * @throws java.net.BindException if the web port or the runtime socket cannot be bound
   * @throws IOException if the session log cannot be opened
   */
  void start(Inheritance inheritance, Reloads reloads, Upgrades upgrades)
      throws IOException, InterruptedException {
    try {
      open(declared, inheritance, reloads, upgrades);
    } catch (IOException | InterruptedException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void open(
      BalancerConfig config, Inheritance inheritance, Reloads reloads, Upgrades upgrades)
      throws IOException, InterruptedException {
    SessionLog log = openLog(config);
    logged = new Logged(log, 0);
    balancer.replaceListener(null, log);
    // The log ends after the sessions, so that it has them all.
    closers.addLast(() -> close(logged.log));
    balancer.addListener(metrics);
    closers.addLast(metrics::close);
    balancer.addListener(stats);
    balancer.addListener(site);
    site.setOperations(reloads, upgrades);
    Future<?> sampling =
        adminLoop.next().scheduleAtFixedRate(stats::sample, 0, 1, TimeUnit.SECONDS);
    closers.push(() -> sampling.cancel(false));
    SourceWatch sources = new SourceWatch(balancer);
    Future<?> watching =
        adminLoop.next().scheduleAtFixedRate(sources::sample, 10, 10, TimeUnit.SECONDS);
    closers.push(() -> watching.cancel(false));
    Rebalance rebalance = new Rebalance(balancer, whois::running);
    Future<?> rebalancing =
        adminLoop.next().scheduleAtFixedRate(rebalance::step, 1, 1, TimeUnit.SECONDS);
    closers.push(() -> rebalancing.cancel(false));

    closers.addLast(() -> end(webLoop));
    closers.addLast(() -> end(adminLoop));
    closers.push(() -> close(admin));
    StateFile stateFile = new StateFile(balancer, () -> discovery.state().coordinators());
    KeptState inherited = inheritance.state();
    if (kept != null) {
      kept.restore(balancer);
    }
    if (inherited == null) {
      admin = openWeb(config, inheritance.sockets());
    }
    // What was restored did not happen now.
    balancer.addListener(events);
    balancer.addListener(stateFile);
    if (!known.isEmpty()) {
      stateFile.partsChanged();
    }
    closers.push(stateFile::close);
    HealthChecker health = HealthChecker.of(balancer, adminLoop);
    checker = health;
    balancer.addListener(health);
    if (inherited != null) {
      inherited.restore(health, balancer);
    }
    closers.push(health::close);
    Target target =
        new Target(balancer, health, stats, whois, events, reloads, upgrades, Main.version());
    if (inherited == null) {
      openRuntime(config.runtime(), target, false);
    }
    awaitFirstChecks(health.start());
    balancer.open(inheritance.sockets());
    notReady = "";
    if (inherited != null) {
      // Until now the predecessor's answers are the right ones.
      admin = openWeb(config, inheritance.sockets());
      openRuntime(config.runtime(), target, true);
    }
    discovery.follow(this::found, known);
  }

  private Discovered discovered() {
    Discovery.State state = discovery.state();
    return new Discovered(
        state.coordinators().size(),
        state.problems().size(),
        state.rounds(),
        state.failures(),
        state.answeredMillis());
  }

  /** Goes over to other coordinators; what is declared stays as it is. */
  private synchronized void found(List<CoordinatorConfig> coordinators) throws IOException {
    if (!notReady.isEmpty()) {
      return;
    }
    Set<String> before = names(balancer.config());
    balancer.reload(declared.with(coordinators));
    Set<String> now = names(balancer.config());
    for (Found found : discovery.state().coordinators()) {
      if (now.contains(found.name()) && !before.contains(found.name())) {
        events.discovery(found.name(), true, "said by " + found.source());
      }
    }
    before.removeAll(now);
    before.forEach(gone -> events.discovery(gone, false, "no answer lists it any more"));
  }

  private static Set<String> names(BalancerConfig config) {
    Set<String> names = new LinkedHashSet<>();
    config.coordinators().forEach(coordinator -> names.add(coordinator.name()));
    return names;
  }

  private void openRuntime(RuntimeConfig config, Target target, boolean takeOver)
      throws IOException {
    if (config.socket().isPresent()) {
      RuntimeSocket socket =
          RuntimeSocket.open(adminLoop.next(), config.socket().get(), config, target, takeOver);
      runtime = socket;
      closers.push(socket::close);
    }
  }

  private static @Nullable SessionLog openLog(BalancerConfig config) throws IOException {
    boolean off = config.log().sessions() == LogConfig.SessionLog.OFF;
    return off ? null : SessionLog.open(config.log());
  }

  private @Nullable AdminServer openWeb(BalancerConfig config, Map<BindAddress, Integer> inherited)
      throws java.net.BindException {
    if (config.stats().bind().isEmpty()) {
      return null;
    }
    Integer descriptor = inherited.isEmpty() ? null : inherited.remove(config.stats().bind().get());
    return AdminServer.open(webLoop.next(), config.stats(), site, descriptor);
  }

  /** Returns the descriptors of all listening sockets, the web port's too, by address. */
  Map<BindAddress, Integer> descriptors() {
    Map<BindAddress, Integer> all = new LinkedHashMap<>(balancer.descriptors());
    AdminServer web = admin;
    if (web != null) {
      balancer.config().stats().bind().ifPresent(bind -> all.put(bind, web.descriptor()));
    }
    return all;
  }

  /** Returns the state for a successor, with what is added to it. */
  String state(Map<String, Object> more) {
    HealthChecker health = checker;
    List<String> unchecked =
        balancer.coordinators().stream()
            .filter(coordinator -> health != null && !health.enabled(coordinator))
            .map(Coordinator::name)
            .toList();
    return KeptState.ofAll(balancer, discovery.state().coordinators(), unchecked, more);
  }

  /** Has whoever comes from now on be served by another process; sessions live on. */
  void stopServing() {
    balancer.stopAccepting();
    AdminServer web = admin;
    if (web != null) {
      web.stopAccepting();
    }
  }

  /**
   * Takes back what a successor may have taken before it failed: the runtime socket.
   *
   * @throws IOException if that cannot be done; all else goes on
   */
  void goOn() throws IOException {
    RuntimeSocket socket = runtime;
    if (socket != null) {
      socket.takeBack();
    }
  }

  /** Returns whether the end has begun. */
  boolean isEnding() {
    return !notReady.isEmpty();
  }

  private static void close(@Nullable SessionLog log) {
    if (log != null) {
      log.close();
    }
  }

  private static void close(@Nullable AdminServer web) {
    if (web != null) {
      web.close();
    }
  }

  /** The session log in force, if there is one, and how many lines those before it have dropped. */
  private record Logged(@Nullable SessionLog log, long droppedBefore) {
    long dropped() {
      return droppedBefore + (log == null ? 0 : log.dropped());
    }
  }

  /**
   * Goes over to another configuration. What may fail is opened before anything is changed.
   *
   * @throws IOException as {@link #start}, or because the end has begun; nothing has changed then
   */
  synchronized void reload(BalancerConfig next) throws IOException {
    if (!notReady.isEmpty()) {
      throw new IOException("the balancer is " + notReady);
    }
    BalancerConfig before = balancer.config();
    SessionLog log = logged.log;
    AdminServer web = admin;
    boolean otherLog = !before.log().equals(next.log());
    boolean otherAddress = !before.stats().bind().equals(next.stats().bind());
    SessionLog nextLog = otherLog ? openLog(next) : log;
    AdminServer nextWeb = web;
    try {
      nextWeb = otherAddress ? openWeb(next, Map.of()) : web;
      balancer.reload(next.with(discovery.found()));
    } catch (IOException e) {
      if (otherAddress && nextWeb != web) {
        close(nextWeb);
      }
      if (otherLog) {
        close(nextLog);
      }
      throw e;
    }
    if (otherLog) {
      balancer.replaceListener(log, nextLog);
      close(log);
      logged = new Logged(nextLog, logged.dropped());
    }
    declared = next;
    discovery.setConfig(next.discover());
    LogSetup.setLevel(next.log().level());
    admin = nextWeb;
    if (otherAddress) {
      close(web);
    } else if (nextWeb != null) {
      nextWeb.reload(next.stats());
    }
  }

  private static void awaitFirstChecks(CompletionStage<Void> firstChecks)
      throws InterruptedException {
    try {
      firstChecks.toCompletableFuture().get(FIRST_CHECKS.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException someAreSlow) {
      LOG.debug("event=first-checks-slow");
    } catch (ExecutionException e) {
      throw new IllegalStateException("the first checks failed", e.getCause());
    }
  }

  private static EventLoopGroup loop(String name, int priority, IoHandlerFactory handler) {
    return new MultiThreadIoEventLoopGroup(
        1, new DefaultThreadFactory(name, true, priority), handler);
  }

  private static void end(EventLoopGroup loop) {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** Returns the balancer. */
  Balancer balancer() {
    return balancer;
  }

  /** Returns the metrics. */
  BalancerMetrics metrics() {
    return metrics;
  }

  /** Returns what happened last. */
  Events events() {
    return events;
  }

  /** Returns the web port's address, null if it is switched off. */
  @Nullable InetSocketAddress statsAddress() {
    AdminServer opened = admin;
    return opened == null ? null : opened.address();
  }

  /** Tells systemd that it serves, and what it does from now on. */
  void begin(Notify notify) {
    notify.begin(adminLoop, this::status, balancer::loopLagNanos);
  }

  private String status() {
    String reason = notReady;
    return "%s%d of %d coordinators UP, %s, %d waiting"
        .formatted(
            reason.isEmpty() ? "" : reason + ": ",
            coordinatorsUp(),
            balancer.coordinators().size(),
            Count.of(balancer.sessions(), "session"),
            balancer.listeners().stream().mapToInt(Listener::queued).sum());
  }

  /** Has {@code /readyz} say no from now on. */
  void setNotReady(String reason) {
    notReady = reason;
  }

  /** Goes on in a new session log of the same name, because others have renamed the file. */
  void reopenLog() {
    SessionLog log = logged.log;
    if (log != null) {
      log.reopen();
    }
  }

  /** Closes everything at once: first what makes sessions, last what tells of them. */
  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }

  /** Returns how many coordinators are UP now. */
  long coordinatorsUp() {
    return balancer.coordinators().stream()
        .filter(coordinator -> coordinator.status() == Coordinator.Status.UP)
        .count();
  }
}
