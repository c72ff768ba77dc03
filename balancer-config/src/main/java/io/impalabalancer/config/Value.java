package io.impalabalancer.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One value with its path and place. What is asked of it and cannot be given is reported; what
 * comes back then is null or a stand-in, for the load fails in the end.
 */
final class Value implements Node {
  private static final String EXPECTED_NAME = "a name of letters, digits and _ . : -";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.:-]+");
  private static final Pattern WITHOUT_UNIT = Pattern.compile("-?[0-9.]+");

  private final Problems problems;
  private final String path;
  private final ConfigValue raw;
  private final Place place;

  /**
   * @param path of keys, as messages name it
   * @param parent where that stands which holds the value
   */
  Value(Problems problems, String path, ConfigValue raw, Place parent) {
    this.problems = problems;
    this.path = path;
    this.raw = raw;
    this.place = Place.of(raw.origin(), parent);
  }

  String path() {
    return path;
  }

  ConfigValue raw() {
    return raw;
  }

  Place place() {
    return place;
  }

  /** Returns where it comes from: a place, or the environment. */
  String origin() {
    return isFromEnvironment() ? "environment" : place.toString();
  }

  boolean isList() {
    return raw.valueType() == ConfigValueType.LIST;
  }

  /** Returns whether it is a text. */
  boolean isText() {
    return raw.valueType() == ConfigValueType.STRING;
  }

  /** Returns another value of the same path and origin. */
  Value as(Object derived) {
    ConfigValue other = ConfigValueFactory.fromAnyRef(derived).withOrigin(raw.origin());
    return new Value(problems, path, other, place);
  }

  /** Reports {@code path: message}, unless a variable that is not set has been reported here. */
  void error(String message) {
    if (raw.origin().description().contains(Hocon.UNSET)) {
      return;
    }
    problems.error(place, path + ": " + message);
  }

  /** Reports {@code path: found this, expected ...}. */
  void unexpected(String expected) {
    error("found " + found() + ", expected " + expected);
  }

  /** Returns a text, a number or a boolean as it was written, null for anything else. */
  @Nullable String text(String expected) {
    String text = scalar();
    if (text == null) {
      unexpected(expected);
    }
    return text;
  }

  /** Returns a name of a coordinator, listener or alias. */
  @Nullable String name() {
    String text = text(EXPECTED_NAME);
    if (text != null && !NAME.matcher(text).matches()) {
      unexpected(EXPECTED_NAME);
      return null;
    }
    return text;
  }

  /** Judges a name that is the key of this value. */
  void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      error("the name is \"" + name + "\", expected " + EXPECTED_NAME);
    }
  }

  /** Reports a name that leads nowhere. */
  void unknown(String kind, String name, Collection<String> names) {
    error("there is no " + kind + " \"" + name + "\"" + Nearest.hintOrAll(name, names));
  }

  /** Returns whether it is that text. */
  boolean is(String text) {
    return text.equals(scalar());
  }

  /** Returns the path of a file, which need not exist. */
  @Nullable Path file() {
    String text = text("the path of a file");
    try {
      return text == null ? null : Path.of(text);
    } catch (InvalidPathException e) {
      unexpected("the path of a file");
      return null;
    }
  }

  boolean bool() {
    String text = scalar();
    if (!"true".equals(text) && !"false".equals(text)) {
      unexpected("true or false");
    }
    return "true".equals(text);
  }

  int integer(int min, int max) {
    return integer(min, max, "a whole number from " + min + " to " + max);
  }

  /** As {@link #integer(int, int)}; {@code word} stands for {@code standsFor}. */
  int integerOr(String word, int standsFor, int min, int max) {
    return is(word)
        ? standsFor
        : integer(min, max, "a whole number from " + min + " to " + max + ", or " + word);
  }

  private int integer(int min, int max, String expected) {
    String text = scalar();
    try {
      long number = text == null ? Long.MIN_VALUE : Long.parseLong(text);
      if (number >= min && number <= max) {
        return (int) number;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    unexpected(expected);
    return min;
  }

  Duration duration(Duration min, Duration max) {
    return duration(min, max, "a duration from " + written(min) + " to " + written(max));
  }

  /** As {@link #duration(Duration, Duration)}, or {@link Timeouts#INFINITE}. */
  Duration durationOrInfinite(Duration min, Duration max) {
    return is("infinite")
        ? Timeouts.INFINITE
        : duration(
            min, max, "a duration from " + written(min) + " to " + written(max) + ", or infinite");
  }

  private Duration duration(Duration min, Duration max, String expected) {
    String text = scalar();
    if (text != null && WITHOUT_UNIT.matcher(text).matches()) {
      unexpected(expected + "; the unit is missing: " + text + "s or " + text + "ms?");
      return min;
    }
    try {
      Duration duration = text == null ? null : raw.atKey("v").getDuration("v");
      if (duration != null && duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0) {
        return duration;
      }
    } catch (com.typesafe.config.ConfigException e) {
      // Told below.
    }
    unexpected(expected);
    return min;
  }

  /** Returns bytes. */
  long size(long min, long max) {
    return size(min, max, "a size from " + size(min) + " to " + size(max));
  }

  /** As {@link #size(long, long)}; {@code none} gives 0. */
  long sizeOrNone(long min, long max) {
    return is("none")
        ? 0
        : size(min, max, "a size from " + size(min) + " to " + size(max) + ", or none");
  }

  private long size(long min, long max, String expected) {
    String text = scalar();
    if (text != null && WITHOUT_UNIT.matcher(text).matches()) {
      unexpected(expected + "; the unit is missing, as in 64MiB");
      return min;
    }
    try {
      long bytes = text == null ? -1 : raw.atKey("v").getBytes("v");
      if (bytes >= min && bytes <= max) {
        return bytes;
      }
    } catch (com.typesafe.config.ConfigException e) {
      // Told below.
    }
    unexpected(expected);
    return min;
  }

  /** Returns one of the words, the first of them after an error. */
  <E> E word(E[] values, Function<E, String> word) {
    E value = wordOrNull(values, word);
    return value == null ? values[0] : value;
  }

  /** Returns one of the words, null after an error. */
  <E> @Nullable E wordOrNull(E[] values, Function<E, String> word) {
    String text = scalar();
    List<String> words = Arrays.stream(values).map(word).toList();
    int index = text == null ? -1 : words.indexOf(text);
    if (index < 0) {
      String hint = text == null ? "" : Nearest.hint(text, words);
      unexpected("one of " + String.join(", ", words) + hint);
      return null;
    }
    return values[index];
  }

  /** Returns the elements of a list, none after an error. */
  List<Value> elements(String expected) {
    List<Value> elements = new ArrayList<>();
    if (raw instanceof ConfigList list) {
      for (ConfigValue element : list) {
        elements.add(
            new Value(problems, path + "[#" + (elements.size() + 1) + "]", element, place));
      }
    } else {
      unexpected(expected);
    }
    return elements;
  }

  /** Returns the object as a section that is named {@code path}. */
  Section section(String sectionPath, ConfigObject object, @Nullable Section fallback) {
    return new Section(problems, sectionPath, object, place, fallback);
  }

  /** Returns what a message says of the value. */
  String found() {
    String found =
        switch (raw.valueType()) {
          case OBJECT -> "an object" + pathHint(path, raw);
          case LIST -> "a list";
          default -> raw.render(ConfigRenderOptions.concise());
        };
    return isFromEnvironment() ? found + " (from the environment)" : found;
  }

  /**
   * Returns a hint if an object looks like a key with dots: {@code a.b.c = 1} is three objects, on
   * one line.
   */
  static String pathHint(String path, ConfigValue raw) {
    String key = path.substring(path.lastIndexOf('.') + 1);
    StringBuilder name = new StringBuilder(key);
    ConfigValue value = raw;
    while (value instanceof ConfigObject object
        && object.size() == 1
        && object.origin().lineNumber() == raw.origin().lineNumber()) {
      name.append('.').append(object.keySet().iterator().next());
      value = object.values().iterator().next();
    }
    return name.length() == key.length()
        ? ""
        : " (an unquoted name with dots is a path; if it is one name, write \"" + name + "\")";
  }

  private boolean isFromEnvironment() {
    return raw.origin().description().contains("env variables");
  }

  private @Nullable String scalar() {
    return switch (raw.valueType()) {
      case STRING, NUMBER, BOOLEAN -> raw.atKey("v").getString("v");
      default -> null;
    };
  }

  private static String written(Duration duration) {
    if (duration.toDays() > 0) {
      return duration.toDays() + "d";
    }
    if (duration.toHours() > 0) {
      return duration.toHours() + "h";
    }
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }

  private static String size(long bytes) {
    List<String> units = List.of("B", "KiB", "MiB", "GiB", "TiB");
    int unit = 0;
    long left = bytes;
    while (left % 1024 == 0 && unit < units.size() - 1) {
      left /= 1024;
      unit++;
    }
    return left + units.get(unit);
  }
}
