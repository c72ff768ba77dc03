package io.impalabalancer.config;

import com.typesafe.config.ConfigObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code pools} and {@code member-defaults}. */
final class PoolReader {
  private final Section defaults;
  private final Map<String, CoordinatorConfig> coordinators = new LinkedHashMap<>();

  private PoolReader(Section defaults, List<CoordinatorConfig> coordinators) {
    this.defaults = defaults;
    coordinators.forEach(c -> this.coordinators.putIfAbsent(c.name(), c));
  }

  /** Returns the pool {@code all}, then those declared. */
  static List<PoolConfig> read(Section root, List<CoordinatorConfig> coordinators) {
    Section section = root.section("pools");
    Section defaults = root.section("member-defaults");
    weight(defaults, 0);
    defaults.get("backup").bool();
    List<PoolConfig> pools = new ArrayList<>();
    pools.add(
        new PoolConfig(
            BalancerConfig.POOL_ALL,
            coordinators.stream()
                .map(c -> new MemberConfig(c.name(), c.weight(), false))
                .toList()));
    PoolReader reader = new PoolReader(defaults, coordinators);
    for (String name : section.keys()) {
      pools.add(reader.pool(section, name));
    }
    return pools;
  }

  private PoolConfig pool(Section pools, String name) {
    Value list = pools.get(name);
    list.checkName(name);
    if (name.equals(BalancerConfig.POOL_ALL)) {
      list.error("the name is reserved for the pool of all coordinators, choose another");
    }
    List<Value> elements = list.elements("a list of coordinators");
    if (list.isList() && elements.isEmpty()) {
      list.error("the pool is empty, expected a list of coordinators");
    }
    Map<String, Place> seen = new HashMap<>();
    List<MemberConfig> members = new ArrayList<>();
    List<Section> sections = new ArrayList<>();
    for (Value element : elements) {
      Section section = section(element);
      if (section != null) {
        sections.add(section);
        MemberConfig member = member(section, seen);
        if (member != null) {
          members.add(member);
        }
      }
    }
    pools.inForce(name, new Node.Items(sections));
    return new PoolConfig(name, members);
  }

  private @Nullable Section section(Value element) {
    if (element.raw() instanceof ConfigObject object) {
      return element.section(element.path(), object, defaults);
    }
    String coordinator = element.text("a coordinator or a record { coordinator = ... }");
    return coordinator == null
        ? null
        : element.section(element.path(), element.raw().atKey("coordinator").root(), defaults);
  }

  private @Nullable MemberConfig member(Section section, Map<String, Place> seen) {
    Value value = section.require("coordinator", "the name of a coordinator");
    String name = value == null ? null : value.text("the name of a coordinator");
    CoordinatorConfig coordinator = name == null ? null : coordinators.get(name);
    if (value != null && name != null) {
      if (coordinator == null) {
        value.unknown("coordinator", name, coordinators.keySet());
      }
      Place taken = seen.putIfAbsent(name, value.place());
      if (taken != null) {
        value.error("\"" + name + "\" is already in the pool, at " + taken);
      }
    }
    int inherited = coordinator == null ? 0 : coordinator.weight();
    int weight = weight(section, inherited);
    if (coordinator != null) {
      section.inForce("weight", section.get("weight").as(weight));
    }
    boolean backup = section.get("backup").bool();
    return coordinator == null ? null : new MemberConfig(coordinator.name(), weight, backup);
  }

  private static int weight(Section section, int inherited) {
    return section.get("weight").integerOr("inherit", inherited, 0, 256);
  }
}
