package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
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
}
