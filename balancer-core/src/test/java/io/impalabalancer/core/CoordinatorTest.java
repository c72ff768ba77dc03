package io.impalabalancer.core;

import static io.impalabalancer.core.Coordinator.Status.CHECKING;
import static io.impalabalancer.core.Coordinator.Status.DOWN;
import static io.impalabalancer.core.Coordinator.Status.UP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A coordinator's state, events and slots. */
class CoordinatorTest implements Coordinator.Observer {
  private final MockTicker ticker = Ticker.newMockTicker();
  private final List<CoordinatorEvent> events = new ArrayList<>();
  private int choiceChanges;
  private final Coordinator coordinator = TestPool.coordinator("c1", 3, ticker, this);

  @Override
  public void stateChanged(CoordinatorEvent event) {
    events.add(event);
  }

  @Override
  public void choiceChanged(Coordinator changed) {
    choiceChanges++;
  }

  @Test
  void aNewOneIsCheckingReadyAndOpenAndHasNoAddress() {
    assertThat(coordinator.status()).isEqualTo(CHECKING);
    assertThat(coordinator.adminState()).isEqualTo(AdminState.READY);
    assertThat(coordinator.isOpen(Protocol.TCP)).isTrue();
    assertThat(coordinator.isOpen(Protocol.BEESWAX)).as("not offered").isFalse();
    assertThat(coordinator.address()).isNull();
    assertThat(coordinator.addressProblem()).isNotEmpty();
    assertThat(coordinator.sharePercent()).isEqualTo(100);
    assertThat(events).isEmpty();
  }

  @Test
  void everyChangeIsOneEventThatSaysHowLongTheStateBeforeWasHeld() {
    ticker.advanceMillis(100);
    coordinator.setStatus(UP, "first check passed");
    ticker.advanceMillis(2_000);
    coordinator.setAdminState(AdminState.DRAIN, "ops");
    ticker.advanceMillis(300);
    coordinator.setOpen(Protocol.TCP, false, "refused");
    coordinator.setStatus(DOWN, "timeout");
    ticker.advanceMillis(50);
    coordinator.setOpen(Protocol.TCP, true, "connected");
    assertThat(events)
        .containsExactly(
            event(CoordinatorEvent.Axis.STATUS, "", "CHECKING", "UP", "first check passed", 100),
            event(CoordinatorEvent.Axis.ADMIN, "", "READY", "DRAIN", "ops", 2_100),
            event(CoordinatorEvent.Axis.PORT, "tcp", "OPEN", "CLOSED", "refused", 2_400),
            event(CoordinatorEvent.Axis.STATUS, "", "UP", "DOWN", "timeout", 2_300),
            event(CoordinatorEvent.Axis.PORT, "tcp", "CLOSED", "OPEN", "connected", 50));
    assertThat(coordinator.statusReason()).isEqualTo("timeout");
    assertThat(coordinator.statusAge()).isEqualTo(Duration.ofMillis(50));
  }

  @Test
  void aVerdictIsOneEventAndAnotherReasonIsNone() {
    ticker.advanceMillis(100);
    coordinator.setVerdict(Verdict.QUIESCING, 100, "120 s left");
    ticker.advanceMillis(200);
    coordinator.setVerdict(Verdict.QUIESCING, 100, "119 s left");
    coordinator.setVerdict(Protocol.TCP, Verdict.STALLED, "nobody is answered");
    assertThat(events)
        .containsExactly(
            event(CoordinatorEvent.Axis.VERDICT, "", "UNKNOWN", "QUIESCING", "120 s left", 100),
            event(
                CoordinatorEvent.Axis.VERDICT,
                "tcp",
                "OPEN",
                "STALLED",
                "nobody is answered",
                300));
    assertThat(events).allMatch(CoordinatorEvent::bad);
    assertThat(coordinator.verdictReason()).isEqualTo("119 s left");
    assertThat(coordinator.verdictAge()).isEqualTo(Duration.ofMillis(200));
    assertThat(coordinator.verdict(Protocol.TCP)).isEqualTo(Verdict.QUIESCING);
    coordinator.setVerdict(Verdict.OPEN, 100, "test");
    assertThat(coordinator.verdict(Protocol.TCP)).isEqualTo(Verdict.STALLED);
    assertThat(coordinator.verdictReason(Protocol.TCP)).isEqualTo("nobody is answered");
    assertThat(coordinator.verdict(Protocol.HIVESERVER2)).isEqualTo(Verdict.OPEN);
  }

  @Test
  void silenceBeginsWithWhoWaitsAndEndsWithAnAnswer() {
    assertThat(coordinator.slots().silence(Protocol.TCP)).isZero();
    ticker.advanceMillis(1_000);
    coordinator.slots().awaitsAnswer(Protocol.TCP);
    ticker.advanceMillis(300);
    coordinator.slots().awaitsAnswer(Protocol.TCP);
    ticker.advanceMillis(200);
    assertThat(coordinator.slots().unanswered(Protocol.TCP)).isEqualTo(2);
    assertThat(coordinator.slots().silence(Protocol.TCP)).isEqualTo(Duration.ofMillis(500));
    coordinator.slots().awaitsNoMore(Protocol.TCP, false);
    assertThat(coordinator.slots().silence(Protocol.TCP)).isEqualTo(Duration.ofMillis(500));
    coordinator.slots().awaitsAnswer(Protocol.TCP);
    coordinator.slots().awaitsNoMore(Protocol.TCP, true);
    assertThat(coordinator.slots().silence(Protocol.TCP)).isZero();
    assertThat(coordinator.slots().unanswered(Protocol.TCP)).isEqualTo(1);
    coordinator.slots().awaitsNoMore(Protocol.TCP, false);
    ticker.advanceMillis(200);
    assertThat(coordinator.slots().silence(Protocol.TCP)).isZero();
  }

