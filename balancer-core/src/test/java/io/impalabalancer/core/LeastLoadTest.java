package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.Protocol;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

/** Least load, by the coordinators' pages and by what they were sent since. */
class LeastLoadTest {
  private final Balance balance = new LeastLoad();

  @Test
  void idleConnectionsAreNoLoad() {
    TestPool pool = TestPool.of(100, 100, 100);
    sessions(pool, 0, 300);
    told(pool, 0, 0, 0);
    for (int i = 0; i < 90; i++) {
      send(pool);
    }
    assertThat(pool.coordinator(0).sessions() - 300).isBetween(29, 31);
    assertThat(pool.coordinator(1).sessions()).isBetween(29, 31);
    assertThat(pool.coordinator(2).sessions()).isBetween(29, 31);
  }

  @Test
  void queriesThatThePageShowsAreLoadWithoutAConnectionOfOurs() {
    TestPool pool = TestPool.of(100, 100, 100);
    told(pool, 5, 2, 9);
    assertThat(choices(pool, 6)).isEqualTo("c2 c2 c2 c1 c2 c1");
  }

  @Test
  void ofTheSameLoadTheOneWithFewerConnectionsIsChosen() {
    TestPool pool = TestPool.of(100, 100, 100);
    sessions(pool, 0, 2);
    sessions(pool, 2, 1);
    told(pool, 0, 0, 0);
    assertThat(pool.choose(balance, 0)).hasToString("c2");
  }

  @Test
  void tiesGoRound() {
    TestPool pool = TestPool.of(100, 100, 100);
    told(pool, 1, 1, 1);
    assertThat(pool.order(balance, 6)).isEqualTo("c1 c2 c3 c1 c2 c3");
  }

  @Test
  void loadIsSharedByWeight() {
    TestPool pool = TestPool.of(50, 100, 150);
    told(pool, 0, 0, 0);
    for (int i = 0; i < 60; i++) {
      send(pool);
    }
    assertThat(pool.coordinator(0).sessions()).isEqualTo(10);
    assertThat(pool.coordinator(1).sessions()).isEqualTo(20);
    assertThat(pool.coordinator(2).sessions()).isEqualTo(30);
  }

  @Test
  void withoutPagesTheFewestSessionsDecide() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool one = TestPool.random(random, 0, 10);
          int[] weights = one.pool.members().stream().mapToInt(Member::weight).toArray();
          TestPool other = TestPool.of(weights);
          Balance leastconn = new LeastConn();
          for (int i = 0; i < 200; i++) {
            assertThat(one.assign(balance).chosen().coordinator())
                .hasToString(other.assign(leastconn).chosen().coordinator().name());
          }
        });
  }

  @Test
  void whileOnePageCannotBeReadTheFewestSessionsDecide() {
    TestPool pool = TestPool.of(100, 100, 100);
    sessions(pool, 0, 300);
    told(pool, 0, 5, 5);
    pool.coordinator(2).load().lost();
    assertThat(choices(pool, 4)).isEqualTo("c2 c3 c2 c3");
    pool.coordinator(2).load().asked();
    pool.coordinator(2).load().told(5, 5, 0);
    assertThat(choices(pool, 4)).isEqualTo("c1 c1 c1 c1");
  }

  @Test
  void onesThatAreFullOrWereTriedAreNotChosenAndNeedNoPage() {
    TestPool pool = TestPool.limited(1, 100, 100, 100);
    told(pool, 0, 7, 3);
    pool.coordinator(0).load().lost();
    assertThat(pool.choose(balance, 0, pool.coordinator(0))).hasToString("c3");
    pool.coordinator(2).take(Protocol.TCP);
    assertThat(pool.choose(balance, 0, pool.coordinator(0))).hasToString("c2");
    pool.coordinator(1).take(Protocol.TCP);
    assertThat(pool.choose(balance, 0, pool.coordinator(0))).isNull();
  }

  @Test
  void amongSeveralBalancersTheBetterOfTwoDrawnIsChosen() {
    TestPool pool = TestPool.of(1, 1, 1);
    told(pool, 4, 2, 0);
    assertThat(drawn(pool, 0, 100)).isEqualTo("c2");
    assertThat(drawn(pool, 100, 200)).isEqualTo("c3");
    assertThat(drawn(pool, 0, 200)).isEqualTo("c3");
    sessions(pool, 1, 1);
    pool.coordinator(0).load().lost();
    assertThat(drawn(pool, 0, 100)).isEqualTo("c1");
  }

  private void told(TestPool pool, int... queries) {
    for (int i = 0; i < queries.length; i++) {
      pool.coordinator(i).load().asked();
      pool.coordinator(i).load().told(queries[i], queries[i], 0);
    }
  }

  private static void sessions(TestPool pool, int index, int count) {
    for (int i = 0; i < count; i++) {
      pool.coordinator(index).take(Protocol.TCP);
    }
  }

  private Coordinator send(TestPool pool) {
    Coordinator chosen = pool.assign(balance).chosen().coordinator();
    chosen.load().began();
    return chosen;
  }

  private String choices(TestPool pool, int count) {
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < count; i++) {
      names.append(i == 0 ? "" : " ").append(send(pool));
    }
    return names.toString();
  }

  private static String drawn(TestPool pool, long... numbers) {
    Deque<Long> left = new ArrayDeque<>();
    for (long number : numbers) {
      left.add(number);
    }
    pool.random = left::removeFirst;
    return String.valueOf(pool.choose(LeastLoad.amongSeveral(), 0));
  }
}
