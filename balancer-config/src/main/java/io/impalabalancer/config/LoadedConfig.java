package io.impalabalancer.config;

import java.util.List;

/**
 * What {@link ConfigLoader} makes of a file that it does not refuse.
 *
 * @param warnings what is allowed and probably not meant
 * @param effective every value in force, as HOCON, with its origin in a comment
 */
public record LoadedConfig(BalancerConfig config, List<Problem> warnings, String effective) {

  public LoadedConfig {
    warnings = List.copyOf(warnings);
  }
}
