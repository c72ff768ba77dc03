package io.impalabalancer.core;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;
import java.time.Duration;

/**
 * A coordinator's place in one pool: its weight and role there. It stays the same over reloads, as
 * long as the coordinator is in the pool. Any thread.
 */
public final class Member {
  /** The largest weight; HAProxy's. */
  public static final int WEIGHT_MAX = 256;

  private final Coordinator coordinator;
  private final String pool;
  private final long nameHash;
  private volatile MemberConfig config;
  private final Assignment assignment = new Assignment(Assignment.Kind.ASSIGNED, this);
  private volatile Coordinator.Held<Integer> weight;

  Member(Coordinator coordinator, String pool, MemberConfig config) {
    this.coordinator = coordinator;
    this.pool = pool;
    nameHash = SourceHash.hash(coordinator.name());
    this.config = config;
    weight = coordinator.weight(config.weight());
  }

  /** Takes another configuration record: a weight that was set by hand gives way to a new one. */
  void setConfig(MemberConfig next) {
    if (next.weight() != config.weight()) {
      weight = coordinator.weight(next.weight());
    }
    config = next;
  }

  /** Returns who it is. */
  public Coordinator coordinator() {
    return coordinator;
  }

  /** Returns the name of the pool. */
  String pool() {
    return pool;
  }

  /** Returns the hash of the coordinator's name. */
  long nameHash() {
    return nameHash;
  }

  /** Returns its weight in the pool, 0 to 256, slow start apart. */
  public int weight() {
    return weight.value();
  }

  /** Returns the weight that the configuration gives it. */
  public int configuredWeight() {
    return config.weight();
  }

  /** Returns who set the weight and why, for people. */
  public String weightReason() {
    return weight.reason();
  }

  /** Returns how long the weight has been so. */
  public Duration weightAge() {
    return coordinator.age(weight);
  }

  /**
   * Sets its weight for all listeners that this pool serves.
   *
   * @param to 0 to {@link #WEIGHT_MAX}; 0 takes no new sessions
   * @param reason who and why, for people
   */
  public void setWeight(int to, String reason) {
    if (to < 0 || to > WEIGHT_MAX) {
      throw new IllegalArgumentException("weight: " + to + " (expected: 0 to " + WEIGHT_MAX + ")");
    }
    coordinator.setWeight(this, to, reason);
  }

  Coordinator.Held<Integer> held() {
    return weight;
  }

  /** Takes another weight. Under the coordinator's lock. */
  void hold(Coordinator.Held<Integer> next) {
    weight = next;
  }

  /** Returns whether it serves only while no other member is usable. */
  public boolean backup() {
    return config.backup();
  }

  /** Returns the weight that choices are made with, in hundredths: 0 to 25,600. */
  int effectiveWeight() {
    int hundredths = weight() * coordinator.sharePercent();
    return Math.max(Math.min(hundredths, 1), hundredths * coordinator.verdictPercent() / 100);
  }

  /**
   * Returns whether it may be given new sessions of a protocol. The one place where that is
   * decided; {@link Pool} gives it sessions in spite of its verdict if every other says no too.
   */
  public boolean usable(Protocol protocol) {
    return usableButForVerdict(protocol) && !coordinator.verdict(protocol).refuses();
  }

  /** Returns whether nothing but its verdict can speak against it. */
  boolean usableButForVerdict(Protocol protocol) {
    return coordinator.status() == Coordinator.Status.UP
        && coordinator.isOpen(protocol)
        && coordinator.adminState() == AdminState.READY
        && weight() > 0
        && coordinator.address() != null;
  }

  /**
   * Returns whether nobody knows yet: its first check, or the first look-up of its host, has not
   * ended, and nothing else speaks against it.
   */
  boolean undecided(Protocol protocol) {
    boolean toBeLookedUp = coordinator.address() == null && !coordinator.lookedUp();
    return coordinator.isOpen(protocol)
        && coordinator.adminState() == AdminState.READY
        && weight() > 0
        && (coordinator.status() == Coordinator.Status.CHECKING
            || (coordinator.status() == Coordinator.Status.UP && toBeLookedUp));
  }

  /** Returns why it is not among those who serve a protocol, for people. */
  String unusableReason(Protocol protocol) {
    if (coordinator.status() != Coordinator.Status.UP) {
      return coordinator.status() + ": " + coordinator.statusReason();
    }
    if (!coordinator.config().ports().containsKey(protocol)) {
      return "it has no port for " + protocol.word();
    }
    if (!coordinator.isOpen(protocol)) {
      return "port CLOSED: " + coordinator.openReason(protocol);
    }
    if (coordinator.adminState() != AdminState.READY) {
      return coordinator.adminState() + ": " + coordinator.adminReason();
    }
    if (weight() == 0) {
      return "weight 0: " + weightReason();
    }
    if (coordinator.address() == null) {
      return coordinator.addressProblem();
    }
    Verdict verdict = coordinator.verdict(protocol);
    return verdict.refuses() || !backup()
        ? verdict.word() + ": " + coordinator.verdictReason(protocol)
        : "backup";
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
