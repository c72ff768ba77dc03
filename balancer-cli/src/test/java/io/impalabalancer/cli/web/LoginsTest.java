package io.impalabalancer.cli.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.impalabalancer.cli.web.Logins.Answer;
import io.impalabalancer.config.StatsConfig;
import io.impalabalancer.config.UserConfig;
import io.impalabalancer.config.UserConfig.Role;
import io.netty.channel.DefaultEventLoop;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Logins with a clock and a worker of the test's: hashes are worked out when it says so. */
class LoginsTest {
  /** Of "secret". */
  private static final String HASH = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

  private static final UserConfig OPS = new UserConfig("ops", HASH, Role.ADMIN);
  private static final UserConfig GUEST = new UserConfig("guest", HASH, Role.VIEWER);
  private static final Answer GRANTED = new Answer.Granted(OPS);
  private static final Answer WRONG = new Answer.Wrong();

  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final Queue<Runnable> hashes = new ArrayDeque<>();
  private final List<Answer> answers = new ArrayList<>();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(Logins.class);
  private boolean workerIsFull;
  private Logins logins;

  @BeforeEach
  void make() {
    logins = new Logins(config(List.of(OPS, GUEST)), loop, this::work, nanos::get);
    log.start();
    logger.addAppender(log);
    logger.setAdditive(false);
  }

  @AfterEach
  void end() {
    logger.detachAppender(log);
    logger.setAdditive(true);
    loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static StatsConfig config(List<UserConfig> users) {
    return new StatsConfig(
        Optional.empty(),
        users,
        false,
        true,
        true,
        false,
        Duration.ofMinutes(5),
        Duration.ofSeconds(1));
  }

  private void work(Runnable hash) {
    if (workerIsFull) {
      throw new RejectedExecutionException();
    }
    hashes.add(hash);
  }

  /** Logs in and returns the answers so far. */
  private List<Answer> login(String login, String address) {
    String header = "Basic " + Base64.getEncoder().encodeToString(login.getBytes(UTF_8));
    loop.submit(() -> logins.login(header, address(address), answers::add)).syncUninterruptibly();
    return answers;
  }

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** Works all hashes out; returns how many there were. */
  private int workHashes() {
    int worked = 0;
    for (Runnable next = hashes.poll(); next != null; next = hashes.poll()) {
      next.run();
      worked++;
    }
    loop.submit(() -> {}).syncUninterruptibly();
    return worked;
  }

  /** Logs in, works the hash out if need be, and returns the one answer. */
  private Answer answer(String login, String address) {
    answers.clear();
    login(login, address);
    workHashes();
    assertThat(answers).hasSize(1);
    return answers.get(0);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void aLoginThatWasRightIsKnownForAWhile() {
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
    login("ops:secret", "10.0.0.2");
    assertThat(hashes).isEmpty();
    assertThat(answers).containsExactly(GRANTED, GRANTED);
    pass(Duration.ofMinutes(5));
    login("ops:secret", "10.0.0.1");
    assertThat(hashes).hasSize(1);
  }

  @Test
  void whatIsKnownOfOneIsNotTakenFromAnother() {
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
    assertThat(answer("ops:secret2", "10.0.0.1")).isEqualTo(WRONG);
    assertThat(answer("guest:secret", "10.0.0.2")).isEqualTo(new Answer.Granted(GUEST));
    assertThat(answer("ops", "10.0.0.3")).isEqualTo(WRONG);
    assertThat(answer("ops:", "10.0.0.4")).isEqualTo(WRONG);
    assertThat(answer(":secret", "10.0.0.5")).isEqualTo(WRONG);
    assertThat(answer("ops:" + "x".repeat(300), "10.0.0.6")).isEqualTo(WRONG);
  }

  @Test
  void anUnknownUserTakesAHashToo() {
    login("nobody:secret", "10.0.0.1");
    assertThat(workHashes()).isEqualTo(1);
    assertThat(answers).containsExactly(WRONG);
  }

  @Test
  void requestsOfOneBrowserShareAHash() {
    login("ops:secret", "10.0.0.1");
    login("ops:secret", "10.0.0.1");
    assertThat(login("ops:other", "10.0.0.1")).containsExactly(new Answer.TooSoon(1));
    assertThat(workHashes()).isEqualTo(1);
    assertThat(answers).containsExactly(new Answer.TooSoon(1), GRANTED, GRANTED);
  }

  @Test
  void anAddressThatFailsWaitsTwiceAsLongEachTime() {
    for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 64, 64}) {
      assertThat(answer("ops:wrong", "10.0.0.1")).isEqualTo(WRONG);
      assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(new Answer.TooSoon(seconds + 1));
      pass(Duration.ofSeconds(seconds).minusNanos(1));
      assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(new Answer.TooSoon(1));
      pass(Duration.ofNanos(1));
    }
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
    assertThat(answer("ops:wrong", "10.0.0.1")).isEqualTo(WRONG);
    assertThat(answer("guest:secret", "10.0.0.1")).isEqualTo(new Answer.TooSoon(2));
  }

  @Test
  void whileOneAddressWaitsOthersAndThoseKnownDoNot() {
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
    assertThat(answer("ops:wrong", "10.0.0.1")).isEqualTo(WRONG);
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
    assertThat(answer("guest:secret", "10.0.0.2")).isEqualTo(new Answer.Granted(GUEST));
  }

  @Test
  void theAddressesOfOneIpv6NetworkAreOne() {
    assertThat(answer("ops:wrong", "2001:db8:0:1::1")).isEqualTo(WRONG);
    assertThat(answer("ops:secret", "2001:db8:0:1::2")).isEqualTo(new Answer.TooSoon(2));
    assertThat(answer("ops:secret", "2001:db8:0:2::1")).isEqualTo(GRANTED);
  }

  @Test
  void aFullWorkerIsToldAndNothingIsHeldAgainstTheAddress() {
    workerIsFull = true;
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(new Answer.Busy());
    workerIsFull = false;
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
  }

  @Test
  void whoWasReplacedIsNotKnownAnyMore() {
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(GRANTED);
    logins.replace(config(List.of(GUEST)));
    assertThat(answer("ops:secret", "10.0.0.1")).isEqualTo(WRONG);
    logins.replace(config(List.of()));
    assertThat(answer("guest:secret", "10.0.0.1")).isEqualTo(new Answer.Nobody());
  }

  @Test
  void theLogTellsOfFailuresAndOfNoPassword() {
    answer("ops:hunter2", "10.0.0.1");
    answer("hunter2:hunter2", "10.0.0.2");
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "event=login-failed address=10.0.0.1 user=ops failures=1",
            "event=login-failed address=10.0.0.2 user=(unknown) failures=1");
  }

  @Test
  void manyAddressesAreForgottenOneByOne() {
    for (int i = 0; i <= 10_000; i++) {
      answer("x:y", "10.1." + i / 256 + "." + i % 256);
    }
    assertThat(answer("ops:secret", "10.1.0.1")).isEqualTo(new Answer.TooSoon(2));
    assertThat(answer("ops:secret", "10.1.0.0")).isEqualTo(GRANTED);
  }
}
