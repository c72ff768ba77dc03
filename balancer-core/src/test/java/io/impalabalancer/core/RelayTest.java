package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes between a client and a coordinator, over both wires. */
class RelayTest {

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "channel"})
  void anAnswerComesBack(String wire) throws Exception {
    try (TestServer echo = TestServer.echo();
        BalancerRig rig = BalancerRig.start(wire, coordinators("", echo.port()) + listener(""));
        Socket client = rig.connect()) {
      client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
      assertThat(client.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
      client.shutdownOutput();
      assertThat(client.getInputStream().read()).isEqualTo(-1);
      SessionView session = rig.awaitEnded(1);
      assertThat(session.termination()).isEqualTo(Termination.COMPLETED);
      assertThat(session.bytesToClient()).isEqualTo(5);
      assertThat(session.bytesToCoordinator()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "channel"})
  void megabytesArriveWholeBothWays(String wire) throws Exception {
    byte[] data = new byte[20_000_000];
    new Random(1).nextBytes(data);
    try (TestServer echo = TestServer.echo();
        BalancerRig rig =
            BalancerRig.start(
                wire, coordinators("", echo.port()) + listener("dial = on-first-bytes"));
        Socket client = rig.connect()) {
      Thread writer =
          new Thread(() -> {
            try {
              client.getOutputStream().write(data);
              client.shutdownOutput();
            } catch (java.io.IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      writer.start();
      InputStream in = client.getInputStream();
      byte[] back = in.readNBytes(data.length + 1);
      writer.join();
      assertThat(Arrays.equals(back, data)).isTrue();
      assertThat(rig.awaitEnded(1).bytesToClient()).isEqualTo(data.length);
    }
  }

  // NIO tells nothing of a connection whose input has ended.
  @Test
  void aResetAfterAnEndIsHeardWhileTheCoordinatorSaysNothing() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    try (TestServer silent =
            new TestServer(socket -> {
              while (socket.getInputStream().read() >= 0) {
                // Until the client ends.
              }
              ended.countDown();
              over.await();
            });
        BalancerRig rig =
            BalancerRig.startFrozen("epoll", coordinators("", silent.port()) + listener(""));
        Socket client = rig.connect()) {
      client.getOutputStream().write('q');
      client.shutdownOutput();
      assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
      TestServer.reset(client);
      assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.CLIENT_RESET);
      over.countDown();
    }
  }
}
