package io.impalabalancer.cli.web;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A path of the web port, and what is served there.
 *
 * @param method {@code GET} or {@code POST}
 * @param path its segments; one in braces, such as {@code {name}}, stands for any
 */
record Route(String method, String path, Access access, Page.Maker maker) {

  /** Who may go there. */
  enum Access {
    /** Anybody, unless {@code open-health} is off. */
    HEALTH,
    /** Anybody, unless {@code open-metrics} is off. */
    METRICS,
    /** Every user, and anybody if reading needs no login. */
    READ,
    /** Every user, so that a browser asks for a login. */
    LOGIN,
    /** Users with the role admin. */
    ADMIN
  }

  static Route get(String path, Access access, Page.Maker maker) {
    return new Route("GET", path, access, maker);
  }

  static Route post(String path, Page.Maker maker) {
    return new Route("POST", path, Access.ADMIN, maker);
  }

  /** Returns what stands in the place of its names, null if it is another path. */
  @Nullable Map<String, String> match(List<String> segments) {
    String[] own = path.split("/", -1);
    if (own.length != segments.size()) {
      return null;
    }
    Map<String, String> names = new LinkedHashMap<>();
    for (int i = 0; i < own.length; i++) {
      if (own[i].startsWith("{")) {
        names.put(own[i].substring(1, own[i].length() - 1), segments.get(i));
      } else if (!own[i].equals(segments.get(i))) {
        return null;
      }
    }
    return names;
  }
}
