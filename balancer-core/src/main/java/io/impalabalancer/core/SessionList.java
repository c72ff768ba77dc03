package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * Sessions of one loop in the order of their arrival. A session stands in one list at a time; the
 * links are its own fields, so that adding and removing allocate nothing. Touched on the loop only.
 */
final class SessionList {
  private @Nullable Session first;
  private @Nullable Session last;
  private int size;

  int size() {
    return size;
  }

  @Nullable Session first() {
    return first;
  }

  @Nullable Session last() {
    return last;
  }

  void add(Session session) {
    assert session.list == null;
    session.list = this;
    session.previous = last;
    if (last == null) {
      first = session;
    } else {
      last.next = session;
    }
    last = session;
    size++;
  }

  void remove(Session session) {
    assert session.list == this;
    Session previous = session.previous;
    Session next = session.next;
    if (previous == null) {
      first = next;
    } else {
      previous.next = next;
    }
    if (next == null) {
      last = previous;
    } else {
      next.previous = previous;
    }
    session.list = null;
    session.previous = null;
    session.next = null;
    size--;
  }
}
