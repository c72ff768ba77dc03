package io.impalabalancer.health;

import java.net.InetAddress;
import java.util.function.Consumer;

/** One way to find out how a coordinator is, one check at a time. Lives on one event loop. */
interface Check {

  /** Finds out nothing. */
  Check NONE =
      new Check() {
        @Override
        public void begin(InetAddress at, Consumer<CheckResult> done) {}

        @Override
        public void cancel() {}
      };

  /** Begins a check; its result comes later, unless {@link #cancel} comes before. */
  void begin(InetAddress at, Consumer<CheckResult> done);

  /** Gives up the check that is under way. */
  void cancel();

  /** Takes it that the process answers: what the last check found of its ports holds. */
  default void passed() {}

  /** Takes it that the process is DOWN. */
  default void down() {}

  /** Returns whether a port is neither surely UP nor surely DOWN. */
  default boolean portInTransition() {
    return false;
  }

  /** Ends everything. */
  default void end() {
    cancel();
  }
}
