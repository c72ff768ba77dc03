package io.impalabalancer.config;

/** What follows when failed connects of real sessions reach their limit. Words are HAProxy's. */
public enum OnError {
  /** Checks come at {@code fastinter}. */
  FASTINTER("fastinter"),
  /** Counts as one failed check. */
  FAIL_CHECK("fail-check"),
  /** As if one more failed check would make it DOWN, and checks come at {@code fastinter}. */
  SUDDEN_DEATH("sudden-death"),
  /** DOWN at once. */
  MARK_DOWN("mark-down");

  private final String word;

  OnError(String word) {
    this.word = word;
  }

  /** Returns the word that the configuration uses. */
  public String word() {
    return word;
  }
}
