package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelException;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors.NativeIoException;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernel refuses: told when it begins and when it is over. */
class ShortageTest {

  @Test
  void sessionsThatCannotDialAreToldOfOnceUntilItIsOver() throws Exception {
    AtomicBoolean refuses = new AtomicBoolean(true);
    Wires wires =
        new EpollWires() {
          @Override
          public Wire wire(Relay relay) {
            if (refuses.get()) {
              throw new ChannelException("Failed to open a socket.");
            }
            return super.wire(relay);
          }
        };
    try (TestServer echo = TestServer.echo();
        BalancerRig rig =
            BalancerRig.startFrozen(
                wires,
                BalancerRig.coordinators("", echo.port()) + BalancerRig.listener("retries = 0"))) {
      rig.expectErrors();
      refused(rig, 1);
      refused(rig, 2);
      assertThat(rig.log("event=resources-exhausted"))
          .singleElement()
          .asString()
          .contains("listener=l", "connect to c1");
      refuses.set(false);
      relayed(rig, 3);
      refuses.set(true);
      refused(rig, 4);
      assertThat(rig.log("event=resources-exhausted")).as("not over for a second").hasSize(1);
      refuses.set(false);
      rig.advance(Duration.ofSeconds(1));
      relayed(rig, 5);
      refuses.set(true);
      refused(rig, 6);
      assertThat(rig.log("event=resources-exhausted")).hasSize(2);
    }
  }

  /** A client is accepted, and no coordinator can be dialled: the session that ends as the nth. */
  private static void refused(BalancerRig rig, int nth) throws IOException {
    try (Socket client = rig.connect()) {
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(rig.awaitEnded(nth).termination()).isEqualTo(Termination.NO_RESOURCES);
  }

  private static void relayed(BalancerRig rig, int nth) throws IOException {
    try (Socket client = rig.connect()) {
      client.getOutputStream().write('x');
      assertThat(client.getInputStream().read()).isEqualTo('x');
    }
    rig.awaitEnded(nth);
  }

  @ParameterizedTest
  @CsvSource({"12, true", "23, true", "24, true", "105, true", "103, false", "1, false"})
  void anAcceptorPausesForWhatLastsAndNotForAClientThatIsGone(int number, boolean lasts) {
    // The class of the exception needs Netty's native code.
    Epoll.ensureAvailability();
    IOException e = new NativeIoException("accept", -number);
    assertThat(EpollErrors.isShortage(EpollErrors.number(e))).isEqualTo(lasts);
    if (number != 1 && number != 103) {
      assertThat(ChannelWires.isShortage(e)).isTrue();
    }
  }
}
