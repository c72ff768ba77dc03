package io.impalabalancer.config;

import java.time.Duration;

/**
 * When idle sessions of a listener are closed so that a coordinator which stays nearly empty gets
 * some.
 *
 * @param after how long it has to stay so, or {@link Timeouts#INFINITE}: none is ever closed
 * @param silence without a byte, from which on a session may be closed
 * @param rate sessions closed a second at most
 */
public record RebalanceConfig(Duration after, Duration silence, int rate) {

  /** Returns whether sessions may be closed at all. */
  public boolean isOn() {
    return !after.equals(Timeouts.INFINITE);
  }
}
