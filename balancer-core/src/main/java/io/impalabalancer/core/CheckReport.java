package io.impalabalancer.core;

import io.impalabalancer.config.CheckKind;

/**
 * How a check of a coordinator ended.
 *
 * @param kind what was done, never {@code auto}
 * @param result a closed set of words: {@code ok}, or why it failed
 * @param reason for people, such as {@code http status 503 (expected 200)}
 * @param health HAProxy's number after it: 0 to rise + fall - 1, UP from rise on
 */
public record CheckReport(
    CheckKind kind, String result, String reason, long durationNanos, int health) {

  /** Returns whether the coordinator answered as expected. */
  public boolean ok() {
    return result.equals("ok");
  }
}
