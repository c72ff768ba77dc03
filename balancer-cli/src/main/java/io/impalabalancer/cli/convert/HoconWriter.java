package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes the result, with a comment where something was guessed or merged. */
final class HoconWriter {
  private final StringBuilder out = new StringBuilder();
  private final List<Listener> listeners;
  private final Coordinators coordinators;
  private final Pools pools;

  private HoconWriter(List<Listener> listeners, Coordinators coordinators, Pools pools) {
    this.listeners = listeners;
    this.coordinators = coordinators;
    this.pools = pools;
  }

  static String write(
      String sources,
      Map<String, Setting> global,
      List<Listener> listeners,
      Coordinators coordinators,
      Checks checks,
      StatsPage page) {
    HoconWriter writer =
        new HoconWriter(listeners, coordinators, Pools.of(listeners, coordinators));
    writer.line(0, "# From " + sources + ", by impala-balancer convert.", "");
    writer.line(0, "impala-balancer {", "");
    global.forEach((key, setting) -> writer.line(1, key + " = " + setting.value(), ""));
    if (!global.isEmpty()) {
      writer.gap();
    }
    writer.coordinators();
    writer.pools();
    writer.listeners();
    writer.checks(checks);
    if (!page.values().isEmpty()) {
      writer.gap();
      writer.line(1, "stats {", page.reason());
      page.values().forEach((key, value) -> writer.line(2, key + " = " + value, ""));
      if (!page.users().isEmpty()) {
        writer.line(2, "users = [", "");
        page.users().forEach(user -> writer.line(3, user, ""));
        writer.line(2, "]", "");
      }
      writer.line(1, "}", "");
    }
    writer.line(0, "}", "");
    return writer.out.toString();
  }

  private void line(int depth, String text, String comment) {
    out.append("  ".repeat(depth)).append(text);
    if (!comment.isEmpty()) {
      out.append("  # ").append(comment);
    }
    out.append('\n');
  }

  private void gap() {
    out.append('\n');
  }

  private void coordinators() {
    line(1, "coordinators = [", "");
    for (Coordinator coordinator : coordinators.all()) {
      List<String> keys = new ArrayList<>();
      keys.add("name = " + Hocon.text(coordinator.name));
      if (!coordinator.host.equals(coordinator.name)) {
        keys.add("host = " + Hocon.text(coordinator.host));
      }
      Map<String, String> ports = coordinator.writtenPorts();
      if (!ports.isEmpty()) {
        List<String> each = new ArrayList<>();
        ports.forEach((port, number) -> each.add(port + " = " + number));
        keys.add("ports { " + String.join(", ", each) + " }");
      }
      if (!pools.weight(coordinator).isEmpty()) {
        keys.add("weight = " + pools.weight(coordinator));
      }
      if (!coordinator.maxconn().isEmpty() && !coordinator.maxconn().equals("none")) {
        keys.add("maxconn = " + coordinator.maxconn());
      }
      if (coordinator.isAlwaysDisabled()) {
        keys.add("state = maint");
      }
      line(
          2,
          keys.size() == 1 ? Hocon.text(coordinator.name) : "{ " + String.join(", ", keys) + " }",
          coordinator.maxconnReason());
    }
    line(1, "]", "");
  }

  private void pools() {
    if (pools.declared().isEmpty()) {
      return;
    }
    gap();
    line(1, "pools {", "weight and backup are as in each backend");
    pools
        .declared()
        .forEach((name, members) -> {
          line(2, Hocon.key(name) + " = [", "");
          members.forEach(member -> line(3, member(member), ""));
          line(2, "]", "");
        });
    line(1, "}", "");
  }

  private static String member(Pools.Member member) {
    String name = Hocon.text(member.coordinator().name);
    if (member.weight().isEmpty() && !member.backup()) {
      return name;
    }
    return "{ coordinator = "
        + name
        + (member.weight().isEmpty() ? "" : ", weight = " + member.weight())
        + (member.backup() ? ", backup = true" : "")
        + " }";
  }

  private void listeners() {
    Map<String, String> common = common();
    if (!common.isEmpty()) {
      gap();
      line(1, "defaults {", "");
      common.forEach((key, value) -> line(2, key + " = " + value, ""));
      line(1, "}", "");
    }
    gap();
    line(1, "listeners = [", "");
    for (Listener listener : listeners) {
      listener(listener, common);
    }
    line(1, "]", "");
  }

  private void listener(Listener listener, Map<String, String> common) {
    line(2, "{", "");
    line(3, "name = " + Hocon.text(listener.name()), "");
    List<String> binds = listener.addresses().stream().map(Hocon::text).toList();
    line(
        3,
        "bind = " + (binds.size() == 1 ? binds.get(0) : "[" + String.join(", ", binds) + "]"),
        "");
    line(3, "protocol = " + listener.protocol().word(), listener.guess());
    if (!pools.name(listener).isEmpty()) {
      line(3, "pool = " + Hocon.text(pools.name(listener)), "");
    }
    line(
        3,
        "balance = " + listener.balance(),
        listener.back().settings.containsKey("balance") || listener.back().stickOnSource != null
            ? ""
            : "HAProxy's default");
    listener
        .settings()
        .forEach((key, setting) -> {
          if (!common.containsKey(key)) {
            line(3, key + " = " + setting.value(), "");
          }
        });
    if (listener.acceptProxy()) {
      line(3, "accept-proxy = [\"0.0.0.0/0\", \"::/0\"]", "name the balancer in front instead");
    }
    Map<String, String> aliases = coordinators.aliases(listener);
    if (!aliases.isEmpty()) {
      line(3, "aliases {", "");
      aliases.forEach((name, alias) -> line(4, Hocon.key(name) + " = " + Hocon.text(alias), ""));
      line(3, "}", "");
    }
    line(2, "}", "");
  }

  /** Returns what all listeners say, if there are several. */
  private Map<String, String> common() {
    Map<String, String> common = new LinkedHashMap<>();
    if (listeners.size() > 1) {
      listeners.get(0).settings().forEach((key, setting) -> common.put(key, setting.value()));
      for (Listener listener : listeners) {
        Map<String, Setting> settings = listener.settings();
        common
            .entrySet()
            .removeIf(entry -> {
              Setting setting = settings.get(entry.getKey());
              return setting == null || !setting.value().equals(entry.getValue());
            });
      }
    }
    return common;
  }

  private void checks(Checks checks) {
    gap();
    line(1, "check {", "");
    line(2, "type = " + checks.type(), checks.reason());
    for (Map.Entry<String, Set<String>> each : checks.values().entrySet()) {
      Set<String> values = each.getValue();
      line(
          2,
          each.getKey() + " = " + values.iterator().next(),
          values.size() == 1 ? "" : "one for all; of " + String.join(", ", values));
    }
    line(1, "}", "");
  }
}
