package io.impalabalancer.simulator;

import java.util.Locale;

/** Times and sizes as Impala prints them ({@code be/src/util/pretty-printer.h}). */
final class PrettyPrinter {
  private static final long SECOND = 1000;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final String[] UNITS = {"B", "KB", "MB", "GB"};

  private PrettyPrinter() {}

  /** Such as {@code 1h59m}, {@code 2m}, {@code 5s030ms}; {@code 0} for nothing. */
  static String millis(long value) {
    if (value == 0) {
      return "0";
    }
    StringBuilder out = new StringBuilder();
    long left = value;
    if (value >= HOUR) {
      out.append(left / HOUR).append('h');
      left %= HOUR;
    }
    if (left >= MINUTE) {
      out.append(left / MINUTE).append('m');
      left %= MINUTE;
    }
    if (value < HOUR && left >= SECOND) {
      out.append(left / SECOND).append('s');
      left %= SECOND;
    }
    if (value < MINUTE) {
      out.append(String.format(value >= SECOND ? "%03dms" : "%dms", left));
    }
    return out.toString();
  }

  /** Such as {@code 1.50 GB}; {@code 0} for nothing. */
  static String bytes(long value) {
    if (value == 0) {
      return "0";
    }
    double output = value;
    int unit = 0;
    while (Math.abs(output) >= 1024 && unit < UNITS.length - 1) {
      output /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.2f %s", output, UNITS[unit]);
  }
}
