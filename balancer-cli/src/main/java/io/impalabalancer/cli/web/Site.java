package io.impalabalancer.cli.web;

import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.cli.web.Route.Access;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.CheckReport;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.metrics.BalancerMetrics;
import io.impalabalancer.metrics.HaproxyStats;
import io.impalabalancer.metrics.Scrape;
import io.impalabalancer.who.Whois;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What the web port says of one balancer. Add it to the balancer, so that it hears of checks. Any
 * thread; pages are made on the worker.
 */
public final class Site implements BalancerListener {
  private final Balancer balancer;
  private final BalancerMetrics metrics;
  private final HaproxyStats stats;
  private final Supplier<String> starting;
  private final Timeline timeline;
  private final Overview overview;
  private final Api api;

  /**
   * Makes one.
   *
   * @param events what the page lists
   * @param version the program's
   * @param notReady why {@code /readyz} has to say no, empty if it need not
   * @param discovery what was found
   * @param whois who is on sessions
   */
  public Site(
      Balancer balancer,
      BalancerMetrics metrics,
      HaproxyStats stats,
      Events events,
      String version,
      Supplier<String> notReady,
      Supplier<Discovery.State> discovery,
      Whois whois) {
    this.balancer = balancer;
    this.metrics = metrics;
    this.stats = stats;
    starting = notReady;
    timeline = new Timeline(balancer);
    Coordinators coordinators = new Coordinators(balancer, timeline);
    overview =
        new Overview(balancer, timeline, coordinators, events, version, this::notReady, discovery);
    api = new Api(balancer, overview, coordinators, events, whois);
  }

  /** Lets admins reload and upgrade; until then there is nothing that could be. */
  public void setOperations(Reloads reloads, Upgrades upgrades) {
    overview.setOperations(reloads, upgrades);
    api.setOperations(reloads, upgrades);
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    routes.add(file("/", "index.html", "text/html; charset=utf-8"));
    for (String module :
        List.of("app.js", "choices.js", "coordinators.js", "dom.js", "sessions.js")) {
      routes.add(file("/" + module, module, "text/javascript; charset=utf-8"));
    }
    routes.add(file("/app.css", "app.css", "text/css; charset=utf-8"));
    routes.add(file("/icon.svg", "icon.svg", "image/svg+xml"));
    routes.add(
        Route.get(
            "/login", Access.LOGIN, request -> Page.plain(303, "go on").with("location", "/")));
    routes.add(Route.get("/healthz", Access.HEALTH, request -> Page.plain(200, "OK")));
    routes.add(Route.get("/readyz", Access.HEALTH, request -> readiness()));
    routes.add(Route.get("/;csv", Access.READ, request -> csv()));
    routes.add(Route.get("/metrics", Access.METRICS, this::scrape));
    routes.addAll(api.routes());
    return routes;
  }

  private static Route file(String path, String name, String contentType) {
    return Route.get(path, Access.READ, request -> Page.of(200, contentType, Resources.text(name)));
  }

  /** Takes the numbers of this second; called once a second. */
  void tick() {
    timeline.tick();
  }

  /** Returns what browsers that watch are sent. */
  String document() {
    return overview.all();
  }

  @Override
  public void checked(Coordinator coordinator, CheckReport report) {
    timeline.checked(coordinator, report);
  }

  private Page readiness() {
    String reason = notReady();
    return reason.isEmpty() ? Page.plain(200, "ready") : Page.plain(503, "not ready: " + reason);
  }

  private String notReady() {
    String reason = starting.get();
    if (reason.isEmpty() && !balancer.ready()) {
      List<Listener> unavailable =
          balancer.listeners().stream()
              .filter(listener -> !listener.leaving() && !listener.available())
              .toList();
      reason =
          "no usable coordinator for "
              + unavailable.stream().map(Listener::name).collect(Collectors.joining(", "));
    }
    return reason;
  }

  private Page csv() {
    return Page.of(200, "text/plain; charset=utf-8", stats.csv(row -> true));
  }

  private Page scrape(Request request) {
    if (balancer.config().stats().haproxyMetrics()) {
      Scrape scrape = metrics.scrape(null);
      return Page.of(200, scrape.contentType(), scrape.text() + stats.exported());
    }
    Scrape scrape = metrics.scrape(request.accept());
    return Page.of(200, scrape.contentType(), scrape.text());
  }
}
