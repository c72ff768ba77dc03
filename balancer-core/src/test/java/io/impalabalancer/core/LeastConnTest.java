package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Least connections, weighted. */
class LeastConnTest {
  private final Balance balance = new LeastConn();

  @Test
  void sessionsThatStayAreSharedExactlyByWeight() {
    Trial.forSeeds(
        50,
        random -> {
          TestPool pool = TestPool.random(random, 0, 10);
          int sum = pool.pool.members().stream().mapToInt(Member::weight).sum();
          for (int i = 0; i < 3 * sum; i++) {
            assertThat(pool.assign(balance).kind()).isEqualTo(Assignment.Kind.ASSIGNED);
          }
          assertThat(pool.pool.members())
              .allSatisfy(m -> assertThat(m.coordinator().sessions()).isEqualTo(3 * m.weight()));
        });
  }

  @Test
  void whileSessionsComeAndGoNoneIsPutWhereItWeighsMoreThanElsewhere() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.random(random, 0, 10);
          List<Coordinator> sessions = new ArrayList<>();
          for (int i = 0; i < 1_000; i++) {
            if (!sessions.isEmpty() && random.nextInt(5) < 2) {
              sessions.remove(random.nextInt(sessions.size())).giveBack(Protocol.TCP);
              continue;
            }
            Member chosen = pool.assign(balance).chosen();
            sessions.add(chosen.coordinator());
            double load = (double) chosen.coordinator().sessions() / chosen.weight();
            for (Member other : pool.pool.members()) {
              assertThat((other.coordinator().sessions() + 1.0) / other.weight())
                  .isGreaterThanOrEqualTo(other == chosen ? 0 : load);
            }
          }
        });
  }

  @Test
  void tiesGoRound() {
    assertThat(TestPool.of(100, 100, 100).order(balance, 6)).isEqualTo("c1 c2 c3 c1 c2 c3");
  }

  @Test
  void tiesAmongSomeOfTheMembersGoRoundToo() {
    TestPool pool = TestPool.of(100, 100, 100, 100);
    pool.coordinator(1).take(Protocol.TCP);
    pool.coordinator(2).take(Protocol.TCP);
    assertThat(pool.order(balance, 4)).isEqualTo("c1 c4 c1 c4");
  }

  @Test
  void ofEmptyOnesTheHeavierIsChosen() {
    assertThat(TestPool.of(50, 100).order(balance, 3)).isEqualTo("c2 c2 c2");
  }

  @Test
  void oneThatComesBackEmptyIsFilledUpToTheOthers() {
    TestPool pool = TestPool.of(100, 100, 100);
    pool.coordinator(2).setStatus(Coordinator.Status.DOWN, "test");
    for (int i = 0; i < 10; i++) {
      pool.assign(balance);
    }
    pool.coordinator(2).setStatus(Coordinator.Status.UP, "test");
    for (int i = 0; i < 5; i++) {
      assertThat(pool.assign(balance).chosen()).hasToString("c3");
    }
  }

  @Test
  void theSessionsOfAllPortsAndListenersCount() {
    TestPool pool = TestPool.of(100, 100);
    Balance ofAnotherListener = new LeastConn();
    for (int i = 0; i < 6; i++) {
      pool.pool.assign(Protocol.HIVESERVER2, ofAnotherListener, TestPool.choice(0));
    }
    pool.coordinator(0).take(Protocol.TCP);
    pool.coordinator(0).take(Protocol.TCP);
    assertThat(pool.assign(balance).chosen()).hasToString("c2");
    assertThat(pool.assign(balance).chosen()).hasToString("c2");
    assertThat(pool.coordinator(0).sessions()).isEqualTo(5);
    assertThat(pool.coordinator(1).sessions()).isEqualTo(5);
  }
}
