package io.impalabalancer.core;

import static io.impalabalancer.core.Coordinator.Status.DOWN;
import static io.impalabalancer.core.Coordinator.Status.UP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.BalanceKind;
import io.impalabalancer.config.MemberConfig;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.Ticker;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who serves, and what choosing gives. */
class PoolTest {
  private static final MemberConfig PRIMARY = new MemberConfig("c1", 100, false);
  private static final MemberConfig OTHER_PRIMARY = new MemberConfig("c2", 100, false);
  private static final MemberConfig BACKUP = new MemberConfig("b1", 100, true);
  private static final MemberConfig OTHER_BACKUP = new MemberConfig("b2", 100, true);

  private final Balance balance = new FirstFit();

  @Test
  void aMemberServesWhileEverythingIsWellWithIt() {
    assertThat(TestPool.of(100, 100).servingNames()).containsExactly("c1", "c2");
  }

  @ParameterizedTest
  @EnumSource(names = "UP", mode = EnumSource.Mode.EXCLUDE)
  void oneThatIsNotUpDoesNotServe(Coordinator.Status status) {
    TestPool pool = TestPool.of(100, 100);
    pool.coordinator(0).setStatus(status, "test");
    assertThat(pool.servingNames()).containsExactly("c2");
    pool.coordinator(0).setStatus(UP, "test");
    assertThat(pool.servingNames()).containsExactly("c1", "c2");
  }

  @ParameterizedTest
  @EnumSource(names = "READY", mode = EnumSource.Mode.EXCLUDE)
  void oneThatIsNotReadyDoesNotServe(AdminState state) {
    TestPool pool = TestPool.of(100, 100);
    pool.coordinator(0).setAdminState(state, "test");
    assertThat(pool.servingNames()).containsExactly("c2");
    pool.coordinator(0).setAdminState(AdminState.READY, "test");
    assertThat(pool.servingNames()).containsExactly("c1", "c2");
  }

  @Test
  void aClosedPortTakesItOutOfThatProtocolOnly() {
    TestPool pool = TestPool.of(100, 100);
    pool.coordinator(0).setOpen(Protocol.TCP, false, "test");
    assertThat(pool.servingNames()).containsExactly("c2");
    assertThat(pool.pool.serving(Protocol.HIVESERVER2).size()).isEqualTo(2);
    pool.coordinator(0).setOpen(Protocol.TCP, true, "test");
    assertThat(pool.servingNames()).containsExactly("c1", "c2");
  }

  @Test
  void nobodyServesAProtocolThatNobodyOffers() {
    TestPool pool = TestPool.of(100);
    pool.coordinator(0).setOpen(Protocol.BEESWAX, true, "test");
    assertThat(pool.pool.serving(Protocol.BEESWAX).isEmpty()).isTrue();
  }

  @Test
  void oneOfWeightZeroDoesNotServe() {
    TestPool pool = TestPool.of(0, 100);
    assertThat(pool.servingNames()).containsExactly("c2");
    pool.coordinator(1).setStatus(DOWN, "test");
    assertThat(pool.servingNames()).isEmpty();
  }

  @Test
  void oneWhoseAddressIsNotKnownDoesNotServe() {
    Coordinator coordinator =
        TestPool.coordinator("c1", 0, Ticker.newMockTicker(), TestPool.of(100));
    coordinator.setStatus(UP, "test");
    Member member = new Member(coordinator, "p", PRIMARY);
    assertThat(member.usable(Protocol.TCP)).isFalse();
    coordinator.resolved(TestPool.LOOPBACK);
    assertThat(member.usable(Protocol.TCP)).isTrue();
    coordinator.notResolved("test");
    assertThat(member.usable(Protocol.TCP)).isTrue();
  }

  @Test
  void backupsServeOnlyWhileNoPrimaryIsUsable() {
    TestPool pool = TestPool.members(1, BACKUP, PRIMARY, OTHER_BACKUP, OTHER_PRIMARY);
    assertThat(pool.servingNames()).containsExactly("c1", "c2");
    pool.coordinator(1).setStatus(DOWN, "test");
    assertThat(pool.servingNames()).containsExactly("c2");
    pool.coordinator(3).setAdminState(AdminState.DRAIN, "test");
    assertThat(pool.servingNames()).containsExactly("b1", "b2");
    pool.coordinator(1).setStatus(UP, "test");
    assertThat(pool.servingNames()).containsExactly("c1");
  }

  @Test
  void backupsDoNotServeWhilePrimariesAreFull() {
    TestPool pool = TestPool.members(1, PRIMARY, BACKUP);
    assertThat(pool.assign(balance).chosen()).hasToString("c1");
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
  }

