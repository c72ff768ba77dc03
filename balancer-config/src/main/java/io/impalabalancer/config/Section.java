package io.impalabalancer.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An object of the configuration, over another that gives what it leaves out. It remembers what was
 * asked of it: a key that nobody asked for is unknown, and what was found is what is in force.
 */
final class Section implements Node {
  private final Problems problems;
  private final String path;
  private final ConfigObject object;
  private final Place place;
  private final @Nullable Section fallback;
  private final Set<String> known = new LinkedHashSet<>();
  private final Map<String, Node> inForce = new LinkedHashMap<>();

  /**
   * @param path of keys, as messages name it; empty for {@code impala-balancer}
   * @param place where that stands which holds the section, for a merged object
   */
  Section(
      Problems problems,
      String path,
      ConfigObject object,
      Place place,
      @Nullable Section fallback) {
    this.problems = problems;
    this.path = path;
    this.object = object;
    Place own = Place.of(object.origin(), place);
    this.place = own.isBuiltIn() ? place : own;
    this.fallback = fallback;
  }

  String path() {
    return path;
  }

  Place place() {
    return place;
  }

  /** Returns what is in force, in the order in which it was asked for. */
  Map<String, Node> inForce() {
    return Collections.unmodifiableMap(inForce);
  }

  /** Remembers what is in force for a key, in place of the plain value. */
  void inForce(String key, Node node) {
    inForce.put(key, node);
  }

  void error(String message) {
    problems.error(place, label() + ": " + message);
  }

  /** Reports a value at its place, or here if it is a default. */
  void error(Value value, String message) {
    problems.error(value.place().isBuiltIn() ? place : value.place(), label() + ": " + message);
  }

  /** Warns of a value at its place, or here if it is a default. */
  void warning(String key, String message) {
    Value value = get(key);
    boolean builtIn = value.place().isBuiltIn();
    problems.warning(
        builtIn ? place : value.place(),
        (builtIn ? join(key) : value.path()) + ": found " + value.found() + ": " + message);
  }

  /** Returns a value that {@code reference.conf} gives if nobody else does. */
  Value get(String key) {
    Value value = find(key);
    if (value == null) {
      throw new IllegalStateException("no default in reference.conf: " + join(key));
    }
    return value;
  }

  /** Returns a value that may be left out. */
  @Nullable Value find(String key) {
    known.add(key);
    Value value = lookup(key);
    if (value != null) {
      inForce.putIfAbsent(key, value);
    }
    return value;
  }

  /** Returns a value that must be given, or reports that it is missing. */
  @Nullable Value require(String key, String expected) {
    Value value = find(key);
    if (value == null) {
      error("\"" + key + "\" is missing, expected " + expected);
    }
    return value;
  }

  private @Nullable Value lookup(String key) {
    ConfigValue raw = object.get(key);
    if (raw != null) {
      return new Value(problems, join(key), raw, place);
    }
    return fallback == null ? null : fallback.lookup(key);
  }

  /** Returns the section under a key; it is empty if there is none or something else. */
  Section section(String key) {
    if (inForce.get(key) instanceof Section section) {
      return section;
    }
    known.add(key);
    ConfigValue raw = object.get(key);
    if (raw != null && !(raw instanceof ConfigObject)) {
      new Value(problems, join(key), raw, place).unexpected("an object, " + key + " { ... }");
    }
    Section section = child(key);
    inForce.put(key, section);
    return section;
  }

  private Section child(String key) {
    ConfigObject own =
        object.get(key) instanceof ConfigObject child ? child : ConfigFactory.empty().root();
    return new Section(
        problems, join(key), own, place, fallback == null ? null : fallback.child(key));
  }

  /** Returns the path of an element of a list, by its name or else its number. */
  static String elementPath(String list, Value element, ConfigObject object) {
    ConfigValue name = object.get("name");
    return name != null && name.valueType() == ConfigValueType.STRING
        ? list + "[" + name.unwrapped() + "]"
        : element.path();
  }

  /** Returns all keys, where keys are names. HOCON keeps no order, so it is that of their lines. */
  List<String> keys() {
    Map<String, Place> places = new TreeMap<>();
    for (Section section = this; section != null; section = section.fallback) {
      for (Map.Entry<String, ConfigValue> entry : section.object.entrySet()) {
        places.putIfAbsent(entry.getKey(), Place.of(entry.getValue().origin(), section.place));
      }
    }
    return places.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Reports every key that nobody asked for, here and below. */
  void refuseUnknownKeys() {
    new TreeMap<>(object)
        .forEach((key, raw) -> {
          if (!known.contains(key)) {
            refuse(key, raw);
          }
        });
    inForce.values().forEach(Section::refuseUnknownKeys);
  }

  private static void refuseUnknownKeys(Node node) {
    if (node instanceof Section section) {
      section.refuseUnknownKeys();
    } else if (node instanceof Items items) {
      items.elements().forEach(Section::refuseUnknownKeys);
    }
  }

  private void refuse(String key, ConfigValue raw) {
    String hint = Nearest.hint(key, known);
    problems.error(
        Place.of(raw.origin(), place),
        label()
            + ": unknown key "
            + ConfigUtil.quoteString(key)
            + Value.pathHint(key, raw)
            + (hint.isEmpty() ? "; known keys: " + String.join(", ", known) : hint));
  }

  private String label() {
    return path.isEmpty() ? "impala-balancer" : path;
  }

  private String join(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
