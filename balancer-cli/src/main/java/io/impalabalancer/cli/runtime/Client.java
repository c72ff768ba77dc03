package io.impalabalancer.cli.runtime;

import io.impalabalancer.config.RuntimeConfig.Level;

/** Who is at the other end of a connection of the runtime socket, and what it may do. */
final class Client {
  private final String name;
  private Level level;
  private boolean prompt;
  private boolean quit;
  private int timeoutSeconds;

  /**
   * Makes one.
   *
   * @param name for reasons and logs, such as {@code runtime socket, uid 0}
   * @param timeoutSeconds how long it may be silent
   */
  Client(String name, Level level, int timeoutSeconds) {
    this.name = name;
    this.level = level;
    this.timeoutSeconds = timeoutSeconds;
  }

  String name() {
    return name;
  }

  Level level() {
    return level;
  }

  /** Goes down to a level; never up. */
  void lower(Level to) {
    if (to.compareTo(level) < 0) {
      level = to;
    }
  }

  boolean may(Level needed) {
    return level.compareTo(needed) >= 0;
  }

  boolean prompt() {
    return prompt;
  }

  void togglePrompt() {
    prompt = !prompt;
  }

  boolean hasQuit() {
    return quit;
  }

  void quit() {
    quit = true;
  }

  int timeoutSeconds() {
    return timeoutSeconds;
  }

  void setTimeoutSeconds(int seconds) {
    timeoutSeconds = seconds;
  }
}
