package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In the order declared. */
class FirstFitTest {
  private final Balance balance = new FirstFit();

  @Test
  void oneIsFilledBeforeTheNextIsUsedWhateverTheirWeights() {
    TestPool pool = TestPool.limited(2, 1, 200, 100);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      order.add(pool.assign(balance).chosen().toString());
    }
    assertThat(order).containsExactly("c1", "c1", "c2", "c2", "c3", "c3");
    assertThat(pool.assign(balance)).isEqualTo(Assignment.FULL);
  }

  @Test
  void aPlaceThatBecameFreeFurtherUpIsTakenFirst() {
    Trial.forSeeds(
        20,
        random -> {
          TestPool pool = TestPool.limited(3, 1, 1, 1, 1);
          for (int i = 0; i < 300; i++) {
            Coordinator any = pool.coordinator(random.nextInt(4));
            if (random.nextBoolean() && any.sessions() > 0) {
              any.giveBack(Protocol.TCP);
              continue;
            }
            Member chosen = pool.assign(balance).member();
            if (chosen != null) {
              int index = pool.pool.members().indexOf(chosen);
              assertThat(pool.pool.members().subList(0, index))
                  .allSatisfy(m -> assertThat(m.coordinator().sessions()).isEqualTo(3));
            }
          }
        });
  }
}
