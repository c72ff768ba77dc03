package io.impalabalancer.cli.web;

import java.time.Instant;
import java.util.List;

/** Goes over to what the configuration file says now, for whoever asks. Any thread but a loop. */
public interface Reloads {

  /**
   * What came of a reload, or would come of it.
   *
   * @param at when it ended
   * @param by who asked for it
   * @param ok whether the file is in force
   * @param changes a line each, the plan
   * @param problems a line each; empty if it went well
   * @param hash of the configuration in force
   */
  record Result(
      Instant at, String by, boolean ok, List<String> changes, List<String> problems, String hash) {

    public Result {
      changes = List.copyOf(changes);
      problems = List.copyOf(problems);
    }
  }

  /** Returns what came of the last reload, or of the start if there was none. */
  Result last();

  /** Goes over to what the file says, and tells what came of it. */
  Result reload(String by);

  /** Returns what {@link #reload} would do now, without doing it. */
  Result dryRun(String by);
}
