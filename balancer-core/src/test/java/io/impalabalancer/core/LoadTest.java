package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a coordinator has to do, as a balancer reckons it between two pages. */
class LoadTest {
  private final MockTicker ticker = Ticker.newMockTicker();
  private final Coordinator coordinator =
      TestPool.coordinator("c1", 0, ticker, new TestPoolObserver());
  private final Load load = coordinator.load();
  private final Deque<Integer> sessions = new ArrayDeque<>();

  /** Nobody. */
  private static final class TestPoolObserver implements Coordinator.Observer {
    @Override
    public void stateChanged(CoordinatorEvent event) {}

    @Override
    public void choiceChanged(Coordinator coordinator) {}
  }

  @Test
  void nothingIsKnownBeforeAPageWasRead() {
    begin(3);
    assertThat(load.thousandths()).isNegative();
    assertThat(load.told()).isNegative();
    load.asked();
    assertThat(load.thousandths()).isNegative();
  }

  @Test
  void whatThePageToldCountsAndAConnectionAThousandth() {
    begin(3);
    read(7);
    assertThat(load.thousandths()).isEqualTo(7_003);
    assertThat(load.told()).isEqualTo(7);
  }

  @Test
  void aSessionIsAQueryUntilAPageIsReadThatWouldShowIt() {
    read(2);
    begin(3);
    assertThat(load.thousandths()).isEqualTo(5_003);
    end(1);
    assertThat(load.thousandths()).isEqualTo(4_002);
    read(1);
    assertThat(load.thousandths()).isEqualTo(1_002);
  }

  @Test
  void whatIsSentWhileThePageIsOnItsWayCountsWhenItIsThere() {
    read(2);
    begin(1);
    load.asked();
    begin(4);
    assertThat(load.thousandths()).isEqualTo(7_005);
    load.told(3, 3, 0);
    assertThat(load.thousandths()).isEqualTo(7_005);
  }

  @Test
  void ofSessionsThatEndedAsMuchIsGoneAsTheyHadOnAverage() {
    begin(10);
    read(5);
    end(4);
    assertThat(load.thousandths()).isEqualTo(3_006);
    end(6);
    assertThat(load.thousandths()).isZero();
  }

  @Test
  void aSessionThatEndedHadOneQueryAtMost() {
    begin(2);
    read(30);
    end(2);
    assertThat(load.thousandths()).isEqualTo(28_000);
  }

  @Test
  void oneOfLongAgoThatEndsIsNotTakenForOneSentLately() {
    begin(1);
    read(0);
    sessions.addLast(begun());
    end(1);
    assertThat(load.thousandths()).isEqualTo(1_001);
    assertThat(load.sent()).isEqualTo(1);
  }

  @Test
  void aQueryThatNeitherRunsNorWaitsCountsHalf() {
    load.asked();
    load.told(10, 4, 2);
    assertThat(load.thousandths()).isEqualTo(8_000);
  }

  @Test
  void onOneThatExecutesForOthersTooWhatIsRegisteredCounts() {
    load.asked();
    load.told(10, 64, 0);
    assertThat(load.thousandths()).isEqualTo(10_000);
  }

  @Test
  void whereOnlyTheRegisteredAreKnownTheyCount() {
    load.asked();
    load.told(10, -1, -1);
    assertThat(load.thousandths()).isEqualTo(10_000);
  }

  @Test
  void theAgeIsThatOfThePage() {
    read(1);
    ticker.advance(3, TimeUnit.SECONDS);
    load.asked();
    assertThat(load.age()).isEqualTo(Duration.ofSeconds(3));
    load.lost();
    assertThat(load.thousandths()).isNegative();
    assertThat(load.age()).isZero();
  }

  @Test
  void absurdNumbersDoNotOverflow() {
    load.asked();
    load.told(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
    assertThat(load.thousandths()).isPositive();
  }

  @Test
  void loopsThatCountWhilePagesAreReadLoseNothing() throws Exception {
    read(0);
    Trial.inParallel(
        4,
        () -> {
          for (int i = 0; i < 20_000; i++) {
            int began = load.began();
            if (i % 1_000 == 0) {
              synchronized (load) {
                load.asked();
              }
            }
            load.ended(began);
          }
        });
    load.asked();
    load.told(0, 0, 0);
    assertThat(load.sent()).isZero();
    assertThat(load.thousandths()).isZero();
  }

  private void read(int queries) {
    load.asked();
    load.told(queries, queries, 0);
  }

  private int begun() {
    coordinator.take(Protocol.TCP);
    return load.began();
  }

  private void begin(int count) {
    for (int i = 0; i < count; i++) {
      sessions.addLast(begun());
    }
  }

  private void end(int count) {
    for (int i = 0; i < count; i++) {
      load.ended(sessions.removeFirst());
      coordinator.giveBack(Protocol.TCP);
    }
  }
}
