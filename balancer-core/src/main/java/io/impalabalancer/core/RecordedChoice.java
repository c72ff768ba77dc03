package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Why a client was given this coordinator: who could be chosen, the numbers that were compared, and
 * the rule that decided. Immutable; it holds all that the choice depended on, so that {@link
 * #replay} makes it again.
 *
 * @param client where the client came from
 * @param rule what decided, for people
 * @param candidates every member of the pool in the order declared
 * @param chosen the name of the one chosen; empty if there was none
 */
public record RecordedChoice(
    long atMillis,
    InetSocketAddress client,
    String rule,
    List<Candidate> candidates,
    String chosen,
    Inputs inputs) {

  /**
   * A member as it was at that moment.
   *
   * @param excluded why it could not be chosen, empty if it could
   * @param verdict what it said of itself
   * @param weight of 1 for a weight of 100, slow start and verdict included
   * @param limit most sessions at the port, 0 for no limit
   * @param load in queries, negative if it was not known; see {@link Load}
   * @param score what the algorithm compared, the least wins; not a number if it compares none
   */
  public record Candidate(
      String coordinator,
      String excluded,
      String verdict,
      double weight,
      int sessions,
      int limit,
      double load,
      double score) {}

  /** Returns the name of whom the same algorithm chooses by the same numbers; empty for nobody. */
  public String replay() {
    return inputs.choose();
  }

  /**
   * All that a choice depends on, copied.
   *
   * @param before the algorithm in the state that it was in
   */
  record Inputs(
      Balance before,
      Serving serving,
      Protocol protocol,
      long sourceHash,
      List<Boolean> admitted,
      List<Integer> sessions,
      List<Long> loads,
      List<Long> drawn) {

    private String choose() {
      Member member = before.copy().search(serving, new Given(this, drawn.iterator()::next));
      return member == null ? "" : member.coordinator().name();
    }
  }

  /** Gives an algorithm the copied numbers in the place of the present ones. */
  private record Given(Inputs inputs, LongSupplier draw) implements Choice {
    private int index(Coordinator coordinator) {
      int index = 0;
      while (inputs.serving.coordinator(index) != coordinator) {
        index++;
      }
      return index;
    }

    @Override
    public Protocol protocol() {
      return inputs.protocol;
    }

    @Override
    public long sourceHash() {
      return inputs.sourceHash;
    }

    @Override
    public boolean tried(Coordinator coordinator) {
      return !admits(coordinator);
    }

    @Override
    public boolean admits(Coordinator coordinator) {
      return inputs.admitted.get(index(coordinator));
    }

    @Override
    public int sessions(Coordinator coordinator) {
      return inputs.sessions.get(index(coordinator));
    }

    @Override
    public long load(Coordinator coordinator) {
      return inputs.loads.get(index(coordinator));
    }

    @Override
    public long random() {
      return draw.getAsLong();
    }
  }

  /**
   * An algorithm that notes what another does: for one session, on its loop. It copies the numbers
   * first and lets the other choose by the copies.
   */
  static final class Recorder implements Balance {
    private final Balance balance;
    private final List<Member> members;
    private final Protocol protocol;
    private final InetSocketAddress client;
    private @Nullable RecordedChoice last;

    Recorder(Balance balance, List<Member> members, Protocol protocol, InetSocketAddress client) {
      this.balance = balance;
      this.members = members;
      this.protocol = protocol;
      this.client = client;
    }

    /**
     * Returns the last choice; null if there was none, or if it cannot be replayed because another
     * loop chose at the same moment.
     */
    @Nullable RecordedChoice last() {
      RecordedChoice choice = last;
      return choice == null || !choice.replay().equals(choice.chosen) ? null : choice;
    }

    @Override
    public @Nullable Member choose(Serving serving, Choice choice) {
      List<Long> drawn = new ArrayList<>();
      Inputs inputs = inputs(serving, choice, drawn);
      Given given =
          new Given(
              inputs,
              () -> {
                long random = choice.random();
                drawn.add(random);
                return random;
              });
      Member member = balance.search(serving, given);
      last =
          new RecordedChoice(
              System.currentTimeMillis(),
              client,
              rule(inputs, given),
              members.stream().map(m -> candidate(m, inputs, given)).toList(),
              member == null ? "" : member.coordinator().name(),
              inputs);
      return member;
    }

    @Override
    public String rule(Serving serving, Choice choice) {
      return balance.rule(serving, choice);
    }

    private Inputs inputs(Serving serving, Choice choice, List<Long> drawn) {
      List<Boolean> admitted = new ArrayList<>();
      List<Integer> sessions = new ArrayList<>();
      List<Long> loads = new ArrayList<>();
      for (int i = 0; i < serving.size(); i++) {
        Coordinator coordinator = serving.coordinator(i);
        admitted.add(choice.admits(coordinator));
        sessions.add(choice.sessions(coordinator));
        loads.add(choice.load(coordinator));
      }
      return new Inputs(
          balance.copy(),
          serving,
          choice.protocol(),
          choice.sourceHash(),
          admitted,
          sessions,
          loads,
          drawn);
    }

    private String rule(Inputs inputs, Given given) {
      long left = inputs.admitted.stream().filter(admitted -> admitted).count();
      return left == 0
          ? "nobody could be chosen"
          : left == 1 ? "the only one that could be chosen" : balance.rule(inputs.serving, given);
    }

    private Candidate candidate(Member member, Inputs inputs, Given given) {
      Coordinator coordinator = member.coordinator();
      int index = inputs.serving.indexOf(member);
      boolean serves = index >= 0;
      boolean admitted = serves && inputs.admitted.get(index);
      return new Candidate(
          coordinator.name(),
          admitted ? "" : serves ? "full or tried" : member.unusableReason(protocol),
          coordinator.verdict(protocol).word(),
          (serves ? inputs.serving.weight(index) : member.effectiveWeight()) / 10_000.0,
          serves ? inputs.sessions.get(index) : coordinator.sessions(),
          limit(coordinator),
          (serves ? inputs.loads.get(index) : coordinator.load().thousandths())
              / (double) Load.QUERY,
          serves ? balance.score(inputs.serving, index, given) : Double.NaN);
    }

    private int limit(Coordinator coordinator) {
      int port = coordinator.slots().limit(protocol);
      int all = coordinator.maxconn();
      return port == Integer.MAX_VALUE ? all : all == 0 ? port : Math.min(all, port);
    }
  }
}