  @Test
  void theStateIsTheNewOneWhenItsEventIsTold() {
    List<Coordinator.Status> seen = new ArrayList<>();
    Coordinator told =
        TestPool.coordinator(
            "c1",
            0,
            ticker,
            new Coordinator.Observer() {
              @Override
              public void stateChanged(CoordinatorEvent event) {
                seen.add(event.coordinator().status());
              }

              @Override
              public void choiceChanged(Coordinator changed) {}
            });
    told.setStatus(UP, "test");
    told.setStatus(DOWN, "test");
    assertThat(seen).containsExactly(UP, DOWN);
  }

  @Test
  void theSameStateAgainIsNoEventAndDoesNotResetItsAge() {
    coordinator.setStatus(UP, "test");
    events.clear();
    ticker.advanceMillis(500);
    coordinator.setStatus(UP, "again");
    coordinator.setAdminState(AdminState.READY, "again");
    coordinator.setOpen(Protocol.TCP, true, "again");
    coordinator.setOpen(Protocol.BEESWAX, true, "not offered");
    coordinator.setSharePercent(100);
    assertThat(events).isEmpty();
    assertThat(choiceChanges).isZero();
    assertThat(coordinator.statusAge()).isEqualTo(Duration.ofMillis(500));
    assertThat(coordinator.isOpen(Protocol.BEESWAX)).isFalse();
  }

  @Test
  void anAddressIsKeptWhenItsHostStopsResolving() throws Exception {
    InetAddress one = InetAddress.getByName("10.0.0.1");
    coordinator.resolved(one);
    coordinator.resolved(InetAddress.getByName("10.0.0.1"));
    assertThat(choiceChanges).isEqualTo(1);
    coordinator.notResolved("gone");
    assertThat(coordinator.address()).isEqualTo(one);
    assertThat(coordinator.addressProblem()).isEqualTo("gone");
    coordinator.resolved(InetAddress.getByName("10.0.0.2"));
    assertThat(choiceChanges).isEqualTo(2);
    assertThat(coordinator.addressProblem()).isEmpty();
    assertThat(coordinator.socketAddress(Protocol.HIVESERVER2)).hasToString("/10.0.0.2:21050");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 101})
  void aShareOutOfRangeIsRefused(int percent) {
    assertThatThrownBy(() -> coordinator.setSharePercent(percent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("share: %d (expected: 1 to 100)", percent);
  }

  @Test
  void thereAreAsManySlotsAsMaxconnSays() {
    for (int i = 0; i < 3; i++) {
      assertThat(coordinator.slots().anyFree(Protocol.TCP)).isTrue();
      assertThat(coordinator.take(Protocol.TCP)).isTrue();
    }
    assertThat(coordinator.slots().anyFree(Protocol.TCP)).isFalse();
    assertThat(coordinator.take(Protocol.TCP)).isFalse();
    assertThat(coordinator.sessions()).isEqualTo(3);
    coordinator.giveBack(Protocol.TCP);
    assertThat(coordinator.take(Protocol.TCP)).isTrue();
  }

  @Test
  void withoutMaxconnThereIsAlwaysRoom() {
    Coordinator unlimited = TestPool.coordinator("c1", 0, ticker, this);
    for (int i = 0; i < 10_000; i++) {
      assertThat(unlimited.slots().anyFree(Protocol.TCP) && unlimited.take(Protocol.TCP)).isTrue();
    }
    assertThat(unlimited.sessions()).isEqualTo(10_000);
  }

  @Test
  void aSlotThatIsGivenBackTwiceIsADefect() {
    assertThat(coordinator.take(Protocol.TCP)).isTrue();
    coordinator.giveBack(Protocol.TCP);
    assertThatThrownBy(() -> coordinator.giveBack(Protocol.TCP)).isInstanceOf(AssertionError.class);
  }

  @Test
  void threadsThatContendForSlotsNeverHoldMoreThanMaxconnAndLeaveNone() throws Exception {
    AtomicInteger held = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger taken = new AtomicInteger();
    Trial.inParallel(
        6,
        () -> {
          for (int i = 0; i < 20_000; i++) {
            if (coordinator.take(Protocol.TCP)) {
              most.accumulateAndGet(held.incrementAndGet(), Math::max);
              taken.incrementAndGet();
              held.decrementAndGet();
              coordinator.giveBack(Protocol.TCP);
            }
          }
        });
    assertThat(most.get()).isBetween(1, 3);
    assertThat(taken.get()).isPositive();
    assertThat(coordinator.sessions()).isZero();
  }

  private CoordinatorEvent event(
      CoordinatorEvent.Axis axis,
      String subject,
      String from,
      String to,
      String reason,
      long heldMillis) {
    return new CoordinatorEvent(
        coordinator, axis, subject, from, to, reason, Duration.ofMillis(heldMillis));
  }
}
