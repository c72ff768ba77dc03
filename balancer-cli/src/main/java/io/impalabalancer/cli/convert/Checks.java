package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the one {@code check} of the result of what each server and backend says for itself: where
 * they differ, the first holds, and the others are told.
 */
final class Checks {
  private static final List<String> SERVER_OPTIONS =
      List.of(
          "inter",
          "fastinter",
          "downinter",
          "rise",
          "fall",
          "observe",
          "error-limit",
          "on-error",
          "slowstart",
          "on-marked-down");

  private final List<Coordinator> coordinators;
  private final List<Coordinator> asked = new ArrayList<>();
  private final List<Coordinator> checked = new ArrayList<>();

  /** Lines of servers that are connected to at another port than clients use. */
  private final List<Line> otherPorts = new ArrayList<>();

  /** All values that were found for a key, the one that holds first. */
  private final Map<String, Set<String>> values = new LinkedHashMap<>();

  private String type = "";
  private String reason = "";

  private Checks(List<Coordinator> coordinators) {
    this.coordinators = coordinators;
  }

  static Checks of(List<Coordinator> coordinators) {
    Checks checks = new Checks(coordinators);
    for (Coordinator coordinator : coordinators) {
      for (Coordinator.Use use : coordinator.uses) {
        if (use.server().has("check")) {
          checks.use(coordinator, use);
        }
      }
    }
    checks.decide();
    return checks;
  }

  String type() {
    return type;
  }

  /** Returns why it is that type, empty if nothing is to be said. */
  String reason() {
    return reason;
  }

  /** Returns the keys below {@code check} with all values found, the one that holds first. */
  Map<String, Set<String>> values() {
    return values;
  }

  private void use(Coordinator coordinator, Coordinator.Use use) {
    Server server = use.server();
    Map<String, Setting> proxy = use.back().settings;
    Setting kind = proxy.get("check.type");
    boolean http = kind != null && kind.value().equals("http");
    Setting port = server.has("port") ? server.option("port") : proxy.get("check.port");
    int own = server.port().orElse(0);
    int number = port == null ? own : Integer.parseInt(port.value());
    add(checked, coordinator);
    if (http && hasWebPort(coordinator, number, server.line())) {
      add(asked, coordinator);
      take("path", proxy.get("check.path"), server.line());
      take("status", proxy.get("check.status"), server.line());
    } else if (!http && number != own) {
      otherPorts.add(server.line());
    }
    take("timeout", proxy.get("check.timeout"), server.line());
    for (String option : SERVER_OPTIONS) {
      String key = option.equals("error-limit") ? "observe-limit" : option;
      take(key, server.option(option), server.line());
    }
  }

  /** Returns whether HTTP checks of the coordinator can go to that port, which becomes its own. */
  private boolean hasWebPort(Coordinator coordinator, int port, Line line) {
    if (port == 0) {
      line.warn("it has no port that an http check could go to: it is connected to");
      return false;
    }
    for (Coordinator other : coordinator.neighbours) {
      if (other.web.isPresent() && other.web.getAsInt() == port) {
        line.warn("port %d is the web port of %s: it is connected to".formatted(port, other.name));
        return false;
      }
    }
    if (coordinator.web.isPresent() && coordinator.web.getAsInt() != port) {
      line.warn("its web port is one for all listeners: " + coordinator.web.getAsInt());
    } else {
      coordinator.web = OptionalInt.of(port);
    }
    return true;
  }

  private void take(String key, @Nullable Setting setting, Line server) {
    if (setting == null) {
      return;
    }
    Set<String> all = values.computeIfAbsent(key, name -> new LinkedHashSet<>());
    all.add(setting.value());
    String holds = all.iterator().next();
    if (!holds.equals(setting.value())) {
      server.warn("check.%s is one for all: %s".formatted(key, holds));
    }
  }

  private void decide() {
    if (checked.isEmpty()) {
      type = "none";
      reason = "no server has a check: all are always UP; type = auto asks their web ports";
      return;
    }
    for (Coordinator coordinator : coordinators) {
      if (!checked.contains(coordinator)) {
        tell(coordinator, "without a check until now, it is checked as the others are");
      }
    }
    if (asked.isEmpty()) {
      type = "tcp";
      reason = "as HAProxy's, it connects; type = auto asks the web port, and knows more";
    } else if (asked.size() == coordinators.size()) {
      type = "http";
      if (values.getOrDefault("path", Set.of()).contains(Hocon.text("/healthz"))) {
        reason = "as HAProxy's, it asks for one page; type = auto reads more, and knows more";
      }
    } else {
      type = "auto";
      reason = "the web pages of those that have a web port, the ports of the others";
      for (Coordinator coordinator : coordinators) {
        coordinator.webIsNone = !asked.contains(coordinator);
        if (asked.contains(coordinator) && coordinator.isTcp()) {
          tell(coordinator, "it is connected to, as its port is none of Impala's");
        }
      }
    }
    if (!type.equals("http")) {
      otherPorts.forEach(line ->
          line.unsupported(
              "port: a tcp check connects to the ports that clients use; type = auto asks the web"
                  + " port"));
    }
  }

  private static void tell(Coordinator coordinator, String warning) {
    coordinator.uses.forEach(use -> use.server().line().warn(warning));
  }

  private static void add(List<Coordinator> list, Coordinator coordinator) {
    if (!list.contains(coordinator)) {
      list.add(coordinator);
    }
  }
}
