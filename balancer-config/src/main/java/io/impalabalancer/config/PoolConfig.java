package io.impalabalancer.config;

import java.util.List;

/**
 * A named, ordered set of coordinators.
 *
 * @param members never empty, each coordinator once
 */
public record PoolConfig(String name, List<MemberConfig> members) {

  public PoolConfig {
    members = List.copyOf(members);
  }
}
