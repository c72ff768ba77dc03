package io.impalabalancer.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is different between two configurations, value by value, in the words of the file. */
public final class ConfigDiff {

  /** Their values are in force where nothing else is said, and there they are compared. */
  static final Set<String> DEFAULTS = Set.of("defaults", "coordinator-defaults", "member-defaults");

  private final List<Change> changes = new ArrayList<>();

  private ConfigDiff() {}

  /**
   * One difference.
   *
   * @param path of keys; an element of a list by its name in brackets
   * @param before as HOCON, null if there was nothing
   * @param after as HOCON, null if there is nothing
   */
  public record Change(String path, @Nullable String before, @Nullable String after) {

    /** Returns a line for people. */
    @Override
    public String toString() {
      if (before == null) {
        return "add " + path;
      }
      return after == null ? "remove " + path : "change " + path + ": " + before + " -> " + after;
    }
  }

  /** Returns the differences in the order of the file. */
  public static List<Change> between(LoadedConfig before, LoadedConfig after) {
    ConfigDiff diff = new ConfigDiff();
    diff.compare("", members(root(before)), members(root(after)));
    boolean usersSeen = diff.changes.stream().anyMatch(c -> c.path().startsWith("stats.users"));
    if (!usersSeen && !before.config().stats().users().equals(after.config().stats().users())) {
      diff.changes.add(new Change("stats.users", "passwords", "others"));
    }
    return diff.changes;
  }

  private static ConfigObject root(LoadedConfig config) {
    Config parsed = ConfigFactory.parseString(config.effective());
    return parsed.getObject("impala-balancer");
  }

  private void compare(
      String path, Map<String, ConfigValue> before, Map<String, ConfigValue> after) {
    after.forEach((key, value) -> {
      ConfigValue old = before.get(key);
      if (path.isEmpty() && DEFAULTS.contains(key)) {
        return;
      }
      String at = key.startsWith("[") || path.isEmpty() ? path + key : path + "." + key;
      if (old == null) {
        changes.add(new Change(at, null, text(value)));
      } else if (isTree(old) && isTree(value)) {
        compare(at, members(old), members(value));
      } else if (!old.equals(value)) {
        changes.add(new Change(at, text(old), text(value)));
      }
    });
    before.forEach((key, value) -> {
      if (!after.containsKey(key)) {
        String at = key.startsWith("[") || path.isEmpty() ? path + key : path + "." + key;
        changes.add(new Change(at, text(value), null));
      }
    });
    List<String> order = before.keySet().stream().filter(after::containsKey).toList();
    List<String> next = after.keySet().stream().filter(before::containsKey).toList();
    if (!order.isEmpty() && order.get(0).startsWith("[") && !order.equals(next)) {
      changes.add(new Change(path, "order " + String.join("", order), String.join("", next)));
    }
  }

  private static boolean isTree(ConfigValue value) {
    return value instanceof ConfigObject
        || (value instanceof ConfigList list
            && list.stream().anyMatch(e -> e instanceof ConfigObject));
  }

  /** Returns what an object or a list holds, in the order of the text. */
  private static Map<String, ConfigValue> members(ConfigValue value) {
    Map<String, ConfigValue> members = new LinkedHashMap<>();
    if (value instanceof ConfigObject object) {
      object.entrySet().stream()
          .sorted(Comparator.comparingInt(entry -> entry.getValue().origin().lineNumber()))
          .forEach(entry -> members.put(entry.getKey(), entry.getValue()));
    } else if (value instanceof ConfigList list) {
      for (ConfigValue element : list) {
        members.put("[" + name(element, members.size()) + "]", element);
      }
    }
    return members;
  }

  private static String name(ConfigValue element, int index) {
    if (element instanceof ConfigObject object) {
      for (String key : List.of("name", "coordinator")) {
        ConfigValue name = object.get(key);
        if (name != null) {
          return String.valueOf(name.unwrapped());
        }
      }
    }
    return Integer.toString(index);
  }

  private static String text(ConfigValue value) {
    return value instanceof ConfigObject || value instanceof ConfigList
        ? value.render(ConfigRenderOptions.concise())
        : String.valueOf(value.unwrapped());
  }
}
