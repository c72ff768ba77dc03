package io.impalabalancer.core;

import io.impalabalancer.config.PoolConfig;
import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A named, ordered set of members, and who of them serves now. Any thread; the serving sets are
 * immutable and swapped whole whenever something that decides them changes.
 */
public final class Pool {
  private final String name;
  private volatile List<Member> members;
  private volatile Map<Protocol, Serving> serving = Map.of();

  Pool(PoolConfig config, List<Member> members) {
    this.name = config.name();
    this.members = List.copyOf(members);
    refresh();
  }

  /** Returns its name. */
  public String name() {
    return name;
  }

  /** Returns its members in the order declared. */
  public List<Member> members() {
    return members;
  }

  /** Takes other members. */
  synchronized void setMembers(List<Member> next) {
    members = List.copyOf(next);
    refresh();
  }

  boolean contains(Coordinator coordinator) {
    return member(coordinator) != null;
  }

  /** Returns the member that a coordinator is, null if it is none. */
  @Nullable Member member(Coordinator coordinator) {
    return members.stream().filter(m -> m.coordinator() == coordinator).findFirst().orElse(null);
  }

  /** Returns who serves a protocol now: the usable primaries, or if there is none, the backups. */
  Serving serving(Protocol protocol) {
    return serving.getOrDefault(protocol, Serving.NOBODY);
  }

  /** Works out anew who serves. */
  synchronized void refresh() {
    Map<Protocol, Serving> next = new EnumMap<>(Protocol.class);
    for (Protocol protocol : Protocol.values()) {
      List<Member> primaries = new ArrayList<>();
      List<Member> backups = new ArrayList<>();
      for (Member member : members) {
        if (member.usable(protocol)) {
          (member.backup() ? backups : primaries).add(member);
        }
      }
      List<Member> chosen = primaries.isEmpty() ? backups : primaries;
      if (!chosen.isEmpty()) {
        next.put(protocol, new Serving(chosen));
      }
    }
    serving = next;
  }

  /**
   * Chooses a member for a session and takes a slot of its coordinator.
   *
   * @return {@link Assignment.Kind#FULL} without regard to who waits: that is the caller's to ask
   */
  Assignment assign(Protocol protocol, Balance balance, Choice choice) {
    while (true) {
      Serving now = serving(protocol);
      if (now.isEmpty()) {
        return Assignment.NONE;
      }
      Member member = balance.choose(now, choice);
      if (member == null) {
        return now.allTried(choice) ? Assignment.TRIED : Assignment.FULL;
      }
      if (member.coordinator().take()) {
        return member.assignment();
      }
    }
  }
}
