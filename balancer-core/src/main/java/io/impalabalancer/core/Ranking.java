package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * An algorithm by which, of two members, one is better for every client: the best of all admitted
 * is chosen. That depends on nothing but the numbers of the two, their weights and the marks that
 * the algorithm has given them.
 */
abstract class Ranking implements Balance {
  private volatile Tournament tournament;

  Ranking() {
    tournament = new Tournament(this);
  }

  /** Makes one that chooses next as another would. */
  Ranking(Ranking other) {
    tournament = new Tournament(other.tournament, this);
  }

  /** Returns whether a member is better than another that stands before it. */
  abstract boolean better(Tournament among, int one, int other, Choice choice);

  /** Notes that a member was chosen. */
  void chosen(Tournament among, int index) {}

  /** Returns the mark of one that is new. */
  long firstMark(Tournament among, int index) {
    return 0;
  }

  /** Returns the mark of one that served before, with another weight perhaps. */
  long markOf(Tournament before, int was, Serving serving, int index) {
    return before.mark(was);
  }

  @Override
  public @Nullable Member choose(Serving serving, Choice choice) {
    Tournament among = among(serving, choice.protocol());
    return member(among, among.best(choice));
  }

  @Override
  public @Nullable Member search(Serving serving, Choice choice) {
    Tournament among = among(serving, choice.protocol());
    return member(among, among.search(choice));
  }

  final @Nullable Member member(Tournament among, int found) {
    if (found == Tournament.NOBODY) {
      return null;
    }
    chosen(among, found);
    return among.serving().member(found);
  }

  final Tournament among(Serving serving, Protocol protocol) {
    Tournament now = tournament;
    return now.serving() == serving ? now : follow(serving, protocol);
  }

  private synchronized Tournament follow(Serving serving, Protocol protocol) {
    if (tournament.serving() != serving) {
      tournament = new Tournament(tournament, serving, protocol);
    }
    return tournament;
  }
}
