package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that does not read costs a bounded buffer, and nobody else anything. */
class BackPressureTest {
  private static final long ANSWER_BYTES = 1L << 30;

  /** Answers one byte with a gigabyte, and counts what it could get rid of. */
  private static TestServer flooding(AtomicLong sent) throws IOException {
    byte[] chunk = new byte[64 * 1024];
    return new TestServer(socket -> {
      socket.getInputStream().read();
      for (long left = ANSWER_BYTES; left > 0; left -= chunk.length) {
        socket.getOutputStream().write(chunk);
        sent.addAndGet(chunk.length);
      }
    });
  }

  private static Socket stalled(BalancerRig rig) throws IOException {
    Socket client = new Socket();
    client.setReceiveBufferSize(256 * 1024);
    client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), rig.port()));
    client.setSoTimeout((int) SOON.toMillis());
    client.getOutputStream().write('x');
    return client;
  }

  private static void awaitStalled(AtomicLong sent) {
    AtomicLong before = new AtomicLong(-1);
    Awaitility.await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> sent.get() > 0 && before.getAndSet(sent.get()) == sent.get());
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "channel"})
  void aClientThatStopsReadingCostsABoundedBufferAndIsServedToTheLastByte(String wire)
      throws Exception {
    AtomicLong sent = new AtomicLong();
    try (TestServer flood = flooding(sent);
        BalancerRig rig =
            BalancerRig.startFrozen(wire, coordinators("", flood.port()) + listener(""));
        Socket client = stalled(rig)) {
      awaitStalled(sent);
      assertThat(sent.get()).isLessThan(ANSWER_BYTES / 10);
      assertThat(rig.balancer.heldBytes()).isBetween(1L, 256L * 1024);
      InputStream in = client.getInputStream();
      byte[] buffer = new byte[256 * 1024];
      long received = 0;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        received += n;
      }
      assertThat(received).isEqualTo(ANSWER_BYTES);
      assertThat(rig.balancer.heldBytes()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "channel"})
  void aboveTheLimitOfAllSessionsNobodyIsReadAheadAndTheOthersGoOn(String wire) throws Exception {
    int waitingClients = 60;
    long limit = 1024 * 1024;
    List<Socket> clients = new ArrayList<>();
    try (TestServer busy = TestServer.echo();
        TestServer echo = TestServer.echo();
        BalancerRig rig =
            BalancerRig.startFrozen(
                wire,
                "buffer-limit = 1MiB\n"
                    + coordinators("maxconn = 1", busy.port(), echo.port())
                    + "pools { busy = [c1], echo = [c2] }\n"
                    + "listeners = [{ name = b, bind = \"127.0.0.1:0\", protocol = tcp, pool = busy },"
                    + " { name = e, bind = \"127.0.0.1:0\", protocol = tcp, pool = echo }]")) {
      clients.add(rig.connect());
      clients.get(0).getOutputStream().write('x');
      assertThat(clients.get(0).getInputStream().read()).isEqualTo('x');
      // Without the limit each would be read 64 KiB ahead.
      for (int i = 0; i < waitingClients; i++) {
        Socket client = rig.connect();
        clients.add(client);
        client.getOutputStream().write(new byte[128 * 1024]);
      }
      Awaitility.await()
          .atMost(SOON)
          .until(() -> rig.balancer.listeners().get(0).queued() == waitingClients);
      assertThat(rig.balancer.heldBytes())
          .isBetween(
              limit / 2,
              limit
                  + waitingClients * (long) HeldBytes.READ_MIN_BYTES
                  + Runtime.getRuntime().availableProcessors() * (long) HeldBytes.READ_MAX_BYTES);
      int port = rig.balancer.listeners().get(1).addresses().get(0).getPort();
      try (Socket lively = new Socket(InetAddress.getLoopbackAddress(), port)) {
        lively.setSoTimeout((int) SOON.toMillis());
        byte[] data = new byte[100_000];
        for (int i = 0; i < 20; i++) {
          lively.getOutputStream().write(data);
          assertThat(lively.getInputStream().readNBytes(data.length)).hasSize(data.length);
        }
      }
      for (Socket client : clients) {
        TestServer.reset(client);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "channel"})
  void aCoordinatorThatStopsReadingStopsItsClient(String wire) throws Exception {
    try (TestServer deaf = new TestServer(s -> new CountDownLatch(1).await());
        BalancerRig rig =
            BalancerRig.startFrozen(wire, coordinators("", deaf.port()) + listener(""));
        Socket client = rig.connect()) {
      AtomicLong sent = new AtomicLong();
      Thread writer =
          new Thread(() -> {
            try {
              while (true) {
                client.getOutputStream().write(new byte[64 * 1024]);
                sent.addAndGet(64 * 1024);
              }
            } catch (IOException closed) {
              sent.addAndGet(0);
            }
          });
      writer.start();
      awaitStalled(sent);
      assertThat(rig.balancer.heldBytes()).isBetween(1L, 256L * 1024);
      if (wire.equals("epoll")) {
        // NIO tells nothing of a peer that is not being read from.
        TestServer.reset(client);
        assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.CLIENT_RESET);
      } else {
        deaf.stop();
        assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.COORDINATOR_RESET);
      }
      writer.join();
    }
  }
}
