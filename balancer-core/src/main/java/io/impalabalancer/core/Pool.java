package io.impalabalancer.core;

import io.impalabalancer.config.PoolConfig;
import io.impalabalancer.config.Protocol;
import java.util.Comparator;
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
  private boolean closed;

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

  /**
   * Returns who serves a protocol now: the usable primaries, or if there is none, the backups. If
   * there is none of these only because every verdict says no, those with the least bad one serve,
   * primaries and backups alike, but never who is no coordinator: what pages say makes no outage.
   * While nobody serves and some are undecided, it is {@link Serving#UNDECIDED}.
   */
  Serving serving(Protocol protocol) {
    return serving.getOrDefault(protocol, Serving.NOBODY);
  }

  /** Works out anew who serves. */
  synchronized void refresh() {
    Map<Protocol, Serving> next = new EnumMap<>(Protocol.class);
    for (Protocol protocol : Protocol.values()) {
      List<Member> chosen = members.stream().filter(m -> m.usable(protocol)).toList();
      List<Member> primaries = chosen.stream().filter(m -> !m.backup()).toList();
      if (chosen.isEmpty()) {
        List<Member> leastBad = leastBad(protocol);
        if (!leastBad.isEmpty()) {
          next.put(protocol, new Serving(leastBad, true));
        } else if (members.stream().anyMatch(m -> m.undecided(protocol))) {
          next.put(protocol, Serving.UNDECIDED);
        }
      } else {
        next.put(protocol, new Serving(primaries.isEmpty() ? chosen : primaries));
      }
    }
    Map<Protocol, Serving> before = serving;
    if (!closed) {
      next.values().forEach(Serving::open);
    }
    serving = next;
    before.values().forEach(Serving::close);
  }

  /** Is told of no more changes: nobody has it any more, but whoever chooses from it just now. */
  synchronized void close() {
    closed = true;
    serving.values().forEach(Serving::close);
  }

  private List<Member> leastBad(Protocol protocol) {
    List<Member> candidates =
        members.stream()
            .filter(m -> m.usableButForVerdict(protocol))
            .filter(m -> m.coordinator().verdict(protocol) != Verdict.NOT_A_COORDINATOR)
            .toList();
    Verdict least =
        candidates.stream()
            .map(m -> m.coordinator().verdict(protocol))
            .min(Comparator.naturalOrder())
            .orElse(null);
    return candidates.stream().filter(m -> m.coordinator().verdict(protocol) == least).toList();
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
        return now == Serving.UNDECIDED ? Assignment.FULL : Assignment.NONE;
      }
      Member member = balance.choose(now, choice);
      if (member == null) {
        return now.allTried(choice) ? Assignment.TRIED : Assignment.FULL;
      }
      if (member.coordinator().take(protocol)) {
        return member.assignment();
      }
      // Whoever has taken the last slot may not have come to say so yet.
      now.changed(now.indexOf(member));
    }
  }
}
