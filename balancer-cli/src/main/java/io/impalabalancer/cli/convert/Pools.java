package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The pools of the result: one for each list of members that listeners have, with weight and
 * backup. Where all listeners have all coordinators and no backup, there is none to declare.
 */
final class Pools {

  /**
   * A coordinator in a pool.
   *
   * @param weight empty: the coordinator's
   */
  record Member(Coordinator coordinator, String weight, boolean backup) {}

  private final Map<String, List<Member>> declared = new LinkedHashMap<>();
  private final Map<Listener, String> names = new LinkedHashMap<>();
  private final Map<Coordinator, String> weights = new LinkedHashMap<>();

  private Pools() {}

  static Pools of(List<Listener> listeners, Coordinators coordinators) {
    Pools pools = new Pools();
    Map<List<Member>, String> byMembers = new LinkedHashMap<>();
    Map<Listener, List<Member>> members = new LinkedHashMap<>();
    for (Listener listener : listeners) {
      List<Member> list = members(coordinators.members(listener));
      members.put(listener, list);
      byMembers.computeIfAbsent(list, each -> pools.freeName(listener, byMembers));
      warnOfBackups(listener, list);
    }
    boolean one =
        byMembers.size() == 1
            && byMembers.keySet().stream()
                .noneMatch(list -> list.stream().anyMatch(Member::backup));
    if (one) {
      byMembers
          .keySet()
          .iterator()
          .next()
          .forEach(member -> pools.weights.put(member.coordinator(), member.weight()));
    } else {
      byMembers.forEach((list, name) -> pools.declared.put(name, list));
      members.forEach((listener, list) ->
          pools.names.put(listener, Objects.requireNonNull(byMembers.get(list))));
    }
    return pools;
  }

  Map<String, List<Member>> declared() {
    return declared;
  }

  /** Returns the pool of a listener, empty if none is declared. */
  String name(Listener listener) {
    return names.getOrDefault(listener, "");
  }

  /** Returns the weight that a coordinator has without pools, empty for the default. */
  String weight(Coordinator coordinator) {
    return weights.getOrDefault(coordinator, "");
  }

  /** HAProxy's weight is 1 where none is given, and counts only beside the others of a pool. */
  private static List<Member> members(Map<Server, Coordinator> servers) {
    boolean weighted = servers.keySet().stream().anyMatch(server -> server.has("weight"));
    List<Member> members = new ArrayList<>();
    servers.forEach((server, coordinator) -> {
      Setting said = server.option("weight");
      String weight = said != null ? said.value() : weighted ? "1" : "";
      if (server.has("disabled") && !coordinator.isAlwaysDisabled()) {
        weight = "0";
      }
      members.add(new Member(coordinator, weight, server.has("backup")));
    });
    return members;
  }

  private String freeName(Listener listener, Map<List<Member>, String> taken) {
    String name = listener.back().name();
    while (name.equals("all") || taken.containsValue(name)) {
      name += "-pool";
    }
    return name;
  }

  private static void warnOfBackups(Listener listener, List<Member> members) {
    if (members.stream().filter(Member::backup).count() > 1 && !listener.back().allBackups) {
      for (Server server : listener.back().servers) {
        if (server.has("backup")) {
          server.line().warn("all backups serve at once, as with option allbackups");
        }
      }
    }
  }
}
