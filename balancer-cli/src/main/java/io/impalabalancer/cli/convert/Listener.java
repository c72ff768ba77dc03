package io.impalabalancer.cli.convert;

import io.impalabalancer.config.Protocol;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A listener of the result: a section with addresses, and the one with its servers, which may be
 * the same.
 *
 * @param guess why it is that protocol
 */
record Listener(Proxy front, Proxy back, Protocol protocol, String guess) {
  private static final Duration SHORT = Duration.ofHours(1);

  String name() {
    return front.name();
  }

  String balance() {
    if (back.stickOnSource != null) {
      return back.stickOnSource.value();
    }
    Setting balance = back.settings.get("balance");
    return balance == null ? "roundrobin" : balance.value();
  }

  /** Returns what it says beyond names, addresses and algorithm, by key. */
  Map<String, Setting> settings() {
    Map<String, Setting> settings = new LinkedHashMap<>();
    for (String key : ProxyReader.KEYS) {
      Setting setting = (ProxyReader.SERVER_KEYS.contains(key) ? back : front).settings.get(key);
      if (setting != null) {
        settings.put(key, setting);
      }
    }
    // configuration.txt, "timeout tunnel": supersedes both once data flows, in TCP at once.
    Setting tunnel = back.settings.get("timeouts.tunnel");
    if (tunnel != null) {
      for (String side : List.of("timeouts.client", "timeouts.server")) {
        Setting before = settings.put(side, tunnel);
        if (before != null) {
          before
              .line()
              .instead(
                  Line.Fate.MEANINGLESS, tunnel.line().asReference(before.line()) + " comes first");
        }
      }
    }
    return settings;
  }

  /** Tells the lines what they do to long queries, and to HTTP. */
  void warn() {
    for (Bind bind : front.binds) {
      if (bind.acceptProxy() && !acceptProxy()) {
        bind.line()
            .instead(
                Line.Fate.UNSUPPORTED,
                "accept-proxy is for all addresses of a listener: give this one its own");
      }
    }
    if (protocol != Protocol.TCP) {
      Map<String, Setting> settings = settings();
      warnIfShort(settings.get("timeouts.client"), "says nothing between two queries or waits");
      warnIfShort(settings.get("timeouts.server"), "waits");
    }
    Setting stick = back.stickOnSource;
    Setting balance = back.settings.get("balance");
    if (stick != null && balance != null && !balance.value().equals("source")) {
      balance
          .line()
          .instead(Line.Fate.MEANINGLESS, stick.line().asReference(balance.line()) + " decides");
    }
    Setting forwardfor = front.settings.get("forwardfor");
    if (protocol == Protocol.HIVESERVER2_HTTP && forwardfor != null) {
      forwardfor
          .line()
          .instead(
              Line.Fate.UNSUPPORTED,
              "X-Forwarded-For is not added: coordinators see this host's address");
    }
  }

  private static void warnIfShort(@Nullable Setting timeout, String how) {
    if (timeout != null
        && !timeout.value().equals("infinite")
        && Values.duration(timeout.value()).compareTo(SHORT) < 0) {
      timeout
          .line()
          .warn(
              "a client that %s for a long query is cut after %s, and its query is lost; keepalive"
                      .formatted(how, timeout.value())
                  + " finds dead peers, so 12h is safe");
    }
  }

  /** Returns the addresses that it takes. */
  List<String> addresses() {
    return front.binds.stream()
        .filter(bind -> bind.acceptProxy() == acceptProxy())
        .map(Bind::address)
        .toList();
  }

  /** Returns whether its clients come with a PROXY header, on every address. */
  boolean acceptProxy() {
    return !front.binds.isEmpty() && front.binds.stream().allMatch(Bind::acceptProxy);
  }
}
