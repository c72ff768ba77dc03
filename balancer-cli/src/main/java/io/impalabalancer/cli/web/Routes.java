package io.impalabalancer.cli.web;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Everything that the web port serves. Any thread. */
final class Routes {
  /** Where HAProxy has its table, whatever its {@code stats uri} is, and its options behind it. */
  private static final Pattern HAPROXY_CSV =
      Pattern.compile("/(haproxy|stats|admin)?(\\?(stats)?)?;csv(;.*)?");

  private static final Pattern HAPROXY_PAGE = Pattern.compile("/(haproxy\\?|\\?)stats(;.*)?");
  private static final Page NOT_FOUND = Page.plain(404, "not found; the pages are listed at /");

  /**
   * What was found.
   *
   * @param refusal why there is no route, null if there is one
   */
  record Found(
      Route route,
      String path,
      Map<String, String> names,
      Map<String, String> query,
      @Nullable Page refusal) {}

  private final List<Route> routes;

  Routes(List<Route> routes) {
    this.routes = List.copyOf(routes);
  }

  List<Route> all() {
    return routes;
  }

  /** Finds what is served at a URI as it stands in the request. */
  Found find(String method, String uri) {
    if (HAPROXY_CSV.matcher(uri).matches()) {
      return find(method, List.of("", ";csv"), Map.of());
    }
    if (HAPROXY_PAGE.matcher(uri).matches()) {
      return find(method, List.of("", ""), Map.of());
    }
    try {
      QueryStringDecoder decoder = new QueryStringDecoder(uri);
      List<String> segments =
          Stream.of(decoder.rawPath().split("/", -1))
              .map(segment -> QueryStringDecoder.decodeComponent(segment.replace("+", "%2B")))
              .toList();
      Map<String, String> query = new LinkedHashMap<>();
      decoder.parameters().forEach((key, values) -> query.put(key, values.get(values.size() - 1)));
      return find(method, segments, query);
    } catch (IllegalArgumentException badEscape) {
      return refused(Page.plain(400, "a % in the address is not followed by two hex digits"));
    }
  }

  private Found find(String method, List<String> segments, Map<String, String> query) {
    List<Route> there = routes.stream().filter(route -> route.match(segments) != null).toList();
    for (Route route : there) {
      Map<String, String> names = route.match(segments);
      if (route.method().equals(method) && names != null) {
        return new Found(route, String.join("/", segments), names, query, null);
      }
    }
    if (there.isEmpty()) {
      return refused(NOT_FOUND);
    }
    String allowed =
        there.stream()
            .map(route -> route.method().equals("GET") ? "GET, HEAD" : route.method())
            .distinct()
            .collect(Collectors.joining(", "));
    return refused(Page.plain(405, "method not allowed: use " + allowed).with("allow", allowed));
  }

  private static Found refused(Page refusal) {
    Route none = Route.get("", Route.Access.READ, request -> refusal);
    return new Found(none, "", Map.of(), Map.of(), refusal);
  }
}
