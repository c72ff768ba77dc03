package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.OnError;
import io.impalabalancer.core.Coordinator.Status;
import java.time.Duration;

/**
 * Rise and fall, as HAProxy counts them: results of checks in, status and the time to the next
 * check out. Knows neither sockets nor time.
 *
 * <p>{@code health} goes from 0 to rise + fall - 1. From {@code rise} on it is UP. A good result
 * adds one, and what reaches {@code rise} jumps to the top; a bad one takes one, and what falls
 * below {@code rise} drops to 0. So one good result makes good all failures of one that is UP, and
 * one bad result all successes of one that is DOWN. The very first result decides alone.
 */
final class HealthState {
  private final CheckConfig config;
  private final int rise;
  private final int top;
  private int health;
  private boolean checking;
  private boolean soon;

  /** Makes one that is surely in a status, or has no result yet. */
  HealthState(CheckConfig config, Status status) {
    this.config = config;
    rise = config.rise();
    top = config.rise() + config.fall() - 1;
    checking = status == Status.CHECKING;
    health = status == Status.UP ? top : 0;
  }

  Status status() {
    if (checking) {
      return Status.CHECKING;
    }
    return health >= rise ? Status.UP : Status.DOWN;
  }

  /** Returns whether the last results do not yet say all of the same. */
  boolean inTransition() {
    return checking || (health != 0 && health != top);
  }

  /** Returns whether it is UP, and nothing gives reason to doubt it. */
  boolean surelyUp() {
    return !soon && !checking && health == top;
  }

  /** Takes a result that counts, and returns whether the status changed. */
  boolean result(boolean good) {
    Status before = status();
    if (checking) {
      checking = false;
      health = good ? top : 0;
    } else if (good) {
      health = health + 1 >= rise ? top : health + 1;
    } else {
      fail();
    }
    soon = false;
    return status() != before;
  }

  /**
   * Takes it that failed connects of sessions reached their limit, and returns whether the status
   * changed. The next check comes at {@code fastinter} in any case. Nothing more happens to one
   * that is not UP.
   */
  boolean onError(OnError onError) {
    soon = true;
    if (status() != Status.UP) {
      return false;
    }
    switch (onError) {
      case FASTINTER -> {}
      case FAIL_CHECK -> fail();
      case SUDDEN_DEATH -> {
        health = Math.min(health, rise + 1);
        fail();
      }
      case MARK_DOWN -> health = 0;
    }
    return status() == Status.DOWN;
  }

  /** Takes it that people know better. */
  void force(boolean up) {
    checking = false;
    health = up ? top : 0;
  }

  /** Returns HAProxy's number: 0 to rise + fall - 1. */
  int health() {
    return health;
  }

  /** Lets the next check come at {@code fastinter}. */
  void soon() {
    soon = true;
  }

  private void fail() {
    health = health - 1 < rise ? 0 : health - 1;
  }

  /** Returns the time to the next check. */
  Duration interval() {
    if (soon || inTransition()) {
      return config.fastinter();
    }
    return health == top ? config.inter() : config.downinter();
  }
}
