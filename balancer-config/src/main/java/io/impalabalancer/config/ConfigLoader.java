package io.impalabalancer.config;

import java.nio.file.Path;

/** Reads and judges configuration files. Stateless; any thread. */
public final class ConfigLoader {

  private ConfigLoader() {}

  /**
   * Reads a file over the defaults of {@code reference.conf}. Judges the text alone: no name is
   * resolved and no port tried, so that the answer is the same on every machine.
   *
   * @throws ConfigException with all problems, if there is any; also for a missing or unreadable
   *     file
   */
  public static LoadedConfig load(Path file) throws ConfigException {
    Problems problems = new Problems();
    return judge(problems, Hocon.read(problems, file));
  }

  /**
   * As {@link #load}, from text.
   *
   * @param name stands for the file in messages
   * @throws ConfigException with all problems, if there is any
   */
  public static LoadedConfig parse(String name, String text) throws ConfigException {
    Problems problems = new Problems();
    return judge(problems, Hocon.read(problems, name, text));
  }

  private static LoadedConfig judge(Problems problems, Section root) throws ConfigException {
    BalancerConfig config = BalancerReader.read(problems, root);
    problems.throwIfAny();
    return new LoadedConfig(config, problems.warnings(), root);
  }
}
