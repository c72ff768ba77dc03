package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.impalabalancer.config.Protocol;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The better of two drawn at random. */
class RandomOfTwoTest {
  private final Balance balance = new RandomOfTwo(RandomOfTwo::fewerSessions);

  @Test
  void sessionsThatStayAreSharedByWeight() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.random(random, 0, 10);
          pool.random = random::nextLong;
          int sum = pool.pool.members().stream().mapToInt(Member::weight).sum();
          for (int i = 0; i < 20 * sum; i++) {
            pool.assign(balance);
          }
          assertThat(pool.pool.members())
              .allSatisfy(m ->
                  assertThat((double) m.coordinator().sessions())
                      .isCloseTo(20.0 * m.weight(), within(20 + 0.1 * 20 * m.weight())));
        });
  }

  @Test
  void emptyOnesOfTheSameWeightAreChosenEquallyOften() {
    Trial.forSeeds(
        10,
        random -> {
          TestPool pool = TestPool.of(10, 10, 10);
          pool.random = random::nextLong;
          String order = pool.order(balance, 9_000);
          for (String name : List.of("c1", "c2", "c3")) {
            // Six times the standard deviation of 45 on either side.
            assertThat(order.split(name, -1).length - 1).isBetween(3_000 - 270, 3_000 + 270);
          }
        });
  }

  @Test
  void theLessLoadedOfTheTwoDrawnIsChosen() {
    TestPool pool = TestPool.of(1, 1, 2);
    pool.coordinator(0).take(Protocol.TCP);
    pool.coordinator(2).take(Protocol.TCP);
    pool.coordinator(2).take(Protocol.TCP);
    long first = 0;
    long second = 100;
    long third = 200;
    assertThat(drawn(pool, first, second)).isEqualTo("c2");
    assertThat(drawn(pool, second, first)).isEqualTo("c2");
    assertThat(drawn(pool, first, third)).isEqualTo("c3");
    assertThat(drawn(pool, third, first)).isEqualTo("c3");
    assertThat(drawn(pool, first, first, first, second)).isEqualTo("c2");
  }

  @Test
  void anyNumberIsAGoodDraw() {
    TestPool pool = TestPool.of(1, 1);
    for (long random : new long[] {Long.MIN_VALUE, -1, Long.MAX_VALUE}) {
      assertThat(drawn(pool, random, random, random, random, random, random)).isIn("c1", "c2");
    }
  }

  @Test
  void membersThatFillUpDuringAChoiceDoNoHarm() {
    TestPool pool = TestPool.limited(1, 1, 1, 1);
    Random random = new Random(1);
    pool.random =
        () -> {
          pool.coordinator(random.nextInt(3)).take(Protocol.TCP);
          return random.nextLong();
        };
    for (int i = 0; i < 20; i++) {
      pool.choose(balance, 0);
    }
    assertThat(pool.choose(balance, 0)).isNull();
  }

  private String drawn(TestPool pool, long... numbers) {
    Deque<Long> left = new ArrayDeque<>();
    for (long number : numbers) {
      left.add(number);
    }
    pool.random = left::removeFirst;
    return String.valueOf(pool.choose(balance, 0));
  }
}
