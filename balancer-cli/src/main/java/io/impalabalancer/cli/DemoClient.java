package io.impalabalancer.cli;

import io.impalabalancer.simulator.SimulatedClient;
import io.impalabalancer.simulator.SimulatedClientException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A BI tool's user: opens a session, asks a few queries with pauses to think, closes it, and begins
 * again. Runs on a thread of its own until the demo ends; asks nothing between two phases.
 */
final class DemoClient implements Runnable {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final AtomicReference<@Nullable DemoPhase> phase;
  private final AtomicInteger asking;
  private final CountDownLatch ended;
  private final SplittableRandom random;

  private @Nullable DemoPhase connectedIn;
  private @Nullable SimulatedClient connection;
  private int queriesLeft;

  /**
   * @param phase what runs now, null between two
   * @param asking how many clients have a query that is not answered
   * @param ended is down to 0 when the demo ends
   * @param seed decides what it asks and when
   */
  DemoClient(
      AtomicReference<@Nullable DemoPhase> phase,
      AtomicInteger asking,
      CountDownLatch ended,
      long seed) {
    this.phase = phase;
    this.asking = asking;
    this.ended = ended;
    this.random = new SplittableRandom(seed);
  }

  @Override
  public void run() {
    try {
      // Not all at once.
      boolean over = think(0, 1000);
      while (!over) {
        asking.incrementAndGet();
        DemoPhase now = phase.get();
        if (now != null) {
          ask(now);
        } else {
          disconnect();
        }
        asking.decrementAndGet();
        over = now == null ? think(50, 1000) : think(500, 1500);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      disconnect();
    }
  }

  private void ask(DemoPhase now) {
    if (connectedIn != now || queriesLeft == 0) {
      disconnect();
    }
    // Most queries are small.
    int workMillis = random.nextInt(5) == 0 ? 600 : 150;
    long start = System.nanoTime();
    try {
      SimulatedClient client = connection;
      if (client == null) {
        client = connect(now);
      }
      String coordinator =
          client.query("select coordinator(), work(" + workMillis + ")").get(0).get(0);
      now.answered(coordinator, System.nanoTime() - start);
      queriesLeft--;
    } catch (SimulatedClientException e) {
      now.failed(e.reason());
      if (e.reason() != SimulatedClientException.Reason.IMPALA) {
        disconnect();
      }
    }
  }

  private SimulatedClient connect(DemoPhase now) throws SimulatedClientException {
    InetSocketAddress address = now.address();
    SimulatedClient client =
        SimulatedClient.connect(address.getAddress().getHostAddress(), address.getPort(), TIMEOUT);
    connection = client;
    connectedIn = now;
    queriesLeft = random.nextInt(3, 7);
    client.openSession();
    return client;
  }

  private void disconnect() {
    SimulatedClient client = connection;
    connection = null;
    connectedIn = null;
    if (client != null) {
      client.close();
    }
  }

  /** Waits; returns whether the demo has ended. */
  private boolean think(int fromMillis, int toMillis) throws InterruptedException {
    return ended.await(random.nextInt(fromMillis, toMillis), TimeUnit.MILLISECONDS);
  }
}
