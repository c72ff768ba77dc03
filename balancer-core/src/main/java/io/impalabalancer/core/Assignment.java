package io.impalabalancer.core;

import org.jspecify.annotations.Nullable;

/**
 * What choosing gives.
 *
 * @param member the one chosen, whose slot the caller then holds; null unless {@link Kind#ASSIGNED}
 */
record Assignment(Kind kind, @Nullable Member member) {

  /** The outcomes. */
  enum Kind {
    /** A member was chosen. */
    ASSIGNED,
    /** No member is usable. */
    NONE,
    /**
     * The usable members that may still be tried have no free slot, others wait for one, or it is
     * not known yet whether anybody is usable.
     */
    FULL,
    /** Every usable member was tried already. */
    TRIED
  }

  /** Returns the one chosen; only for {@link Kind#ASSIGNED}. */
  Member chosen() {
    Member chosen = member;
    if (chosen == null) {
      throw new IllegalStateException("nobody was chosen: " + kind);
    }
    return chosen;
  }

  static final Assignment NONE = new Assignment(Kind.NONE, null);
  static final Assignment FULL = new Assignment(Kind.FULL, null);
  static final Assignment TRIED = new Assignment(Kind.TRIED, null);
}