  @Test
  void oneWhoseVerdictRefusesDoesNotServe() {
    TestPool pool = TestPool.of(100, 100);
    for (Verdict verdict : Verdict.values()) {
      pool.coordinator(0).setVerdict(verdict, 100, "test");
      assertThat(pool.servingNames())
          .as(verdict.word())
          .isEqualTo(verdict.refuses() ? List.of("c2") : List.of("c1", "c2"));
      assertThat(pool.serving().overruled()).isFalse();
    }
  }

  @Test
  void aVerdictOnAnotherPortIsOfNoInterest() {
    TestPool pool = TestPool.of(100, 100);
    pool.coordinator(0).setVerdict(Protocol.HIVESERVER2, Verdict.STALLED, "test");
    assertThat(pool.servingNames()).containsExactly("c1", "c2");
    pool.coordinator(0).setVerdict(Protocol.TCP, Verdict.STALLED, "test");
    assertThat(pool.servingNames()).containsExactly("c2");
  }

  @Test
  void backupsServeBeforeThoseWhoseVerdictRefuses() {
    TestPool pool = TestPool.members(1, PRIMARY, BACKUP);
    pool.coordinator(0).setVerdict(Verdict.STALE, 100, "test");
    assertThat(pool.servingNames()).containsExactly("b1");
  }

  @Test
  void ifEveryVerdictSaysNoTheLeastBadServe() {
    TestPool pool = TestPool.of(100, 100, 100, 100);
    pool.coordinator(0).setVerdict(Verdict.QUIESCING, 100, "test");
    pool.coordinator(1).setVerdict(Verdict.STALLED, 100, "test");
    pool.coordinator(2).setVerdict(Protocol.TCP, Verdict.STALLED, "test");
    pool.coordinator(3).setVerdict(Verdict.NOT_A_COORDINATOR, 100, "test");
    assertThat(pool.servingNames()).containsExactly("c2", "c3");
    assertThat(pool.serving().overruled()).isTrue();
    pool.coordinator(1).setAdminState(AdminState.DRAIN, "test");
    pool.coordinator(2).setStatus(DOWN, "test");
    assertThat(pool.servingNames()).containsExactly("c1");
    pool.coordinator(0).setStatus(DOWN, "test");
    assertThat(pool.servingNames()).as("never who is no coordinator").isEmpty();
    pool.coordinator(1).setAdminState(AdminState.READY, "test");
    pool.coordinator(1).setVerdict(Verdict.OPEN, 100, "test");
    assertThat(pool.servingNames()).containsExactly("c2");
    assertThat(pool.serving().overruled()).isFalse();
  }

  @Test
  void oneThatIsStrainedHasAPartOfItsWeight() {
    TestPool pool = TestPool.of(100, 1);
    pool.pool.members().forEach(m -> m.coordinator().setVerdict(Verdict.STRAINED, 50, "test"));
    assertThat(pool.serving().weight(0)).isEqualTo(5_000);
    assertThat(pool.serving().weight(1)).isEqualTo(50);
    pool.coordinator(1).setSharePercent(1);
    pool.coordinator(1).setVerdict(Verdict.STRAINED, 1, "test");
    assertThat(pool.serving().weight(1)).as("never nothing").isEqualTo(1);
    pool.coordinator(0).setVerdict(Verdict.OPEN, 100, "test");
    assertThat(pool.serving().weight(0)).isEqualTo(10_000);
  }

  @Test
  void clientsWaitUntilItIsKnownWhetherAnybodyServes() {
    TestPool pool = TestPool.of(100, 100);
    pool.coordinator(0).setStatus(Coordinator.Status.CHECKING, "test");
    pool.coordinator(1).setStatus(DOWN, "test");
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
    pool.coordinator(1).setStatus(UP, "test");
    assertThat(pool.assign(balance).chosen()).hasToString("c2");
    pool.coordinator(1).setAdminState(AdminState.DRAIN, "test");
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
    pool.coordinator(0).setStatus(DOWN, "test");
    assertThat(pool.assign(balance)).isSameAs(Assignment.NONE);
  }

  @Test
  void clientsWaitForTheFirstLookUpOfAHostAndNotForTheNext() {
    TestPool pool = TestPool.lookingUp();
    Coordinator coordinator = pool.coordinator(0);
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
    coordinator.notResolved("no such host");
    assertThat(pool.assign(balance)).isSameAs(Assignment.NONE);
    coordinator.resolved(TestPool.LOOPBACK);
    assertThat(pool.assign(balance).chosen()).hasToString("c1");
  }

  @Test
  void nobodyWaitsForOneThatPeopleHaveTakenOut() {
    TestPool pool = TestPool.lookingUp();
    pool.coordinator(0).setAdminState(AdminState.MAINT, "test");
    assertThat(pool.assign(balance)).isSameAs(Assignment.NONE);
  }

