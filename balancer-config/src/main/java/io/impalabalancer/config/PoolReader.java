package io.impalabalancer.config;

import com.typesafe.config.ConfigObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads {@code pools} and {@code member-defaults}. */
final class PoolReader {
  /** What no name has: an entry with such a character is a regular expression. */
  private static final Pattern PATTERN = Pattern.compile(".*[^A-Za-z0-9_.:-].*");

  private static final String EXPECTED =
      "the name of a coordinator, or a regular expression in quotes such as \"etl-.*\"";

  private final Section defaults;
  private final boolean discovers;
  private final List<CoordinatorConfig> coordinators;
  private final List<PoolConfig> pools = new ArrayList<>();
  private final Map<String, List<MemberRule>> rules = new LinkedHashMap<>();

  private PoolReader(Section defaults, List<CoordinatorConfig> coordinators, boolean discovers) {
    this.defaults = defaults;
    this.coordinators = coordinators;
    this.discovers = discovers;
  }

  /**
   * Reads all; {@link #pools} and {@link #rules} have it.
   *
   * @param discovers whether coordinators may be found that are not declared
   */
  static PoolReader read(Section root, List<CoordinatorConfig> coordinators, boolean discovers) {
    Section section = root.section("pools");
    Section defaults = root.section("member-defaults");
    defaults.get("weight").integerOr("inherit", 0, 0, 256);
    defaults.get("backup").bool();
    PoolReader reader = new PoolReader(defaults, coordinators, discovers);
    reader.add(BalancerConfig.POOL_ALL, List.of(MemberRule.EVERYONE));
    for (String name : section.keys()) {
      reader.add(name, reader.rules(section, name));
    }
    return reader;
  }

  private void add(String name, List<MemberRule> entries) {
    rules.put(name, entries);
    pools.add(new PoolConfig(name, MemberRule.members(entries, coordinators)));
  }

  /** Returns the pool {@code all}, then those declared, with the members that are known. */
  List<PoolConfig> pools() {
    return pools;
  }

  /** Returns what each pool was declared as. */
  Map<String, List<MemberRule>> rules() {
    return rules;
  }

  private List<MemberRule> rules(Section section, String name) {
    Value list = section.get(name);
    list.checkName(name);
    if (name.equals(BalancerConfig.POOL_ALL)) {
      list.error("the name is reserved for the pool of all coordinators, choose another");
    }
    List<Value> elements = list.elements("a list of coordinators");
    if (list.isList() && elements.isEmpty()) {
      list.error("the pool is empty, expected a list of coordinators");
    }
    Map<String, Place> seen = new HashMap<>();
    List<MemberRule> entries = new ArrayList<>();
    List<Section> sections = new ArrayList<>();
    for (Value element : elements) {
      Section member = section(element);
      if (member != null) {
        sections.add(member);
        MemberRule rule = rule(member, seen);
        if (rule != null) {
          entries.add(rule);
        }
      }
    }
    section.inForce(name, new Node.Items(sections));
    return entries;
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

  private @Nullable MemberRule rule(Section section, Map<String, Place> seen) {
    Value value = section.require("coordinator", EXPECTED);
    String name = value == null ? null : value.text(EXPECTED);
    boolean isPattern = name != null && PATTERN.matcher(name).matches();
    if (value != null && name != null) {
      Place taken = seen.putIfAbsent(name, value.place());
      if (taken != null) {
        value.error("\"" + name + "\" is already in the pool, at " + taken);
        return null;
      }
    }
    boolean known = value != null && name != null && isKnown(value, name, isPattern);
    CoordinatorConfig named =
        coordinators.stream().filter(c -> c.name().equals(name)).findFirst().orElse(null);
    int inherited = named == null ? 0 : named.weight();
    Value weightValue = section.get("weight");
    int weight = weightValue.integerOr("inherit", inherited, 0, 256);
    if (named != null) {
      section.inForce("weight", weightValue.as(weight));
    }
    boolean inherits = named == null && weightValue.is("inherit");
    boolean backup = section.get("backup").bool();
    return known && name != null
        ? new MemberRule(
            name, isPattern, inherits ? OptionalInt.empty() : OptionalInt.of(weight), backup)
        : null;
  }

  /** Returns whether an entry means somebody, or may mean somebody who is found. */
  private boolean isKnown(Value value, String name, boolean isPattern) {
    List<String> names = coordinators.stream().map(CoordinatorConfig::name).toList();
    try {
      Predicate<String> matches =
          isPattern ? Pattern.compile(name).asMatchPredicate() : name::equals;
      if (discovers || names.stream().anyMatch(matches)) {
        return true;
      }
    } catch (PatternSyntaxException e) {
      value.error(
          "found \""
              + name
              + "\", expected "
              + EXPECTED
              + ": "
              + e.getDescription()
              + " at character "
              + (e.getIndex() + 1));
      return false;
    }
    if (isPattern) {
      value.error(
          "no coordinator's name matches \"" + name + "\"" + Nearest.hintOrAll(name, names));
    } else {
      value.unknown("coordinator", name, names);
    }
    return false;
  }
}
