package io.impalabalancer.core;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What each who serves a listener has of the sessions of all who do, over all their ports, and what
 * its weight would give it; of one moment.
 */
final class Shares {
  private final Listener listener;
  private final Serving serving;
  private final int[] sessions;
  private long allSessions;
  private long allWeights;

  private Shares(Listener listener, Serving serving) {
    this.listener = listener;
    this.serving = serving;
    sessions = new int[serving.size()];
    for (int i = 0; i < sessions.length; i++) {
      sessions[i] = coordinator(i).sessions();
      allSessions += sessions[i];
      allWeights += serving.weight(i);
    }
  }

  static Shares of(Listener listener) {
    Serving serving = listener.pool().serving(listener.config().protocol());
    return new Shares(listener, serving.overruled() ? Serving.NOBODY : serving);
  }

  int size() {
    return sessions.length;
  }

  Coordinator coordinator(int index) {
    return serving.member(index).coordinator();
  }

  /** Returns where a coordinator stands, negative if it does not serve. */
  int indexOf(@Nullable Coordinator coordinator) {
    for (int i = 0; i < sessions.length; i++) {
      if (coordinator(i) == coordinator) {
        return i;
      }
    }
    return -1;
  }

  /** Returns the sessions of all listeners that it has, as algorithms count them. */
  int sessions(int index) {
    return sessions[index];
  }

  int share(int index) {
    return (int) (allSessions * serving.weight(index) / allWeights);
  }

  int missing(int index) {
    return share(index) - sessions[index];
  }

  boolean hasRoom(int index) {
    return coordinator(index).slots().anyFree(listener.config().protocol());
  }

  boolean isNearlyEmpty(int index) {
    return 2L * sessions[index] < share(index) && hasRoom(index);
  }

  /** Returns the ids of the longest idle of those who have more than their share, so many. */
  Deque<Long> surplus(List<SessionSnapshot> idle, int most) {
    int[] over = new int[sessions.length];
    for (int i = 0; i < over.length; i++) {
      over[i] = -missing(i);
    }
    Deque<Long> chosen = new ArrayDeque<>();
    for (SessionSnapshot session :
        idle.stream().sorted(Comparator.comparing(SessionSnapshot::idle).reversed()).toList()) {
      int at = indexOf(session.coordinator());
      if (chosen.size() < most && at >= 0 && over[at] > 0) {
        over[at]--;
        chosen.add(session.id());
      }
    }
    return chosen;
  }
}
