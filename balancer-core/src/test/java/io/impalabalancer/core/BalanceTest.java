package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.BalanceKind;
import io.impalabalancer.config.Protocol;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for every algorithm. */
class BalanceTest {

  @ParameterizedTest
  @EnumSource
  void onlyOneThatIsNeitherTriedNorFullIsChosenAsLongAsThereIsOne(BalanceKind kind) {
    Balance balance = Balance.of(kind, 1);
    Trial.forSeeds(
        200,
        random -> {
          TestPool pool = TestPool.random(random, 1, 8);
          Set<Coordinator> tried = new HashSet<>();
          Set<Coordinator> left = new HashSet<>();
          for (Member member : pool.pool.members()) {
            Coordinator coordinator = member.coordinator();
            boolean full = random.nextInt(3) == 0 && coordinator.take(Protocol.TCP);
            if (random.nextInt(3) == 0) {
              tried.add(coordinator);
            } else if (!full) {
              left.add(coordinator);
            }
          }
          for (int i = 0; i < 20; i++) {
            Coordinator chosen =
                pool.choose(balance, random.nextLong(), tried.toArray(Coordinator[]::new));
            if (left.isEmpty()) {
              assertThat(chosen).isNull();
            } else {
              assertThat(chosen).isIn(left).returns(0, Coordinator::sessions);
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void aChoiceAllocatesNothing(BalanceKind kind) {
    Choices choices = new Choices(kind, 30);
    choices.make(20_000);
    long bytes = Trial.allocatedBytes(() -> choices.make(100_000));
    assertThat(bytes).as("bytes for 100,000 choices").isLessThan(100_000);
  }

  /** A hundred times the members may cost a few times as much, not a hundred times. */
  @ParameterizedTest
  @EnumSource
  void theCostOfAChoiceHardlyGrowsWithTheMembers(BalanceKind kind) {
    Choices few = new Choices(kind, 3);
    Choices many = new Choices(kind, 300);
    few.bestNanos(2_000);
    many.bestNanos(2_000);
    assertThat(many.bestNanos(1_000)).isLessThan(15 * few.bestNanos(1_000));
  }

  /** Choices for clients in turn, made without allocating. */
  private static final class Choices implements Choice {
    private static final int CLIENTS = 1_000;

    private final Balance balance;
    private final Serving serving;
    private long source;

    Choices(BalanceKind kind, int members) {
      int[] weights = new int[members];
      Arrays.setAll(weights, i -> 1 + i % 256);
      balance = Balance.of(kind, 1);
      TestPool pool = TestPool.of(weights);
      for (int i = 0; i < members; i++) {
        pool.coordinator(i).load().asked();
        pool.coordinator(i).load().told(i, -1, -1);
      }
      serving = pool.serving();
    }

    void make(int count) {
      for (int i = 0; i < count; i++) {
        source = (source + 1) % CLIENTS;
        if (balance.choose(serving, this) == null) {
          throw new AssertionError("nobody was chosen");
        }
      }
    }

    /** Returns the nanoseconds of one choice, in the best of several runs. */
    double bestNanos(int count) {
      double best = Double.MAX_VALUE;
      for (int run = 0; run < 20; run++) {
        long start = System.nanoTime();
        make(count);
        best = Math.min(best, (double) (System.nanoTime() - start) / count);
      }
      return best;
    }

    @Override
    public Protocol protocol() {
      return Protocol.TCP;
    }

    @Override
    public long sourceHash() {
      return source;
    }

    @Override
    public boolean tried(Coordinator coordinator) {
      return false;
    }
  }
}
