package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Dead peers are looked for: the kernel shows a socket's keepalive timer. */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
@EnabledOnOs(OS.LINUX)
class KeepaliveTest extends WireTest {

  KeepaliveTest(String wire) {
    super(wire);
  }

  /** Starts a session that has had an answer. */
  private Socket answered(BalancerRig rig) throws IOException {
    Socket client = keep(rig.connect());
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().read()).isEqualTo('x');
    return client;
  }

  @Test
  void aClientIsWatchedFromTheStart() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener(""));
    Socket client = answered(rig);
    await(() -> assertThat(timer(rig.port(), client.getLocalPort())).isEqualTo("keepalive"));
  }

  @Test
  void aCoordinatorIsWatchedOnceASessionIsThirtySecondsOld() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig = rig(coordinators("", echo.port()) + listener(""));
    answered(rig);
    await(() -> assertThat(timer(0, echo.port())).isEqualTo("none"));
    rig.advance(Duration.ofSeconds(31));
    await(() -> assertThat(timer(0, echo.port())).isEqualTo("keepalive"));
  }

  @Test
  void nobodyIsWatchedIfItIsSwitchedOff() throws Exception {
    TestServer echo = keep(TestServer.echo());
    BalancerRig rig =
        rig(coordinators("", echo.port()) + listener("keepalive { enabled = false }"));
    Socket client = answered(rig);
    rig.advance(Duration.ofSeconds(31));
    await(() -> assertThat(timer(rig.port(), client.getLocalPort())).isEqualTo("none"));
    await(() -> assertThat(timer(0, echo.port())).isEqualTo("none"));
  }

  private static void await(Runnable assertion) {
    Awaitility.await().atMost(SOON).untilAsserted(assertion::run);
  }

  /**
   * Returns the timer of the connection between two ports.
   *
   * @param localPort the near end's, 0 for any
   */
  private static String timer(int localPort, int remotePort) {
    for (String line : connections()) {
      // Number, near and far end, state, queues, timer and when it is due.
      String[] fields = line.trim().split("\\s+", 7);
      if (fields[3].equals("01")
          && port(fields[2]) == remotePort
          && (localPort == 0 || port(fields[1]) == localPort)) {
        return switch (fields[5].substring(0, 2)) {
          case "00" -> "none";
          case "02" -> "keepalive";
          default -> "another";
        };
      }
    }
    return "no such connection";
  }

  private static int port(String end) {
    return Integer.parseInt(end.substring(end.indexOf(':') + 1), 16);
  }

  private static List<String> connections() {
    List<String> lines = new ArrayList<>();
    try {
      for (String file : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
        List<String> all = Files.readAllLines(Path.of(file));
        lines.addAll(all.subList(1, all.size()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }
}
