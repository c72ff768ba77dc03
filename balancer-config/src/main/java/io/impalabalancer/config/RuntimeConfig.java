package io.impalabalancer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The socket for runtime commands.
 *
 * @param socket its path; empty switches it off
 * @param mode the permissions of that file, as in {@code chmod}
 * @param level what its clients may do
 */
public record RuntimeConfig(Optional<Path> socket, int mode, Level level) {

  /** What a client may do, as HAProxy has it; each level may what those before it may. */
  public enum Level {
    /** May read what is not of persons. */
    USER("user"),
    /** May also see sessions, and clear the most of counters. */
    OPERATOR("operator"),
    /** May do everything. */
    ADMIN("admin");

    private final String word;

    Level(String word) {
      this.word = word;
    }

    /** Returns the word that configuration and commands use. */
    public String word() {
      return word;
    }
  }
}
