package io.impalabalancer.cli.web;

import io.impalabalancer.cli.web.Route.Access;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Listener;
import io.impalabalancer.metrics.BalancerMetrics;
import io.impalabalancer.metrics.Scrape;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What the web port says of one balancer. Any thread; pages are made on the worker. */
public final class Site {
  private final Balancer balancer;
  private final BalancerMetrics metrics;
  private final String version;
  private final Supplier<String> notReady;

  /**
   * Makes one.
   *
   * @param version the program's
   * @param notReady why {@code /readyz} has to say no, empty if it need not
   */
  public Site(
      Balancer balancer, BalancerMetrics metrics, String version, Supplier<String> notReady) {
    this.balancer = balancer;
    this.metrics = metrics;
    this.version = version;
    this.notReady = notReady;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/", Access.READ, request -> index()),
        Route.get("/login", Access.LOGIN, request -> Page.plain(303, "").with("location", "/")),
        Route.get("/healthz", Access.HEALTH, request -> Page.plain(200, "OK")),
        Route.get("/readyz", Access.HEALTH, request -> readiness()),
        Route.get("/metrics", Access.METRICS, this::scrape));
  }

  private Page index() {
    return Page.of(
        200,
        "text/html; charset=utf-8",
        """
        <!DOCTYPE html>
        <title>impala-balancer</title>
        <h1>impala-balancer %s</h1>
        <ul>
        <li><a href="/metrics">/metrics</a>: for Prometheus
        <li><a href="/healthz">/healthz</a>: the process is alive
        <li><a href="/readyz">/readyz</a>: every listener has a usable coordinator
        </ul>
        """
            .formatted(version));
  }

  private Page readiness() {
    String reason = notReady.get();
    if (reason.isEmpty() && !balancer.ready()) {
      List<Listener> unavailable =
          balancer.listeners().stream()
              .filter(listener -> !listener.leaving() && !listener.available())
              .toList();
      reason =
          "no usable coordinator for "
              + unavailable.stream().map(Listener::name).collect(Collectors.joining(", "));
    }
    return reason.isEmpty() ? Page.plain(200, "ready") : Page.plain(503, "not ready: " + reason);
  }

  private Page scrape(Request request) {
    Scrape scrape = metrics.scrape(request.accept());
    return Page.of(200, scrape.contentType(), scrape.text());
  }
}
