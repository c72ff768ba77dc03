package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How long queries take that share a coordinator's work units, by a clock that the test moves. */
class CapacityTest {
  private final AtomicLong clock = new AtomicLong();
  private final Capacity capacity = new Capacity("impala-1", 2, 8, clock::get);
  private final Map<String, Long> ends = new HashMap<>();

  @AfterEach
  void close() {
    capacity.close();
  }

  private Capacity.Work start(String name, long millis) {
    return Objects.requireNonNull(
        capacity.start(
            Duration.ofMillis(millis).toNanos(),
            () -> ends.put(name, Duration.ofNanos(clock.get()).toMillis()),
            () -> ends.put(name, -1L)));
  }

  private void passMillis(long millis) {
    for (long i = 0; i < millis; i++) {
      clock.addAndGet(1_000_000);
      capacity.advance();
    }
  }

  @Test
  void whatRunsWhenItDiesIsLostAndWhatComesLaterToo() {
    start("a", 100);
    capacity.close();
    start("b", 100);
    assertThat(ends).containsOnly(Map.entry("a", -1L), Map.entry("b", -1L));
    assertThat(capacity.running()).isZero();
  }

  @Test
  void queriesWithinTheUnitsRunAtFullSpeed() {
    start("a", 100);
    start("b", 50);
    passMillis(100);
    assertThat(ends).containsExactlyInAnyOrderEntriesOf(Map.of("a", 100L, "b", 50L));
  }

  @Test
  void moreQueriesThanUnitsShareThemEqually() {
    for (String name : new String[] {"a", "b", "c", "d"}) {
      start(name, 100);
    }
    passMillis(199);
    assertThat(ends).isEmpty();
    passMillis(1);
    assertThat(ends).hasSize(4).allSatisfy((name, end) -> assertThat(end).isEqualTo(200));
  }

  @Test
  void aQueryIsSlowOnlyWhileOthersRun() {
    start("long", 100);
    start("short 1", 40);
    start("short 2", 40);
    start("short 3", 40);
    // Four on two units: the short ones take 80 ms, and the long one has 60 ms of work left.
    passMillis(140);
    assertThat(ends)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("short 1", 80L, "short 2", 80L, "short 3", 80L, "long", 140L));
  }

  @Test
  void cancelledWorkMakesRoomForOthers() {
    start("a", 100);
    Capacity.Work b = start("b", 100);
    Capacity.Work c = start("c", 100);
    Capacity.Work d = start("d", 100);
    passMillis(100);
    b.cancel();
    c.cancel();
    d.cancel();
    passMillis(50);
    assertThat(ends).containsExactlyEntriesOf(Map.of("a", 150L));
  }

  @Test
  void thereIsNoMemoryForMoreThanTheMostQueries() {
    for (int i = 0; i < 8; i++) {
      start("query " + i, 100);
    }
    assertThat(capacity.start(1, () -> {}, () -> {})).isNull();
    passMillis(400);
    assertThat(ends).hasSize(8);
    assertThat(capacity.start(1, () -> {}, () -> {})).isNotNull();
  }
}