  @Test
  void onePortThatIsFullLeavesTheOthersAndOthersTheirs() {
    TestPool pool = TestPool.of(100, 100);
    pool.coordinator(0).slots().setLimit(Protocol.TCP, 1);
    assertThat(pool.order(Balance.of(BalanceKind.FIRST, 1), 2)).isEqualTo("c1 c1");
    assertThat(pool.assign(Balance.of(BalanceKind.FIRST, 1)).chosen()).hasToString("c1");
    assertThat(pool.assign(Balance.of(BalanceKind.FIRST, 1)).chosen()).hasToString("c2");
    assertThat(pool.coordinator(0).slots().anyFree(Protocol.HIVESERVER2)).isTrue();
    pool.coordinator(1).slots().setLimit(Protocol.TCP, 0);
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
    pool.coordinator(0).giveBack(Protocol.TCP);
    assertThat(pool.assign(balance).chosen()).hasToString("c1");
  }

  @Test
  void theWeightIsScaledWhileOneStartsSlowly() {
    TestPool pool = TestPool.of(100, 1, 256);
    pool.pool.members().forEach(m -> m.coordinator().setSharePercent(10));
    assertThat(pool.serving().weight(0)).isEqualTo(1_000);
    assertThat(pool.serving().weight(1)).isEqualTo(10);
    assertThat(pool.serving().weight(2)).isEqualTo(2_560);
    pool.coordinator(0).setSharePercent(100);
    assertThat(pool.serving().weight(0)).isEqualTo(10_000);
  }

  /** The smallest weight too has room for a slow start. */
  @ParameterizedTest
  @EnumSource(names = {"LEASTCONN", "ROUNDROBIN"})
  void oneThatStartsSlowlyGetsItsShareOfTheSessions(BalanceKind kind) {
    TestPool pool = TestPool.of(1, 1);
    pool.coordinator(1).setSharePercent(25);
    Balance balance = Balance.of(kind, 1);
    for (int i = 0; i < 100; i++) {
      pool.assign(balance);
    }
    assertThat(pool.coordinator(0).sessions()).isEqualTo(80);
    assertThat(pool.coordinator(1).sessions()).isEqualTo(20);
  }

  @Test
  void anAssignmentHoldsOneSlotOfTheOneChosen() {
    TestPool pool = TestPool.of(100, 100);
    Assignment assignment = pool.assign(balance);
    assertThat(assignment.kind()).isEqualTo(Assignment.Kind.ASSIGNED);
    assertThat(assignment.chosen()).isSameAs(pool.pool.members().get(0));
    assertThat(pool.coordinator(0).sessions()).isEqualTo(1);
    assertThat(pool.coordinator(1).sessions()).isZero();
  }

  @Test
  void nobodyUsableIsAnAssignmentOfItsOwn() {
    TestPool pool = TestPool.of(100);
    pool.coordinator(0).setStatus(DOWN, "test");
    assertThat(pool.assign(balance)).isSameAs(Assignment.NONE);
    assertThat(pool.assign(balance, pool.coordinator(0))).isSameAs(Assignment.NONE);
  }

  @Test
  void whoHasTriedEveryoneIsToldSoAndWhoHasNotWaitsForAPlace() {
    TestPool pool = TestPool.limited(1, 100, 100);
    Coordinator first = pool.coordinator(0);
    Coordinator second = pool.coordinator(1);
    assertThat(pool.assign(balance, first, second)).isSameAs(Assignment.TRIED);
    second.take(Protocol.TCP);
    assertThat(pool.assign(balance, first)).isSameAs(Assignment.FULL);
    assertThat(pool.assign(balance, first, second)).isSameAs(Assignment.TRIED);
    first.take(Protocol.TCP);
    assertThat(pool.assign(balance)).isSameAs(Assignment.FULL);
    assertThat(first.sessions() + second.sessions()).isEqualTo(2);
  }

  @Test
  void onlyAnAssignmentToSomeoneHasSomeone() {
    assertThatThrownBy(Assignment.FULL::chosen)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("FULL");
  }

  @ParameterizedTest
  @EnumSource
  void severalThreadsFillEveryPlaceOnce(BalanceKind kind) throws Exception {
    TestPool pool = TestPool.limited(250, 100, 50, 7, 1);
    Balance balance = Balance.of(kind, 1);
    AtomicInteger assigned = new AtomicInteger();
    Trial.inParallel(
        4,
        () -> {
          while (pool.assign(balance).kind() == Assignment.Kind.ASSIGNED) {
            assigned.incrementAndGet();
          }
        });
    assertThat(assigned).hasValue(1_000);
    assertThat(pool.pool.members())
        .allSatisfy(m -> assertThat(m.coordinator().sessions()).isEqualTo(250));
  }
}
