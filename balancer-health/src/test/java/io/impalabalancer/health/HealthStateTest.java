package io.impalabalancer.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.OnError;
import io.impalabalancer.core.Coordinator.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HealthStateTest {
  private static final Duration INTER = Duration.ofSeconds(2);
  private static final Duration FASTINTER = Duration.ofMillis(500);
  private static final Duration DOWNINTER = Duration.ofSeconds(5);

  private final HealthState state =
      new HealthState(new Checks().riseAndFall(2, 3).make(), Status.CHECKING);

  private void results(boolean... goods) {
    for (boolean good : goods) {
      boolean unused = state.result(good);
    }
  }

  @Test
  void isCheckingAtFastinterUntilTheFirstResult() {
    assertThat(state.status()).isEqualTo(Status.CHECKING);
    assertThat(state.interval()).isEqualTo(FASTINTER);
  }

  /** Every run of ten results, against the plain words: so many in a row change the status. */
  @ParameterizedTest
  @CsvSource({"1,1", "1,3", "2,1", "2,3", "3,2", "4,4"})
  void changesAfterRiseGoodOrFallBadResultsInARow(int rise, int fall) {
    CheckConfig config = new Checks().riseAndFall(rise, fall).make();
    for (int run = 0; run < 1 << 10; run++) {
      HealthState tested = new HealthState(config, Status.CHECKING);
      boolean up = (run & 1) != 0;
      int against = 0;
      assertThat(tested.result(up)).isTrue();
      for (int i = 1; i < 10; i++) {
        boolean good = (run >> i & 1) != 0;
        against = good == up ? 0 : against + 1;
        boolean changes = against == (up ? fall : rise);
        if (changes) {
          up = !up;
          against = 0;
        }
        String where = "run " + Integer.toBinaryString(run) + " result " + i;
        assertThat(tested.result(good)).as(where).isEqualTo(changes);
        assertThat(tested.status()).as(where).isEqualTo(up ? Status.UP : Status.DOWN);
        assertThat(tested.interval())
            .as(where)
            .isEqualTo(against > 0 ? FASTINTER : up ? INTER : DOWNINTER);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // bad results after which an error limit strikes, what follows, bad checks that are then
    // still needed for DOWN; 0: it is DOWN
    "0, FASTINTER, 3",
    "2, FASTINTER, 1",
    "0, FAIL_CHECK, 2",
    "1, FAIL_CHECK, 1",
    "2, FAIL_CHECK, 0",
    "0, SUDDEN_DEATH, 1",
    "1, SUDDEN_DEATH, 1",
    "2, SUDDEN_DEATH, 0",
    "0, MARK_DOWN, 0",
    "2, MARK_DOWN, 0",
  })
  void onErrorActsAsInHaproxy(int badBefore, OnError onError, int badNeeded) {
    results(true);
    for (int i = 0; i < badBefore; i++) {
      results(false);
    }
    assertThat(state.onError(onError)).isEqualTo(badNeeded == 0);
    assertThat(state.interval()).isEqualTo(FASTINTER);
    for (int i = badNeeded; i > 0; i--) {
      assertThat(state.status()).isEqualTo(Status.UP);
      results(false);
    }
    assertThat(state.status()).isEqualTo(Status.DOWN);
  }

  @ParameterizedTest
  @EnumSource(OnError.class)
  void onErrorIsMadeGoodByOneGoodCheckUnlessItIsDown(OnError onError) {
    results(true);
    boolean down = state.onError(onError);
    results(true);
    assertThat(state.status()).isEqualTo(down ? Status.DOWN : Status.UP);
    assertThat(state.interval()).isEqualTo(down ? FASTINTER : INTER);
  }

  @ParameterizedTest
  @EnumSource(OnError.class)
  void onErrorDoesNotChangeOneThatIsRising(OnError onError) {
    results(false, true);
    assertThat(state.onError(onError)).isFalse();
    results(true);
    assertThat(state.status()).isEqualTo(Status.UP);
  }

  @Test
  void soonLastsUntilTheNextResult() {
    results(true);
    state.soon();
    assertThat(state.interval()).isEqualTo(FASTINTER);
    results(true);
    assertThat(state.interval()).isEqualTo(INTER);
  }
}
