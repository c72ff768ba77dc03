package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.Protocol;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** In turn, weighted and smooth. */
class RoundRobinTest {
  private final Balance balance = new RoundRobin();

  @Test
  void theOrderIsSmooth() {
    assertThat(TestPool.of(2, 1).order(balance, 6)).isEqualTo("c1 c1 c2 c1 c1 c2");
    assertThat(TestPool.of(5, 1, 1).order(balance, 14))
        .isEqualTo("c1 c1 c1 c2 c1 c1 c3 c1 c1 c1 c2 c1 c1 c3");
    assertThat(TestPool.of(2, 2, 1, 1).order(balance, 6)).isEqualTo("c1 c2 c1 c3 c2 c4");
    assertThat(TestPool.of(7, 7, 7).order(balance, 6)).isEqualTo("c1 c2 c3 c1 c2 c3");
  }

  @Test
  void inEveryRoundEachIsChosenAsOftenAsItsWeightSays() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.random(random, 0, 10);
          int sum = pool.pool.members().stream().mapToInt(Member::weight).sum();
          for (int round = 0; round < 3; round++) {
            String order = " " + pool.order(balance, sum) + " ";
            for (Member member : pool.pool.members()) {
              assertThat(Arrays.stream(order.split(" ")).filter(member.toString()::equals))
                  .hasSize(member.weight());
            }
          }
        });
  }

  @Test
  void severalThreadsShareOneOrder() throws Exception {
    TestPool pool = TestPool.of(3, 2, 1);
    Map<Coordinator, Integer> counts = new ConcurrentHashMap<>();
    Trial.inParallel(
        4,
        () -> {
          for (int i = 0; i < 6_000; i++) {
            counts.merge(pool.assign(balance).chosen().coordinator(), 1, Integer::sum);
          }
        });
    assertThat(counts)
        .containsEntry(pool.coordinator(0), 12_000)
        .containsEntry(pool.coordinator(1), 8_000)
        .containsEntry(pool.coordinator(2), 4_000);
  }

  @Test
  void oneThatIsFullIsLeftOutUntilItHasRoomAndThenItsTurnIsNext() {
    TestPool pool = TestPool.limited(1, 5, 5, 5);
    assertThat(pool.order(balance, 1)).isEqualTo("c1");
    pool.coordinator(1).take(Protocol.TCP);
    assertThat(pool.order(balance, 3)).isEqualTo("c3 c1 c3");
    pool.coordinator(1).giveBack(Protocol.TCP);
    assertThat(pool.order(balance, 4)).isEqualTo("c2 c1 c2 c3");
  }

  @Test
  void theOthersKeepTheirOrderWhileOneIsFull() {
    TestPool pool = TestPool.limited(1, 2, 1, 5);
    pool.coordinator(2).take(Protocol.TCP);
    assertThat(pool.order(balance, 6)).isEqualTo("c1 c2 c1 c1 c2 c1");
    pool.coordinator(2).giveBack(Protocol.TCP);
    assertThat(pool.order(balance, 8)).isEqualTo("c3 c3 c3 c1 c3 c3 c2 c3");
  }

  @Test
  void aChangeOfWhoServesDoesNotStartTheRoundAnew() {
    TestPool pool = TestPool.of(1, 1, 1, 1);
    assertThat(pool.order(balance, 2)).isEqualTo("c1 c2");
    pool.coordinator(3).setSharePercent(50);
    assertThat(pool.order(balance, 1)).isEqualTo("c3");
    pool.coordinator(3).setStatus(Coordinator.Status.DOWN, "test");
    assertThat(pool.order(balance, 3)).isEqualTo("c1 c2 c3");
  }

  @Test
  void oneThatComesAndGoesGetsNeitherMoreNorLessThanItsShareForIt() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.of(10, 10, 10, 10);
          for (int i = 0; i < 1_000; i++) {
            boolean up = random.nextInt(3) > 0;
            pool.coordinator(random.nextInt(3))
                .setStatus(up ? Coordinator.Status.UP : Coordinator.Status.DOWN, "test");
            pool.order(balance, random.nextInt(3));
          }
          for (int i = 0; i < 3; i++) {
            pool.coordinator(i).setStatus(Coordinator.Status.UP, "test");
          }
          String order = pool.order(balance, 40);
          for (Member member : pool.pool.members()) {
            assertThat(Arrays.stream(order.split(" ")).filter(member.toString()::equals))
                .hasSizeBetween(7, 13);
          }
        });
  }
}
