package io.impalabalancer.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The web port of the balancer.
 *
 * @param bind empty switches it off
 * @param users who may log in, none means that nobody can change anything
 * @param open whether reading needs no login
 * @param openMetrics whether {@code /metrics} needs no login
 * @param openHealth whether {@code /healthz} and {@code /readyz} need no login
 * @param haproxyMetrics whether {@code /metrics} has HAProxy's names as well
 * @param loginCache how long a password that was right is not worked out again
 * @param failedLoginDelay how long an address waits after its first failed login
 */
public record StatsConfig(
    Optional<BindAddress> bind,
    List<UserConfig> users,
    boolean open,
    boolean openMetrics,
    boolean openHealth,
    boolean haproxyMetrics,
    Duration loginCache,
    Duration failedLoginDelay) {

  public StatsConfig {
    users = List.copyOf(users);
  }

  /** Returns whether reading needs no login: it is said so, or there is nobody who could log in. */
  public boolean openToRead() {
    return open || users.isEmpty();
  }
}
