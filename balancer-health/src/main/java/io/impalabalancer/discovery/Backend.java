package io.impalabalancer.discovery;

import io.impalabalancer.health.page.BackendsPage;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A coordinator as another impalad lists it.
 *
 * @param name of its host, as the cluster knows it ({@code --hostname})
 * @param web its web port
 * @param process the same as long as its process lives; empty if that is not said
 */
record Backend(String name, URI web, String process) {

  /** {@code --webserver_interface} may be one of these. */
  private static final Set<String> WILDCARDS = Set.of("", "0.0.0.0", "::");

  /**
   * Returns the coordinators of a page.
   *
   * @param most how many there may be
   * @throws IOException if there are more, or one that is nowhere; for people
   */
  static List<Backend> coordinators(BackendsPage page, int most) throws IOException {
    if (page.left() > 0) {
      throw new IOException(
          "it lists %d impalads, expected %d at most"
              .formatted(page.backends().size() + page.left(), BackendsPage.MOST));
    }
    List<Backend> coordinators = new ArrayList<>();
    for (BackendsPage.Backend each : page.backends()) {
      if (each.coordinator()) {
        coordinators.add(of(each));
      }
    }
    if (coordinators.size() > most) {
      throw new IOException(
          "it lists %d coordinators, expected %d at most, as discover.most says"
              .formatted(coordinators.size(), most));
    }
    return coordinators;
  }

  /** Returns the host of its web port, where it can be reached. */
  String host() {
    return web.getHost().replaceAll("[\\[\\]]", "");
  }

  private static Backend of(BackendsPage.Backend listed) throws IOException {
    String address = listed.address();
    String url = listed.webUrl();
    int colon = address.lastIndexOf(':');
    int slashes = url.indexOf("://");
    int port = url.lastIndexOf(':');
    try {
      if (colon > 0 && slashes > 0 && port >= slashes + 3) {
        String host = address.substring(0, colon);
        String webHost = url.substring(slashes + 3, port).replaceAll("[\\[\\]]", "");
        URI web =
            new URI(
                url.substring(0, slashes),
                null,
                WILDCARDS.contains(webHost) ? host : webHost,
                Integer.parseInt(url.substring(port + 1).replaceAll("/$", "")),
                null,
                null,
                null);
        if (web.getHost() != null) {
          return new Backend(host, web, listed.id() + listed.startTime());
        }
      }
    } catch (URISyntaxException | NumberFormatException e) {
      // Told below.
    }
    throw new IOException(
        "a coordinator has the address \"%s\" and the web port \"%s\", expected host:port and"
                .formatted(address, url)
            + " http://host:port");
  }
}
