package io.impalabalancer.core;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;

/**
 * A coordinator's place in one pool: its weight and role there. It stays the same over reloads, as
 * long as the coordinator is in the pool. Any thread.
 */
public final class Member {
  private final Coordinator coordinator;
  private volatile MemberConfig config;
  private volatile int weight;
  private final Assignment assignment = new Assignment(Assignment.Kind.ASSIGNED, this);

  Member(Coordinator coordinator, MemberConfig config) {
    this.coordinator = coordinator;
    this.config = config;
    weight = config.weight();
  }

  /** Takes another configuration record: a weight that was set by hand gives way to a new one. */
  void setConfig(MemberConfig next) {
    if (next.weight() != config.weight()) {
      weight = next.weight();
    }
    config = next;
  }

  /** Returns who it is. */
  public Coordinator coordinator() {
    return coordinator;
  }

  /** Returns its weight in the pool, 0 to 256, slow start apart. */
  public int weight() {
    return weight;
  }

  /** Returns whether it serves only while no other member is usable. */
  public boolean backup() {
    return config.backup();
  }

  /** Returns the weight that choices are made with, in hundredths: 0 to 25,600. */
  int effectiveWeight() {
    return weight * coordinator.sharePercent();
  }

  /**
   * Returns whether it may be given new sessions of a protocol. The one place where that is
   * decided.
   */
  boolean usable(Protocol protocol) {
    return coordinator.status() == Coordinator.Status.UP
        && coordinator.isOpen(protocol)
        && coordinator.adminState() == AdminState.READY
        && weight > 0
        && coordinator.address() != null;
  }

  /** Returns the assignment to this member. */
  Assignment assignment() {
    return assignment;
  }

  @Override
  public String toString() {
    return coordinator.name();
  }
}
