package io.impalabalancer.core;

import static io.impalabalancer.core.TimerWheel.TICK_NANOS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The timers of a loop. Times are ticks after the start, where nothing else is said. */
class TimerWheelTest {
  private static final long TURN = 1024;

  private final long startNanos = 123_456_789;
  private final TimerWheel wheel = new TimerWheel(startNanos);
  private long nowNanos = startNanos;

  /** Keeps when it fired, and then does something. */
  private static final class Probe extends TimerWheel.Timer {
    final List<Long> firedNanos = new ArrayList<>();
    private final Runnable then;

    Probe(Runnable then) {
      this.then = then;
    }

    Probe() {
      this(() -> {});
    }

    @Override
    void expired(long nowNanos) {
      assertThat(isSet()).isFalse();
      firedNanos.add(nowNanos);
      assertThat(firedNanos.size()).as("fires for ever").isLessThan(100);
      then.run();
    }
  }

  @Test
  void aTimerFiresAtMostOneTickLateAndNeverEarly() {
    Map<Probe, Long> deadlines = new HashMap<>();
    Random random = new Random(1);
    for (int i = 0; i < 3_000; i++) {
      Probe probe = new Probe();
      long deadline = startNanos + (long) (random.nextDouble() * 3 * TURN * TICK_NANOS);
      wheel.set(probe, deadline);
      deadlines.put(probe, deadline);
    }
    for (long tick = 1; tick <= 3 * TURN + 1; tick++) {
      wheel.advance(at(tick));
    }
    deadlines.forEach((probe, deadline) -> {
      assertThat(probe.firedNanos).hasSize(1);
      assertThat(probe.firedNanos.get(0) - deadline).isBetween(0L, TICK_NANOS);
    });
    assertThat(wheel.size()).isZero();
  }

  @Test
  void aDeadlineThatHasPassedFiresAtTheNextTick() {
    advanceTo(10);
    Probe probe = new Probe();
    wheel.set(probe, at(3));
    wheel.advance(at(10) + TICK_NANOS - 1);
    assertThat(probe.firedNanos).isEmpty();
    wheel.advance(at(11));
    assertThat(probe.firedNanos).containsExactly(at(11));
  }

  @Test
  void aTimerThatIsMovedFiresOnceAtItsNewDeadline() {
    Probe later = new Probe();
    wheel.set(later, at(5));
    wheel.set(later, at(8));
    Probe sooner = new Probe();
    wheel.set(sooner, at(8));
    wheel.set(sooner, at(5));
    assertThat(wheel.size()).isEqualTo(2);
    advanceTo(20);
    assertThat(later.firedNanos).containsExactly(at(8));
    assertThat(sooner.firedNanos).containsExactly(at(5));
  }

  @Test
  void aCancelledTimerDoesNotFireAndCanBeSetAgain() {
    Probe probe = new Probe();
    wheel.cancel(probe);
    wheel.set(probe, at(5));
    assertThat(probe.isSet()).isTrue();
    wheel.cancel(probe);
    wheel.cancel(probe);
    assertThat(probe.isSet()).isFalse();
    assertThat(wheel.size()).isZero();
    advanceTo(10);
    assertThat(probe.firedNanos).isEmpty();
    wheel.set(probe, at(12));
    advanceTo(20);
    assertThat(probe.firedNanos).containsExactly(at(12));
  }

  @Test
  void aDeadlineBeyondOneTurnWaitsForItsTurn() {
    Probe probe = new Probe();
    Probe sameSlot = new Probe();
    wheel.set(probe, at(3 * TURN + 7));
    wheel.set(sameSlot, at(7));
    advanceTo(3 * TURN + 6);
    assertThat(sameSlot.firedNanos).containsExactly(at(7));
    assertThat(probe.firedNanos).isEmpty();
    advanceTo(3 * TURN + 7);
    assertThat(probe.firedNanos).containsExactly(at(3 * TURN + 7));
  }

  @Test
  void afterALongPauseEverythingThatIsDueFiresOnce() {
    List<Probe> due = new ArrayList<>();
    for (int i = 1; i <= 5 * TURN; i += 13) {
      Probe probe = new Probe();
      wheel.set(probe, at(i));
      due.add(probe);
    }
    Probe later = new Probe();
    wheel.set(later, at(10 * TURN));
    wheel.advance(at(5 * TURN));
    assertThat(due).allSatisfy(p -> assertThat(p.firedNanos).containsExactly(at(5 * TURN)));
    assertThat(later.firedNanos).isEmpty();
    assertThat(wheel.size()).isEqualTo(1);
  }

  @Test
  void aTimerMaySetItselfAgain() {
    Probe[] self = new Probe[1];
    self[0] = new Probe(() -> wheel.set(self[0], nowNanos + 3 * TICK_NANOS));
    wheel.set(self[0], at(1));
    advanceTo(10);
    assertThat(self[0].firedNanos).containsExactly(at(1), at(4), at(7), at(10));
  }

