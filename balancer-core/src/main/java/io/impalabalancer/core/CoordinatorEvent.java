package io.impalabalancer.core;

import java.time.Duration;

/**
 * One change of a coordinator's state.
 *
 * @param axis what changed
 * @param subject the protocol's word for {@code PORT} and for a {@code VERDICT} on one port, the
 *     pool's name for {@code WEIGHT}, else empty
 * @param from the state before, such as {@code UP}
 * @param to the state now
 * @param reason why, for people
 * @param held how long the state before lasted
 */
public record CoordinatorEvent(
    Coordinator coordinator,
    Axis axis,
    String subject,
    String from,
    String to,
    String reason,
    Duration held) {

  /** The independent axes of a coordinator's state. */
  public enum Axis {
    /** What checks say of the process. */
    STATUS,
    /** What checks and sessions say of one port. */
    PORT,
    /** What people say. */
    ADMIN,
    /** What people say of its weight in one pool. */
    WEIGHT,
    /** What it says of itself. */
    VERDICT
  }

  /** Returns whether new sessions are kept away that were not before, without anyone's wish. */
  public boolean bad() {
    return switch (axis) {
      case STATUS -> to.equals(Coordinator.Status.DOWN.name());
      case PORT -> to.equals("CLOSED");
      case VERDICT -> Verdict.valueOf(to).refuses();
      case ADMIN, WEIGHT -> false;
    };
  }
}
