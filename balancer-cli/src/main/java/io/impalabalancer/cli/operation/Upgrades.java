package io.impalabalancer.cli.operation;

import java.time.Instant;

/** Puts the installed program in the place of this process, for whoever asks. Any thread. */
public interface Upgrades {

  /** How far one got. */
  enum State {
    /** There was none. */
    NONE,
    /** The successor starts. */
    RUNNING,
    /** There is no successor; this process goes on. */
    FAILED,
    /** The successor accepts, and this process ends with its last session. */
    DONE
  }

  /**
   * The last upgrade.
   *
   * @param at when it came to that state
   * @param by who asked for it
   * @param pid the successor's process id, 0 if there is none
   * @param reason why it failed, else empty
   */
  record Result(Instant at, String by, State state, long pid, String reason) {
    /** There was none. */
    public static final Result NONE = new Result(Instant.EPOCH, "", State.NONE, 0, "");
  }

  /** The one of a balancer that is not started by the launcher. */
  Upgrades NONE =
      new Upgrades() {
        @Override
        public Result last() {
          return Result.NONE;
        }

        @Override
        public boolean begin(String by) {
          return false;
        }
      };

  /** Returns the last one: of this process, not of those before it. */
  Result last();

  /** Begins one and returns; false if one is under way, or was done. */
  boolean begin(String by);
}
