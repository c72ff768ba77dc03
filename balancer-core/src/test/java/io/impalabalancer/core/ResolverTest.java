package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.ResolveConfig;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Host names become addresses, off the loops and again and again. */
class ResolverTest implements Coordinator.Observer, Resolver.Lookup {
  private static final Duration NEVER = Duration.ofDays(1);
  private static final Duration OFTEN = Duration.ofMillis(2);
  private static final InetAddress A = address("10.0.0.1");
  private static final InetAddress B = address("10.0.0.2");

  /** What the names resolve to; those that are not there do not. */
  private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();

  private final Map<String, Integer> lookUps = new ConcurrentHashMap<>();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final CountDownLatch unblock = new CountDownLatch(1);
  private final Coordinator one = coordinator("one.test");
  private final Coordinator other = coordinator("other.test");
  private Resolver resolver = new Resolver(new ResolveConfig(OFTEN, OFTEN), this);

  @AfterEach
  void closeEndsTheThreads() {
    resolver.close();
    await().until(() -> threads.stream().noneMatch(Thread::isAlive));
  }

  @Override
  public InetAddress[] of(String host) throws UnknownHostException {
    threads.add(Thread.currentThread());
    lookUps.merge(host, 1, Integer::sum);
    if (host.startsWith("blocks")) {
      try {
        unblock.await();
      } catch (InterruptedException closed) {
        throw new UnknownHostException(host);
      }
    }
    if (host.startsWith("throws") && lookUps(host) == 1) {
      throw new IllegalStateException("a defect, on purpose");
    }
    List<InetAddress> found = names.get(host);
    if (found == null) {
      throw new UnknownHostException(host);
    }
    return found.toArray(InetAddress[]::new);
  }

  @Test
  void aHostInNumbersHasItsAddressAtOnceAndIsNeverLookedUp() {
    Coordinator four = coordinator("10.0.0.1");
    Coordinator six = coordinator("2001:db8::1");
    CompletableFuture<Void> lookedUp = resolver.start(List.of(four, six));
    assertThat(lookedUp).isCompleted();
    assertThat(four.address()).isEqualTo(A);
    assertThat(six.address()).isEqualTo(address("2001:db8::1"));
    assertThat(four.addressProblem()).isEmpty();
    resolver.soon(four);
    awaitLookUpsOf(other, 3);
    assertThat(lookUps).containsOnlyKeys("other.test");
  }

  @Test
  void aNameIsLookedUpAgainAndAgainAndItsNewAddressTaken() {
    names.put("one.test", List.of(A, B));
    start(one);
    assertThat(one.address()).isEqualTo(A);
    names.put("one.test", List.of(B));
    await().until(() -> B.equals(one.address()));
  }

  @Test
  void anAddressIsKeptWhileItIsAmongTheAnswers() {
    names.put("one.test", List.of(A));
    start(one);
    names.put("one.test", List.of(B, A));
    awaitLookUpsOf(one, 3);
    assertThat(one.address()).isEqualTo(A);
  }

  @Test
  void aNameThatStopsResolvingKeepsItsAddressAndIsTriedAgain() {
    names.put("one.test", List.of(A));
    start(one);
    assertThat(one.addressProblem()).isEmpty();
    names.clear();
    await().until(() -> one.addressProblem().equals("host one.test does not resolve"));
    assertThat(one.address()).isEqualTo(A);
    names.put("one.test", List.of(A));
    await().until(() -> one.addressProblem().isEmpty());
    assertThat(one.address()).isEqualTo(A);
  }

  @Test
  void aNameThatNeverResolvedHasAProblemAndNoAddressUntilItDoes() {
    using(NEVER, OFTEN);
    start(one);
    assertThat(one.address()).isNull();
    assertThat(one.addressProblem()).isEqualTo("host one.test does not resolve");
    names.put("one.test", List.of(A));
    await().until(() -> A.equals(one.address()));
    assertThat(one.addressProblem()).isEmpty();
  }

  @Test
  void whatIsWantedSoonManyTimesIsLookedUpOnce() {
    using(NEVER, Duration.ofMillis(200));
    names.put("one.test", List.of(A));
    names.put("other.test", List.of(A));
    start(one, other);
    for (int i = 0; i < 100; i++) {
      resolver.soon(one);
    }
    resolver.soon(other);
    await().until(() -> lookUps("other.test") == 2);
    assertThat(lookUps("one.test")).isEqualTo(2);
    resolver.soon(one);
    await().until(() -> lookUps("one.test") == 3);
  }

  @Test
  void aLookUpThatBlocksDelaysNoOtherHoweverOftenItIsWanted() {
    Coordinator blocked = coordinator("blocks.test");
    names.put("blocks.test", List.of(A));
    CompletableFuture<Void> lookedUp = resolver.start(List.of(blocked, other));
    for (int wanted = 1; wanted <= 10; wanted++) {
      resolver.soon(blocked);
      awaitLookUpsOf(other, 3);
    }
    assertThat(lookedUp).isNotDone();
    assertThat(lookUps("blocks.test")).isEqualTo(1);
    unblock.countDown();
    await().until(() -> A.equals(blocked.address()));
    await().until(lookedUp::isDone);
  }

  @Test
  void aLookUpThatThrowsIsNotTheLast() {
    Coordinator defect = coordinator("throws.test");
    names.put("throws.test", List.of(A));
    start(defect);
    await().until(() -> A.equals(defect.address()));
  }

  @Test
  void afterCloseNothingIsLookedUp() {
    start(one);
    resolver.close();
    await().until(() -> threads.stream().noneMatch(Thread::isAlive));
    int before = lookUps("one.test");
    resolver.soon(one);
    assertThat(lookUps("one.test")).isEqualTo(before);
  }

  private void using(Duration interval, Duration retry) {
    resolver.close();
    resolver = new Resolver(new ResolveConfig(interval, retry), this);
  }

  /** Starts and waits until each was looked up once. */
  private void start(Coordinator... coordinators) {
    assertThat(resolver.start(List.of(coordinators))).succeedsWithin(Duration.ofSeconds(10));
  }

  /** Waits for more look-ups of one that is looked up often, started if it is not. */
  private void awaitLookUpsOf(Coordinator coordinator, int more) {
    String host = coordinator.config().host();
    if (lookUps(host) == 0) {
      start(coordinator);
    }
    int before = lookUps(host);
    await().until(() -> lookUps(host) >= before + more);
  }

  private static ConditionFactory await() {
    return Awaitility.await().pollInterval(OFTEN);
  }

  private int lookUps(String host) {
    return lookUps.getOrDefault(host, 0);
  }

  private Coordinator coordinator(String host) {
    return TestPool.coordinator(host, 0, Ticker.systemTicker(), this);
  }

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void stateChanged(CoordinatorEvent event) {}

  @Override
  public void choiceChanged(Coordinator coordinator) {}
}
