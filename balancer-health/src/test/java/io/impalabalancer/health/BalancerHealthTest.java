package io.impalabalancer.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BalancerListener;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.core.SessionView;
import io.impalabalancer.core.Termination;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A checker with a whole balancer, real sessions and the system's clock. */
class BalancerHealthTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private final List<Termination> ended = new CopyOnWriteArrayList<>();
  private FakeServer web;
  private FakeServer hiveserver2;
  private ClosedPort beeswax;
  private Balancer balancer;
  private HealthChecker checker;

  @BeforeEach
  void start() throws Exception {
    web = new FakeServer();
    hiveserver2 = new FakeServer();
    beeswax = new ClosedPort();
    balancer = new Balancer(config("c1", "on-error = mark-down, "));
    checker = HealthChecker.of(balancer, group);
    balancer.addListener(checker);
    balancer.addListener(
        new BalancerListener() {
          @Override
          public void sessionEnded(SessionView session) {
            ended.add(session.termination());
          }
        });
    checker.start().toCompletableFuture().get(10, TimeUnit.SECONDS);
    balancer.open();
  }

  private BalancerConfig config(String name, String check) throws Exception {
    String config =
        """
        impala-balancer {
          threads = 1
          stats.bind = none
          coordinators = [{ name = %s, host = 127.0.0.1,
              ports { beeswax = %d, hiveserver2 = %d, hiveserver2-http = none, web = %d } }]
          defaults { retries = 0, balance = leastconn }
          listeners = [
            { name = hs2, bind = "127.0.0.1:0", protocol = hiveserver2 }
            { name = bees, bind = "127.0.0.1:0", protocol = beeswax }
          ]
          check { inter = 50ms, fastinter = 20ms, downinter = 100ms, %s
              observe-limit = 5, on-marked-down = shutdown-sessions }
        }
        """
            .formatted(name, beeswax.port(), hiveserver2.port(), web.port(), check);
    return ConfigLoader.parse("test.conf", config).config();
  }

  @AfterEach
  void stop() throws IOException {
    checker.close();
    balancer.close();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    web.close();
    hiveserver2.close();
    beeswax.close();
  }

  private Coordinator coordinator() {
    return balancer.coordinators().get(0);
  }

  /** Opens a session; returns it when the coordinator has answered or the balancer has closed. */
  private Socket session(int listener) throws IOException {
    int port = balancer.listeners().get(listener).addresses().get(0).getPort();
    Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
    client.setSoTimeout(10_000);
    client.getOutputStream().write("a request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    return client;
  }

  private boolean answers(int listener) throws IOException {
    try (Socket client = session(listener)) {
      return client.getInputStream().read() == 'H';
    }
  }

  @Test
  void aCoordinatorThatGoesDownLosesItsSessionsAndGetsNoneUntilItIsUp() throws IOException {
    assertThat(coordinator().status()).isEqualTo(Status.UP);
    try (Socket running = session(0)) {
      InputStream in = running.getInputStream();
      assertThat(in.read()).isEqualTo('H');
      web.answer = FakeServer.status("503 Not Available");
      await().until(() -> coordinator().status() == Status.DOWN);
      in.readAllBytes();
      await().until(() -> ended.contains(Termination.COORDINATOR_DOWN));
    }
    assertThat(answers(0)).isFalse();
    await().until(() -> ended.contains(Termination.NONE_USABLE));

    web.answer = FakeServer.status("200 OK");
    await().until(() -> coordinator().status() == Status.UP);
    assertThat(answers(0)).isTrue();
  }

  @Test
  void aPortThatIsOffLeavesTheOtherInServiceUntilItIsOn() throws IOException {
    for (int i = 0; i < 3; i++) {
      assertThat(answers(1)).isFalse();
    }
    await().until(() -> !coordinator().isOpen(Protocol.BEESWAX));
    assertThat(coordinator().status()).isEqualTo(Status.UP);
    assertThat(answers(0)).isTrue();

    try (FakeServer on = beeswax.open()) {
      await().until(() -> coordinator().isOpen(Protocol.BEESWAX));
      assertThat(answers(1)).isTrue();
      assertThat(on.requests).isNotEmpty();
    }
    assertThat(coordinator().statusReason()).endsWith("the first check");
  }

  @Test
  void checksFollowFromOneConfigurationToTheNext() throws Exception {
    Coordinator before = coordinator();
    assertThat(before.status()).isEqualTo(Status.UP);
    try (Socket running = session(0)) {
      assertThat(running.getInputStream().read()).isEqualTo('H');
      balancer.reload(config("c2", "rise = 1, "));
      await().until(() -> coordinator().status() == Status.UP);
      assertThat(coordinator().name()).isEqualTo("c2");
      assertThat(before.leaving()).isTrue();
      web.answer = FakeServer.status("503 Not Available");
      await().until(() -> before.status() == Status.DOWN && coordinator().status() == Status.DOWN);
      assertThat(before.statusReason()).endsWith("3 of 3 failed");
    }
    await().until(() -> balancer.coordinators().size() == 1);
    web.answer = FakeServer.status("200 OK");
    await().until(() -> coordinator().status() == Status.UP);
    assertThat(coordinator().statusReason()).endsWith("1 of 1 passed");
    assertThat(before.status()).isEqualTo(Status.DOWN);
  }

  @Test
  void anotherWayOfCheckingGoesOnWithWhatIsKnown() throws Exception {
    for (int i = 0; i < 3; i++) {
      assertThat(answers(1)).isFalse();
    }
    await().until(() -> !coordinator().isOpen(Protocol.BEESWAX));
    balancer.reload(config("c1", "path = /other, "));
    assertThat(coordinator().status()).isEqualTo(Status.UP);
    assertThat(coordinator().isOpen(Protocol.BEESWAX)).isFalse();
    await().until(() -> web.requests.stream().anyMatch(r -> r.contains("GET /other")));
    try (FakeServer on = beeswax.open()) {
      await().until(() -> coordinator().isOpen(Protocol.BEESWAX));
      assertThat(answers(1)).isTrue();
      assertThat(on.requests).isNotEmpty();
    }
  }
}
