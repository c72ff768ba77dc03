package io.impalabalancer.health;

import static io.impalabalancer.config.Protocol.HIVESERVER2;
import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.TestCoordinators;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Ticker;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What it costs to poll 100 coordinators: the CPU time of the thread that does it, as a share of a
 * core, window by window from the start on, for the compilers need minutes. Not part of the build;
 * CONTRIBUTING.md has the command. The system property {@code polling.windows} sets how many there
 * are.
 */
class PollingCost {
  private static final int COORDINATORS = 100;
  private static final int WINDOWS = Integer.getInteger("polling.windows", 9);
  private static final int WINDOW_SECONDS = 20;

  /** As many metrics as an impalad of 4.5 has, besides those that are read. */
  private static final int OTHER_METRICS = 330;

  @Test
  void ofAHundredCoordinators() throws Exception {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    List<Coordinator> coordinators = new ArrayList<>();
    try (FakePages pages = new FakePages()) {
      for (int i = 0; i < OTHER_METRICS; i++) {
        pages.metrics.put("buffer-pool.some-other-metric-of-the-process." + i, "1234567." + i);
      }
      for (int i = 0; i < COORDINATORS; i++) {
        CoordinatorConfig config =
            new CoordinatorConfig(
                "c" + i,
                "coordinator.test",
                Map.of(HIVESERVER2, 1),
                OptionalInt.of(pages.port()),
                100,
                0,
                AdminState.READY);
        Coordinator made = TestCoordinators.make(config, Ticker.systemTicker(), event -> {});
        TestCoordinators.resolved(made, InetAddress.getLoopbackAddress());
        coordinators.add(made);
      }
      HealthChecker checker =
          new HealthChecker(
              () -> coordinators,
              c -> c.config().ports().keySet(),
              () -> new Checks().type(CheckKind.IMPALA).make(),
              Sockets.of(group.next()),
              new Rig());
      checker.start().toCompletableFuture().get(1, TimeUnit.MINUTES);
      long thread = group.next().submit(() -> Thread.currentThread().getId()).get();
      ThreadMXBean threads = ManagementFactory.getThreadMXBean();
      for (int window = 0; window < WINDOWS; window++) {
        int askedBefore = pages.asked.size();
        long before = threads.getThreadCpuTime(thread);
        long begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(WINDOW_SECONDS);
        double used = threads.getThreadCpuTime(thread) - before;
        double seconds = (System.nanoTime() - begin) / 1e9;
        int asked = pages.asked.size() - askedBefore;
        System.out.printf(
            "%3d s: %d coordinators, %.0f pages a second: %.2f %% of a core, %.0f us a page%n",
            window * WINDOW_SECONDS,
            COORDINATORS,
            asked / seconds,
            used / 1e7 / seconds,
            used / 1e3 / asked);
      }
      checker.close();
      assertThat(coordinators).allMatch(c -> c.status() == Status.UP);
    } finally {
      group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }
}
