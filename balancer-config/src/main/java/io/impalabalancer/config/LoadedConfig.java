package io.impalabalancer.config;

import java.util.List;

/** What {@link ConfigLoader} makes of a file that it does not refuse. Immutable. */
public final class LoadedConfig {
  private final BalancerConfig config;
  private final List<Problem> warnings;
  private final Section root;

  LoadedConfig(BalancerConfig config, List<Problem> warnings, Section root) {
    this.config = config;
    this.warnings = List.copyOf(warnings);
    this.root = root;
  }

  /** Returns the configuration. */
  public BalancerConfig config() {
    return config;
  }

  /** Returns what is allowed and probably not meant. */
  public List<Problem> warnings() {
    return warnings;
  }

  /** Renders every value in force, as HOCON, with its origin in a comment. */
  public String effective() {
    return Effective.render(root);
  }
}
