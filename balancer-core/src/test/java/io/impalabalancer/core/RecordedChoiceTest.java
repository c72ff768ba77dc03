package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.BalanceKind;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.RecordedChoice.Candidate;
import io.impalabalancer.core.RecordedChoice.Recorder;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Why this coordinator: what a choice was made with, and that it can be made again. */
class RecordedChoiceTest {
  private static final InetSocketAddress CLIENT = new InetSocketAddress(TestPool.LOOPBACK, 4711);

  /** Long after, when everything has changed. */
  @ParameterizedTest
  @EnumSource
  void replayingTheRecordedInputsGivesTheSameChoice(BalanceKind kind) {
    for (int balancers = 1; balancers <= 2; balancers++) {
      Balance balance = Balance.of(kind, balancers);
      Trial.forSeeds(
          20,
          random -> {
            TestPool pool = TestPool.random(random, 20, 8);
            pool.random = random::nextLong;
            List<RecordedChoice> choices = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
              int index = random.nextInt(pool.pool.members().size());
              Coordinator any = pool.coordinator(index);
              any.load().asked();
              if (random.nextInt(4) > 0) {
                any.load().told(random.nextInt(50), -1, -1);
              }
              if (random.nextInt(10) == 0) {
                pool.pool.members().get(index).setWeight(1 + random.nextInt(256), "test");
              }
              Recorder recorder = recorder(pool, balance);
              Assignment assignment = pool.assign(recorder);
              RecordedChoice choice = Objects.requireNonNull(recorder.last());
              assertThat(choice.chosen())
                  .isEqualTo(assignment.member() == null ? "" : assignment.chosen().toString());
              choices.add(choice);
            }
            for (RecordedChoice choice : choices) {
              assertThat(choice.replay()).isEqualTo(choice.chosen());
              assertThat(choice.replay()).isEqualTo(choice.chosen());
            }
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void aChoiceThatIsNotedIsTheOneThatWouldHaveBeenMade(BalanceKind kind) {
    Trial.forSeeds(
        20,
        random -> {
          long seed = random.nextLong();
          TestPool noted = TestPool.of(30, 100, 100, 7);
          TestPool plain = TestPool.of(30, 100, 100, 7);
          noted.random = new java.util.Random(seed)::nextLong;
          plain.random = new java.util.Random(seed)::nextLong;
          Balance one = Balance.of(kind, 1);
          Balance other = Balance.of(kind, 1);
          for (int i = 0; i < 50; i++) {
            assertThat(noted.assign(recorder(noted, one)).chosen())
                .hasToString(plain.assign(other).chosen().toString());
          }
        });
  }

  @Test
  void theCandidatesAreToldWithTheirNumbersAndTheRule() {
    TestPool pool = TestPool.limited(2, 100, 50, 100, 100, 100);
    for (int i = 0; i < 5; i++) {
      pool.coordinator(i).load().asked();
      pool.coordinator(i).load().told(i == 0 ? 4 : 1, -1, -1);
    }
    pool.coordinator(1).take(Protocol.TCP);
    pool.coordinator(2).take(Protocol.TCP);
    pool.coordinator(2).take(Protocol.TCP);
    pool.coordinator(3).setStatus(Coordinator.Status.DOWN, "no answer");
    Recorder recorder = recorder(pool, new LeastLoad());
    pool.assign(recorder, pool.coordinator(4));
    RecordedChoice choice = Objects.requireNonNull(recorder.last());
    assertThat(choice.chosen()).isEqualTo("c2");
    assertThat(choice.rule()).isEqualTo("least load for its weight");
    assertThat(choice.client()).isEqualTo(CLIENT);
    assertThat(choice.candidates())
        .containsExactly(
            new Candidate("c1", "", "unknown", 1, 0, 2, 4, 5),
            new Candidate("c2", "", "unknown", 0.5, 1, 2, 1.001, 4.002),
            new Candidate("c3", "full or tried", "unknown", 1, 2, 2, 1.002, 2.002),
            new Candidate("c4", "DOWN: no answer", "unknown", 1, 0, 2, 1, Double.NaN),
            new Candidate("c5", "full or tried", "unknown", 1, 0, 2, 1, 2));
  }

  @Test
  void whyLoadDidNotDecideIsTold() {
    TestPool pool = TestPool.of(100, 100);
    Recorder recorder = recorder(pool, new LeastLoad());
    pool.assign(recorder);
    assertThat(Objects.requireNonNull(recorder.last()).rule())
        .isEqualTo("fewest sessions for its weight, as the load of c1 is not known");
  }

  @Test
  void theOnlyOneNeedsNoRule() {
    TestPool pool = TestPool.of(100, 100);
    Recorder recorder = recorder(pool, new LeastConn());
    pool.assign(recorder, pool.coordinator(0));
    assertThat(Objects.requireNonNull(recorder.last()).rule())
        .isEqualTo("the only one that could be chosen");
  }

  @Test
  void aHandfulIsNotedInARowAndThenTenASecond() {
    LastChoices choices = new LastChoices(0);
    assertThat(due(choices, 0, 100)).isEqualTo(LastChoices.KEPT + 1);
    assertThat(due(choices, 1_000_000_000, 100)).isEqualTo(10);
    assertThat(due(choices, 3_600_000_000_000L, 100)).isEqualTo(LastChoices.KEPT + 1);
  }

  private static int due(LastChoices choices, long nanos, int count) {
    int due = 0;
    for (int i = 0; i < count; i++) {
      due += choices.due(nanos) ? 1 : 0;
    }
    return due;
  }

  private static Recorder recorder(TestPool pool, Balance balance) {
    return new Recorder(balance, pool.pool.members(), Protocol.TCP, CLIENT);
  }
}
