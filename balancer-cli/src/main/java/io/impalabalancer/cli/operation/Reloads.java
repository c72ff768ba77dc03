package io.impalabalancer.cli.operation;

import java.lang.management.ManagementFactory;
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

  /** The one of a balancer whose configuration is no file. */
  Reloads NONE =
      new Reloads() {
        @Override
        public Result last() {
          long start = ManagementFactory.getRuntimeMXBean().getStartTime();
          return new Result(Instant.ofEpochMilli(start), "start", true, List.of(), List.of(), "");
        }

        @Override
        public Result reload(String by) {
          return dryRun(by);
        }

        @Override
        public Result dryRun(String by) {
          List<String> problem = List.of("there is no configuration file to read");
          return new Result(Instant.now(), by, false, List.of(), problem, "");
        }
      };

  /** Returns what came of the last reload, or of the start if there was none. */
  Result last();

  /** Goes over to what the file says, and tells what came of it. */
  Result reload(String by);

  /** Returns what {@link #reload} would do now, without doing it. */
  Result dryRun(String by);
}