  /** Whatever it sets itself to, it fires again after this advance only. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, TURN - 1, TURN, TURN + 1, 3 * TURN})
  void aTimerThatSetsItselfToWhatHasPassedFiresOnceAnAdvance(long pause) {
    for (long deadline : new long[] {-1, 0, TICK_NANOS / 2, at(pause) - startNanos}) {
      TimerWheel fresh = new TimerWheel(startNanos);
      Probe[] self = new Probe[1];
      long nowNanos = at(pause) + TICK_NANOS / 2;
      self[0] = new Probe(() -> fresh.set(self[0], startNanos + deadline));
      fresh.set(self[0], startNanos);
      fresh.advance(nowNanos);
      assertThat(self[0].firedNanos).as("deadline %d", deadline).hasSize(1);
      fresh.advance(nowNanos + TICK_NANOS);
      assertThat(self[0].firedNanos).as("deadline %d", deadline).hasSize(2);
    }
  }

  @Test
  void ofTwoTimersThatCancelEachOtherOneFires() {
    Probe[] pair = pair(wheel::cancel);
    Probe bystander = new Probe();
    List.of(pair[0], bystander, pair[1]).forEach(each -> wheel.set(each, at(5)));
    advanceTo(5);
    assertThat(pair[0].firedNanos.size() + pair[1].firedNanos.size()).isEqualTo(1);
    assertThat(bystander.firedNanos).hasSize(1);
    assertThat(wheel.size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {6, 5 + TURN})
  void ofTwoTimersThatMoveEachOtherOneFiresLater(long tick) {
    Probe[] pair = pair(other -> wheel.set(other, at(tick)));
    Probe bystander = new Probe();
    List.of(pair[0], bystander, pair[1]).forEach(each -> wheel.set(each, at(5)));
    advanceTo(2 * TURN);
    assertThat(List.of(pair[0].firedNanos, pair[1].firedNanos))
        .containsExactlyInAnyOrder(List.of(at(5)), List.of(at(tick)));
    assertThat(bystander.firedNanos).containsExactly(at(5));
  }

  /** Returns two timers that, if the other is set when they fire, do something to it. */
  private static Probe[] pair(Consumer<Probe> action) {
    Probe[] pair = new Probe[2];
    for (int i = 0; i < 2; i++) {
      int other = 1 - i;
      pair[i] =
          new Probe(() -> {
            if (pair[other].isSet()) {
              action.accept(pair[other]);
            }
          });
    }
    return pair;
  }

  @Test
  void aTimerThatThrowsDoesNotStopTheOthers() {
    Probe before = new Probe();
    Probe after = new Probe();
    Probe later = new Probe();
    Probe defect =
        new Probe(() -> {
          throw new IllegalStateException("a defect, on purpose");
        });
    List.of(before, defect, after).forEach(each -> wheel.set(each, at(5)));
    wheel.set(later, at(6));
    wheel.advance(at(6));
    assertThat(List.of(before, defect, after, later))
        .allSatisfy(each -> assertThat(each.firedNanos).hasSize(1));
    assertThat(wheel.size()).isZero();
  }

  /** A sorted map says what has to have fired, and what may have. */
  @Test
  void itDoesWhatASortedMapDoes() {
    Trial.forSeeds(30, TimerWheelTest::compareWithModel);
  }

  private static void compareWithModel(Random random) {
    // The clock may start anywhere and may pass the end of the numbers.
    long start = random.nextBoolean() ? Long.MAX_VALUE - 20 * TICK_NANOS : random.nextLong();
    TimerWheel wheel = new TimerWheel(start);
    Map<Integer, Long> due = new HashMap<>();
    List<Integer> fired = new ArrayList<>();
    List<TimerWheel.Timer> timers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int id = i;
      timers.add(
          new TimerWheel.Timer() {
            @Override
            void expired(long nowNanos) {
              fired.add(id);
            }
          });
    }
    long now = 0;
    for (int step = 0; step < 600; step++) {
      int id = random.nextInt(timers.size());
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          long reach = (random.nextInt(10) == 0 ? 3 * TURN : 20) * TICK_NANOS;
          long deadline = now - TICK_NANOS + (long) (random.nextDouble() * reach);
          wheel.set(timers.get(id), start + deadline);
          due.put(id, Math.max(now, deadline));
        }
        case 2 -> {
          wheel.cancel(timers.get(id));
          due.remove(id);
        }
        default -> {
          long ticks = random.nextInt(50) == 0 ? 2 * TURN : 3;
          now += (long) (random.nextDouble() * ticks * TICK_NANOS);
          fired.clear();
          wheel.advance(start + now);
          TreeMap<Long, List<Integer>> model = new TreeMap<>();
          due.forEach((who, at) -> model.computeIfAbsent(at, a -> new ArrayList<>()).add(who));
          for (List<Integer> must : model.headMap(now - TICK_NANOS, true).values()) {
            assertThat(fired).containsAll(must);
          }
          for (List<Integer> mustNot : model.tailMap(now, false).values()) {
            assertThat(fired).doesNotContainAnyElementsOf(mustNot);
          }
          assertThat(fired).doesNotHaveDuplicates();
          due.keySet().removeAll(fired);
        }
      }
      assertThat(wheel.size()).isEqualTo(due.size());
    }
  }

  @Test
  void settingMovingCancellingAndFiringAllocateNothing() {
    TimerWheel.Timer[] timers = new TimerWheel.Timer[100];
    for (int i = 0; i < timers.length; i++) {
      timers[i] =
          new TimerWheel.Timer() {
            @Override
            void expired(long nowNanos) {}
          };
    }
    Runnable work =
        () -> {
          for (int i = 0; i < 100_000; i++) {
            TimerWheel.Timer timer = timers[i % timers.length];
            wheel.set(timer, nowNanos + i % 7 * TICK_NANOS);
            wheel.set(timer, nowNanos + i % 5 * TICK_NANOS);
            if (i % 3 == 0) {
              wheel.cancel(timer);
            }
            nowNanos += TICK_NANOS / 10;
            wheel.advance(nowNanos);
          }
        };
    work.run();
    assertThat(Trial.allocatedBytes(work)).isLessThan(100_000);
  }

  private long at(long tick) {
    return startNanos + tick * TICK_NANOS;
  }

  private void advanceTo(long tick) {
    while (nowNanos < at(tick)) {
      nowNanos += TICK_NANOS;
      wheel.advance(nowNanos);
    }
  }
}
