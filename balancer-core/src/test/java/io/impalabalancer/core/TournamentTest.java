package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.BalanceKind;
import io.impalabalancer.config.Protocol;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That the best of many is found without a look at all of them. */
class TournamentTest {
  /** So many that there are groups of groups. */
  private static final int MANY = 300;

  /** Whatever changes is seen by the next choice: one who looked at everybody would choose so. */
  @ParameterizedTest
  @EnumSource(names = {"LEASTCONN", "LEASTLOAD", "ROUNDROBIN", "FIRST", "SOURCE"})
  void theOneChosenIsTheBestOfAll(BalanceKind kind) {
    Trial.forSeeds(
        10,
        random -> {
          TestPool pool = TestPool.random(random, 3, MANY);
          Balance balance = Balance.of(kind, 1);
          Map<Coordinator, Deque<Integer>> sessions = new HashMap<>();
          for (int i = 0; i < 2_000; i++) {
            change(pool, random, sessions);
            Coordinator[] tried =
                random
                    .ints(random.nextInt(3), 0, pool.pool.members().size())
                    .distinct()
                    .mapToObj(pool::coordinator)
                    .toArray(Coordinator[]::new);
            long source = random.nextInt(100);
            Member best = balance.copy().search(pool.serving(), TestPool.choice(source, tried));
            assertThat(pool.choose(balance, source, tried))
                .isSameAs(best == null ? null : best.coordinator());
          }
        });
  }

  private static void change(
      TestPool pool, Random random, Map<Coordinator, Deque<Integer>> sessions) {
    Member member = pool.pool.members().get(random.nextInt(pool.pool.members().size()));
    Coordinator any = member.coordinator();
    Deque<Integer> began = sessions.computeIfAbsent(any, coordinator -> new ArrayDeque<>());
    switch (random.nextInt(12)) {
      case 0 -> any.load().asked();
      case 1 -> any.load().told(random.nextInt(5), -1, -1);
      case 2 -> any.slots().setLimit(Protocol.TCP, random.nextInt(4));
      case 3 -> any.slots().setLimit(Protocol.TCP, Integer.MAX_VALUE);
      case 4 -> {
        if (random.nextInt(20) == 0) {
          any.load().lost();
          member.setWeight(1 + random.nextInt(256), "test");
        }
      }
      case 5, 6, 7 -> {
        if (!began.isEmpty()) {
          any.load().ended(began.pop());
          any.giveBack(Protocol.TCP);
        }
      }
      default -> {
        if (any.take(Protocol.TCP)) {
          began.push(any.load().began());
        }
      }
    }
  }

  /** When the loops have come to rest, nothing that any of them has kept is wrong. */
  @ParameterizedTest
  @EnumSource(names = {"LEASTCONN", "LEASTLOAD", "ROUNDROBIN", "FIRST"})
  void loopsThatChooseAtOnceLeaveNoWrongBest(BalanceKind kind) throws Exception {
    TestPool pool = TestPool.limited(5, weights());
    Balance balance = Balance.of(kind, 1);
    for (int round = 0; round < 20; round++) {
      ConcurrentLinkedQueue<Coordinator> held = new ConcurrentLinkedQueue<>();
      Trial.inParallel(
          4,
          () -> {
            for (int i = 0; i < 1_000; i++) {
              Coordinator ended = ThreadLocalRandom.current().nextInt(3) == 0 ? held.poll() : null;
              Member assigned = ended == null ? pool.assign(balance).member() : null;
              if (ended != null) {
                ended.giveBack(Protocol.TCP);
              } else if (assigned != null) {
                held.add(assigned.coordinator());
              }
            }
          });
      for (int i = 0; i < 3; i++) {
        Member best = balance.copy().search(pool.serving(), TestPool.choice(0));
        assertThat(pool.choose(balance, 0)).isSameAs(best == null ? null : best.coordinator());
      }
      held.forEach(each -> each.giveBack(Protocol.TCP));
    }
  }

  /** A choice looks at the groups where something has changed, not at the others. */
  @Test
  void onlyThoseNearAChangeAreLookedAt() {
    TestPool pool = TestPool.of(weights());
    Looks looks = new Looks();
    Choice anyone = TestPool.choice(0);
    looks.choose(pool.serving(), anyone);
    assertThat(looks.count).isBetween(MANY - 30, MANY);
    for (int i = 0; i < MANY; i += 7) {
      looks.count = 0;
      pool.coordinator(i).take(Protocol.TCP);
      looks.choose(pool.serving(), anyone);
      // The groups of the one that has changed and of the one chosen before, and those above.
      assertThat(looks.count).isBetween(1, 40);
    }
  }

  /** Counts how often two are compared. */
  private static final class Looks extends LeastConn {
    int count;

    @Override
    boolean better(Tournament among, int one, int other, Choice choice) {
      count++;
      return super.better(among, one, other, choice);
    }
  }

  @Test
  void thoseWhoServeNoMoreAreToldOfNothing() {
    TestPool pool = TestPool.of(weights());
    Serving before = pool.serving();
    assertThat(changesTold(pool, before)).isPositive();
    pool.coordinator(0).setSharePercent(50);
    Serving after = pool.serving();
    assertThat(changesTold(pool, before)).isZero();
    assertThat(changesTold(pool, after)).isPositive();
    pool.pool.close();
    assertThat(changesTold(pool, after)).isZero();
  }

  /**
   * A client may be about to choose from a pool when a reload takes that away from its listener.
   */
  @Test
  void aPoolThatIsClosedServesWhoeverStillChoosesFromIt() {
    TestPool pool = TestPool.limited(1, weights());
    Balance balance = new LeastConn();
    pool.choose(balance, 0);
    pool.pool.close();
    for (int i = 0; i < MANY; i++) {
      assertThat(pool.assign(balance).kind()).isEqualTo(Assignment.Kind.ASSIGNED);
    }
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
  }

  private static int changesTold(TestPool pool, Serving serving) {
    int before = serving.changes(0, 0);
    pool.coordinator(0).take(Protocol.TCP);
    pool.coordinator(0).giveBack(Protocol.TCP);
    return serving.changes(0, 0) - before;
  }

  private static int[] weights() {
    int[] weights = new int[MANY];
    Arrays.fill(weights, 100);
    return weights;
  }
}
