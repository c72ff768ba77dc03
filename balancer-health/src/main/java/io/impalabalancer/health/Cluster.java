package io.impalabalancer.health;

import io.impalabalancer.core.Coordinator;
import io.impalabalancer.health.page.BackendsPage;
import io.impalabalancer.health.page.BackendsPage.Backend;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the pages of all coordinators say together: the newest catalog, and of one whose own pages
 * are silent, what others know of it. Lives on the event loop of the checks.
 */
final class Cluster {

  /** What another coordinator's page says of one. */
  private record Seen(Backend backend, long atNanos) {}

  private final Set<OwnWord> words = new LinkedHashSet<>();
  private final Map<Coordinator, Seen> seen = new HashMap<>();
  private @Nullable Long backendsNanos;

  void add(OwnWord word) {
    words.add(word);
  }

  void remove(OwnWord word) {
    words.remove(word);
    seen.remove(word.coordinator());
  }

  /** Returns the newest version of a catalog that any coordinator has, -1 if none has one. */
  long newestVersion(String catalogService) {
    long newest = -1;
    for (OwnWord word : words) {
      if (word.catalogService().equals(catalogService)) {
        newest = Math.max(newest, word.catalogVersion());
      }
    }
    return newest;
  }

  /** Returns another coordinator that says it is the same process, null if there is none. */
  @Nullable Coordinator sameAs(OwnWord of) {
    String identity = of.identity();
    for (OwnWord word : words) {
      if (word != of && !identity.isEmpty() && word.identity().equals(identity)) {
        return word.coordinator();
      }
    }
    return null;
  }

  /**
   * Returns whether one whose pages can be read is to read what it knows of the others: one does,
   * at most once in an interval, and only while another's pages are silent.
   */
  boolean wantsBackends(long nowNanos, Duration interval) {
    boolean due = backendsNanos == null || nowNanos - backendsNanos >= interval.toNanos();
    if (due && someoneIsSilent()) {
      backendsNanos = nowNanos;
      return true;
    }
    return false;
  }

  private boolean someoneIsSilent() {
    for (OwnWord word : words) {
      if (word.silent()) {
        return true;
      }
    }
    return false;
  }

  /** Takes what one coordinator knows of the others. */
  void backends(BackendsPage page, long nowNanos) {
    for (OwnWord word : words) {
      if (word.silent()) {
        List<Backend> same = page.backends().stream().filter(b -> isOf(b, word)).toList();
        // Two impalads of one host are not told apart without the web port.
        if (same.size() == 1) {
          seen.put(word.coordinator(), new Seen(same.get(0), nowNanos));
        }
      }
    }
  }

  private static boolean isOf(Backend backend, OwnWord word) {
    Coordinator coordinator = word.coordinator();
    if (coordinator.config().webPort().isEmpty()) {
      int colon = backend.address().lastIndexOf(':');
      return colon > 0 && isHost(backend.address().substring(0, colon), coordinator);
    }
    try {
      URI url = URI.create(backend.webUrl());
      return url.getHost() != null
          && url.getPort() == coordinator.config().webPort().getAsInt()
          && isHost(url.getHost(), coordinator);
    } catch (IllegalArgumentException noUrl) {
      return false;
    }
  }

  private static boolean isHost(String host, Coordinator coordinator) {
    InetAddress address = coordinator.address();
    return host.equalsIgnoreCase(coordinator.config().host())
        || (address != null && host.equals(address.getHostAddress()));
  }

  /** Returns what others know of one whose own pages are silent, null if that is too old. */
  @Nullable Backend seen(Coordinator coordinator, long nowNanos, Duration validity) {
    Seen last = seen.get(coordinator);
    return last == null || nowNanos - last.atNanos > validity.toNanos() ? null : last.backend;
  }
}
