package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What systemd is told, seen on a real datagram socket in its place. */
@EnabledOnOs(OS.LINUX)
class NotifyTest {
  private static final long PID = ProcessHandle.current().pid();
  private static final String WATCHDOG = "200000";

  @TempDir private Path directory;

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final AtomicInteger turns = new AtomicInteger();
  private final AtomicLong lagNanos = new AtomicLong();
  private String path;
  private Channel systemd;

  @BeforeEach
  void receive() {
    assertThat(Epoll.isAvailable()).isTrue();
    path = directory.resolve("notify").toString();
    systemd = bind(path);
  }

  private Channel bind(String address) {
    return new Bootstrap()
        .group(loop)
        .channel(EpollDomainDatagramChannel.class)
        .handler(
            new SimpleChannelInboundHandler<DomainDatagramPacket>() {
              @Override
              protected void channelRead0(
                  ChannelHandlerContext context, DomainDatagramPacket packet) {
                told.add(packet.content().toString(StandardCharsets.UTF_8).strip());
              }
            })
        .bind(new DomainSocketAddress(address))
        .syncUninterruptibly()
        .channel();
  }

  @AfterEach
  void end() {
    timer.shutdownNow();
    systemd.close().syncUninterruptibly();
    loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private String next() throws InterruptedException {
    String message = told.poll(10, TimeUnit.SECONDS);
    assertThat(message).as("a message in time").isNotNull();
    return message;
  }

  private Notify notifier(String... more) {
    Map<String, String> environment = new HashMap<>(Map.of("NOTIFY_SOCKET", path));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return Notify.of(environment, PID);
  }

  private void begin(Notify notify) {
    notify.begin(timer, () -> "turn " + turns.incrementAndGet(), lagNanos::get);
  }

  @Test
  void readyComesFirstAndThenTheStatus() throws InterruptedException {
    try (Notify notify = notifier()) {
      begin(notify);
      assertThat(next()).isEqualTo("READY=1");
      assertThat(next()).isEqualTo("STATUS=turn 1");
    }
  }

  @Test
  void aReloadIsToldWithTheTimeOfItsBeginAndItsEnd() throws InterruptedException {
    try (Notify notify = notifier()) {
      long before = System.nanoTime() / 1000;
      notify.reloading();
      String[] message = next().split("\n", -1);
      assertThat(message[0]).isEqualTo("RELOADING=1");
      assertThat(message[1]).startsWith("MONOTONIC_USEC=");
      assertThat(Long.parseLong(message[1].substring("MONOTONIC_USEC=".length())))
          .isBetween(before, System.nanoTime() / 1000);
      notify.reloaded();
      assertThat(next()).isEqualTo("READY=1");
    }
  }

  @Test
  void anOrderedEndIsToldAndAsksForTimeAtEveryTurn() throws InterruptedException {
    try (Notify notify = notifier("WATCHDOG_USEC", WATCHDOG)) {
      notify.stopping();
      assertThat(next()).isEqualTo("STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
      begin(notify);
      assertThat(next()).isEqualTo("READY=1");
      assertThat(next()).isEqualTo("STATUS=turn 1\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000");
    }
  }

  @Test
  void theWatchdogIsFedWhileTheLoopsAnswerAndStarvesWhileOneDoesNot() throws InterruptedException {
    try (Notify notify = notifier("WATCHDOG_USEC", WATCHDOG, "WATCHDOG_PID", "" + PID)) {
      begin(notify);
      assertThat(next()).isEqualTo("READY=1");
      assertThat(next()).isEqualTo("STATUS=turn 1\nWATCHDOG=1");
      lagNanos.set(TimeUnit.SECONDS.toNanos(1));
      String message = next();
      while (message.contains("WATCHDOG")) {
        message = next();
      }
      assertThat(message).startsWith("STATUS=turn ");
      assertThat(next()).startsWith("STATUS=turn ").doesNotContain("WATCHDOG");
      lagNanos.set(0);
      do {
        message = next();
      } while (!message.contains("WATCHDOG=1"));
    }
  }

  @Test
  void aStatusThatStaysIsToldOnce() throws InterruptedException {
    try (Notify notify = notifier("WATCHDOG_USEC", WATCHDOG)) {
      notify.begin(timer, () -> "the same", lagNanos::get);
      assertThat(next()).isEqualTo("READY=1");
      assertThat(next()).isEqualTo("STATUS=the same\nWATCHDOG=1");
      assertThat(next()).isEqualTo("WATCHDOG=1");
    }
  }

  @Test
  void theWatchdogOfAnotherProcessIsNotFed() throws InterruptedException {
    try (Notify notify = notifier("WATCHDOG_USEC", WATCHDOG, "WATCHDOG_PID", "" + (PID + 1))) {
      begin(notify);
      assertThat(next()).isEqualTo("READY=1");
      assertThat(next()).isEqualTo("STATUS=turn 1");
    }
  }

  @Test
  void afterHandingOverItIsSilent() throws InterruptedException {
    try (Notify notify = notifier()) {
      begin(notify);
      assertThat(next()).isEqualTo("READY=1");
      assertThat(next()).isEqualTo("STATUS=turn 1");
      notify.handOver(4711);
      assertThat(next()).isEqualTo("MAINPID=4711");
      notify.stopping();
      try (Notify successor = notifier()) {
        successor.reloaded();
        assertThat(next()).isEqualTo("READY=1");
      }
    }
  }

  @Test
  void aNameThatNoFileHasIsFound() throws InterruptedException {
    Channel abstractSocket = bind("\0impala-balancer-test-" + PID);
    try (Notify notify = notifier("NOTIFY_SOCKET", "@impala-balancer-test-" + PID)) {
      notify.reloaded();
      assertThat(next()).isEqualTo("READY=1");
    } finally {
      abstractSocket.close().syncUninterruptibly();
    }
  }

  @Test
  void withoutSystemdNothingHappens() throws Exception {
    for (Notify notify :
        new Notify[] {Notify.of(Map.of(), PID), Notify.of(Map.of("NOTIFY_SOCKET", ""), PID)}) {
      try (notify) {
        begin(notify);
        notify.reloading();
        notify.stopping();
        notify.handOver(1);
      }
    }
    assertThat(timer.submit(turns::get).get()).isZero();
  }

  @Test
  void aSocketThatIsGoneAndComesBackIsToldAgain() throws Exception {
    try (Notify notify = notifier()) {
      systemd.close().syncUninterruptibly();
      Files.deleteIfExists(Path.of(path));
      notify.reloaded();
      systemd = bind(path);
      notify.reloaded();
      assertThat(next()).isEqualTo("READY=1");
    }
  }
}
