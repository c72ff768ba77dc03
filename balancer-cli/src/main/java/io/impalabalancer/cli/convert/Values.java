package io.impalabalancer.cli.convert;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads HAProxy's numbers and times, and writes them as HOCON. What is wrong is told to the line.
 */
final class Values {
  private static final Pattern TIME = Pattern.compile("(\\d{1,12})(us|ms|s|m|h|d)?");
  private static final Duration DAY = Duration.ofDays(1);

  private Values() {}

  /**
   * Returns a time as a duration of HOCON: without a unit it is milliseconds (configuration.txt,
   * 2.5 "Time format"); empty after an error.
   *
   * @param zero what 0 means
   * @param most the longest that the key takes
   */
  static String time(Line line, String text, String zero, Duration most) {
    Matcher matcher = TIME.matcher(text);
    if (!matcher.matches()) {
      line.error("found \"" + text + "\", expected a time such as 500ms, 30s, 5m or 1h");
      return "";
    }
    String unit = matcher.group(2) == null ? "ms" : matcher.group(2);
    Duration time = of(Long.parseLong(matcher.group(1)), unit);
    if (time.isZero()) {
      return zero;
    }
    if (time.compareTo(most) > 0) {
      line.warn("found \"" + text + "\", the most is " + written(most));
      return written(most);
    }
    return written(time);
  }

  /** As {@link #time(Line, String, String, Duration)}, for a time that cannot be zero. */
  static String time(Line line, String text) {
    return time(line, text, "1ms", DAY);
  }

  /** Returns a whole number, empty after an error. */
  static OptionalInt number(Line line, String text, int least, int most) {
    OptionalLong number = whole(text);
    if (number.isEmpty()) {
      line.error(
          "found \"%s\", expected a whole number from %d to %d".formatted(text, least, most));
      return OptionalInt.empty();
    }
    long value = Math.max(least, Math.min(most, number.getAsLong()));
    if (value != number.getAsLong()) {
      line.warn("found %s, the range is %d to %d: %d".formatted(text, least, most, value));
    }
    return OptionalInt.of((int) value);
  }

  /** Returns a number without a sign, empty if the text is none. */
  static OptionalLong whole(String text) {
    return text.matches("\\d{1,12}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
  }

  /** Returns a duration as {@link #time} wrote it. */
  static Duration duration(String written) {
    Matcher matcher = TIME.matcher(written);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(written);
    }
    return of(Long.parseLong(matcher.group(1)), matcher.group(2));
  }

  private static Duration of(long number, String unit) {
    return switch (unit) {
      case "us" -> Duration.ofMillis((number + 999) / 1000);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      case "d" -> Duration.ofDays(number);
      default -> Duration.ofMillis(number);
    };
  }

  private static String written(Duration time) {
    long millis = time.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 3600 == 0) {
      return seconds % 86400 == 0 && seconds / 86400 > 1
          ? seconds / 86400 + "d"
          : seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
