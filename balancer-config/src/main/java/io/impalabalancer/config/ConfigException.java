package io.impalabalancer.config;

import java.util.List;

/** A configuration that is refused, with every reason at once. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  /** Takes at least one problem. */
  public ConfigException(List<Problem> problems) {
    super(problems.size() + " problem(s) in the configuration, first: " + problems.get(0));
    this.problems = List.copyOf(problems);
  }

  /** Returns the problems in the order of their places, at least one. */
  public List<Problem> problems() {
    return problems;
  }
}
