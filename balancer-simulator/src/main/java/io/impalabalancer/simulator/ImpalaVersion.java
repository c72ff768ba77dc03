package io.impalabalancer.simulator;

/** Which Impala a coordinator is taken for: what its web pages have differs. */
public enum ImpalaVersion {
  /** As tag 3.4.0: no list of connections, no start times in {@code /backends}. */
  V3_4("3.4.0-RELEASE"),

  /** As tag 4.5.0. */
  V4_5("4.5.0-RELEASE");

  private final String build;

  ImpalaVersion(String build) {
    this.build = build;
  }

  /** What {@code version()} and the web page say ({@code GetVersionString}, debug-util.cc). */
  String text() {
    return compact() + "\nBuilt on Thu Jan  1 00:00:00 UTC 1970";
  }

  /** The same on one line. */
  String compact() {
    return "impalad version " + build + " RELEASE (build simulated)";
  }
}
