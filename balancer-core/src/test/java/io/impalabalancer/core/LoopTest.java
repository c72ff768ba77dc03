package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LoopTest {

  @Test
  void aLoopThatDoesNotAnswerIsLateWhileItDoesNot() throws IOException {
    CountDownLatch stall = new CountDownLatch(1);
    try (BalancerRig rig =
        BalancerRig.start("auto", coordinators("", TestServer.closedPort()) + listener(""))) {
      Loop loop = rig.balancer.loops().next();
      loop.eventLoop().execute(() -> awaitQuietly(stall));
      try {
        await().until(() -> rig.balancer.loopLagNanos() > Duration.ofSeconds(1).toNanos());
      } finally {
        stall.countDown();
      }
      await().until(() -> rig.balancer.loopLagNanos() < Duration.ofMillis(500).toNanos());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
