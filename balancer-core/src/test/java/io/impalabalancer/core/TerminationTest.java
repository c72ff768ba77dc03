package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every termination, provoked: its word, its letters, and what each side is sent. The rig proves
 * after each that no slot, session, timer or byte is left.
 */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class TerminationTest extends WireTest {

  /** How connections ended at the coordinator: FIN, RST. */
  private final BlockingQueue<String> coordinatorSaw = new LinkedBlockingQueue<>();

  TerminationTest(String wire) {
    super(wire);
  }

  /** A coordinator that says "hi" to whatever it is first told, and then listens. */
  private TestServer greeter() throws IOException {
    return keep(
        new TestServer(socket -> {
          socket.getInputStream().read();
          socket.getOutputStream().write(bytes("hi"));
          noteEnd(socket);
        }));
  }

  private void noteEnd(Socket socket) throws IOException {
    coordinatorSaw.add(end(socket));
  }

  /** Reads to the end and says what it was. */
  private static String end(Socket socket) throws IOException {
    try {
      byte[] buffer = new byte[65536];
      int read;
      do {
        read = socket.getInputStream().read(buffer);
      } while (read >= 0);
      return "FIN";
    } catch (SocketException e) {
      return "RST";
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Socket client(BalancerRig rig) throws IOException {
    return keep(rig.connect());
  }

  /** A client whose session relays: it has had its greeting. */
  private Socket greetedClient(BalancerRig rig) throws IOException {
    Socket client = client(rig);
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().readNBytes(2)).asString().isEqualTo("hi");
    return client;
  }

  private void expect(BalancerRig rig, Termination termination, String letters) {
    SessionView session = rig.awaitEnded(1);
    assertThat(session.termination()).isEqualTo(termination);
    assertThat(termination.letters(session.phase())).isEqualTo(letters);
    assertThat(rig.ended).hasSize(1);
  }

  /** What the coordinator saw, or null if nothing within a moment. */
  private @Nullable String coordinatorSaw() throws InterruptedException {
    return coordinatorSaw.poll(SOON.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Test
  void completedWhenBothSidesEnd() throws Exception {
    BalancerRig rig = rig(coordinators("", greeter().port()) + listener(""));
    Socket client = greetedClient(rig);
    client.shutdownOutput();
    assertThat(end(client)).isEqualTo("FIN");
    assertThat(coordinatorSaw()).isEqualTo("FIN");
    expect(rig, Termination.COMPLETED, "--");
  }

  @Test
  void clientLeftBeforeItSaidAnything() throws Exception {
    TestServer greeter = greeter();
    BalancerRig rig = rig(coordinators("", greeter.port()) + listener("dial = on-first-bytes"));
    client(rig).close();
    expect(rig, Termination.CLIENT_LEFT, "CR");
    assertThat(greeter.accepted).hasValue(0);
  }

  @Test
  void clientLeftWhileItStoodInLine() throws Exception {
    BalancerRig rig = rig(coordinators("maxconn = 1", greeter().port()) + listener(""));
    greetedClient(rig);
    Socket second = client(rig);
    second.getOutputStream().write('x');
    awaitQueued(rig, 1);
    second.close();
    expect(rig, Termination.CLIENT_LEFT, "CQ");
    awaitQueued(rig, 0);
  }

  @Test
  void clientLeftWhileItsCoordinatorWasDialled() throws Exception {
    BalancerRig rig = rig(coordinators("", blackHole()) + listener("dial = on-first-bytes"));
    Socket client = client(rig);
    client.getOutputStream().write('x');
    Awaitility.await().atMost(SOON).until(() -> rig.counters(0).sessions() == 1);
    TestServer.reset(client);
    expect(rig, Termination.CLIENT_LEFT, "CC");
  }

  @Test
  void clientReset() throws Exception {
    BalancerRig rig = rig(coordinators("", greeter().port()) + listener(""));
    TestServer.reset(greetedClient(rig));
    assertThat(coordinatorSaw()).isEqualTo("RST");
    expect(rig, Termination.CLIENT_RESET, "CD");
  }

  @Test
  void coordinatorReset() throws Exception {
    TestServer resetting =
        keep(
            new TestServer(socket -> {
              socket.getInputStream().read();
              TestServer.reset(socket);
            }));
    BalancerRig rig = rig(coordinators("", resetting.port()) + listener(""));
    Socket client = client(rig);
    client.getOutputStream().write('x');
    assertThat(end(client)).isEqualTo("RST");
    expect(rig, Termination.COORDINATOR_RESET, "SD");
  }

  @Test
  void firstBytesTimeout() throws Exception {
    TestServer greeter = greeter();
    BalancerRig rig = rig(coordinators("", greeter.port()) + listener("dial = on-first-bytes"));
    Socket client = client(rig);
    rig.awaitSessions(1);
    rig.advance(Duration.ofMinutes(5).plusSeconds(1));
    assertThat(end(client)).isEqualTo("FIN");
    expect(rig, Termination.FIRST_BYTES_TIMEOUT, "cR");
    assertThat(greeter.accepted).hasValue(0);
  }

  @Test
  void silentEvictedOldestFirstWhenMaxconnIsNear() throws Exception {
    TestServer greeter = greeter();
    BalancerRig rig =
        rig(coordinators("", greeter.port()) + listener("dial = on-first-bytes, maxconn = 8"));
    Socket oldest = client(rig);
    rig.awaitSessions(1);
    rig.advance(Duration.ofSeconds(1));
    for (int i = 0; i < 5; i++) {
      rig.advance(Duration.ofMillis(1));
      client(rig);
    }
    rig.awaitSessions(6);
    Socket last = client(rig);
    assertThat(end(oldest)).isEqualTo("FIN");
    expect(rig, Termination.SILENT_EVICTED, "PR");
    last.getOutputStream().write('x');
    assertThat(last.getInputStream().readNBytes(2)).asString().isEqualTo("hi");
  }

  @Test
  void queueTimeout() throws Exception {
    BalancerRig rig = rig(coordinators("maxconn = 1", greeter().port()) + listener(""));
    greetedClient(rig);
    Socket second = client(rig);
    second.getOutputStream().write('x');
    awaitQueued(rig, 1);
    rig.advance(Duration.ofSeconds(31));
    assertThat(end(second)).isEqualTo("FIN");
    second.close();
    expect(rig, Termination.QUEUE_TIMEOUT, "sQ");
    assertThat(rig.ended.get(0).queueNanos()).isGreaterThanOrEqualTo(30_000_000_000L);
  }

  @Test
  void noneUsable() throws Exception {
    BalancerRig rig = rig(coordinators("", greeter().port()) + listener(""));
    rig.coordinator(0).setStatus(Coordinator.Status.DOWN, "test");
    Socket client = client(rig);
    assertThat(end(client)).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.NONE_USABLE, "SC");
    assertThat(rig.ended.get(0).coordinator()).isNull();
  }

  @Test
  void connectFailedAfterAllAttempts() throws Exception {
    BalancerRig rig =
        rig(
            coordinators("", TestServer.closedPort(), TestServer.closedPort())
                + listener("retries = 1"));
    Socket client = client(rig);
    assertThat(end(client)).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.CONNECT_FAILED, "SC");
    assertThat(rig.ended.get(0).retries()).isEqualTo(1);
    assertThat(rig.counters(0).connectErrors() + rig.counters(1).connectErrors()).isEqualTo(2);
  }

  @Test
  void connectTimeout() throws Exception {
    BalancerRig rig = rig(coordinators("", blackHole()) + listener("retries = 0"));
    Socket client = client(rig);
    Awaitility.await().atMost(SOON).until(() -> rig.counters(0).sessions() == 1);
    rig.advance(Duration.ofSeconds(6));
    assertThat(end(client)).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.CONNECT_TIMEOUT, "sC");
  }

  @Test
  void clientTimeout() throws Exception {
    BalancerRig rig =
        rig(coordinators("", greeter().port()) + listener("timeouts { client = 2h }"));
    Socket client = greetedClient(rig);
    rig.advance(Duration.ofMinutes(119));
    assertThat(rig.ended).isEmpty();
    rig.advance(Duration.ofMinutes(2));
    assertThat(end(client)).isEqualTo("FIN");
    assertThat(coordinatorSaw()).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.CLIENT_TIMEOUT, "cD");
  }

  @Test
  void serverTimeout() throws Exception {
    BalancerRig rig =
        rig(coordinators("", greeter().port()) + listener("timeouts { server = 2h }"));
    Socket client = greetedClient(rig);
    rig.advance(Duration.ofMinutes(121));
    assertThat(end(client)).isEqualTo("FIN");
    assertThat(coordinatorSaw()).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.SERVER_TIMEOUT, "sD");
  }

  @Test
  void clientFinTimeout() throws Exception {
    TestServer closing = keep(new TestServer(socket -> socket.getInputStream().read()));
    BalancerRig rig = rig(coordinators("", closing.port()) + listener(""));
    Socket client = client(rig);
    client.getOutputStream().write('x');
    assertThat(end(client)).isEqualTo("FIN");
    rig.advance(Duration.ofSeconds(31));
    Awaitility.await()
        .atMost(SOON)
        .until(() -> {
          rig.advance(Duration.ofSeconds(3));
          return rig.ended.size() == 1;
        });
    expect(rig, Termination.CLIENT_FIN_TIMEOUT, "cD");
  }

  @Test
  void serverFinTimeout() throws Exception {
    BalancerRig rig =
        rig(coordinators("", silentAfterEnd().port()) + listener("timeouts { client = 1h }"));
    Socket client = greetedClient(rig);
    client.shutdownOutput();
    assertThat(coordinatorSaw()).isEqualTo("FIN");
    rig.advance(Duration.ofSeconds(31));
    assertThat(end(client)).isEqualTo("FIN");
    Awaitility.await()
        .atMost(SOON)
        .until(() -> {
          rig.advance(Duration.ofSeconds(3));
          return rig.ended.size() == 1;
        });
    expect(rig, Termination.SERVER_FIN_TIMEOUT, "sD");
  }

  /** Greets, sees the client's end, and keeps its own direction open. */
  private TestServer silentAfterEnd() throws IOException {
    return keep(
        new TestServer(socket -> {
          socket.getInputStream().read();
          socket.getOutputStream().write(bytes("hi"));
          noteEnd(socket);
          new CountDownLatch(1).await();
        }));
  }

  @Test
  void coordinatorDown() throws Exception {
    BalancerRig rig = rig(coordinators("", greeter().port()) + listener(""));
    Socket client = greetedClient(rig);
    rig.balancer.closeSessions(rig.coordinator(0), Termination.COORDINATOR_DOWN);
    assertThat(end(client)).isEqualTo("FIN");
    assertThat(coordinatorSaw()).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.COORDINATOR_DOWN, "DD");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shutdownInEveryPhase(boolean relaying) throws Exception {
    BalancerRig rig = rig(coordinators("", greeter().port()) + listener("dial = on-first-bytes"));
    Socket client = relaying ? greetedClient(rig) : client(rig);
    rig.awaitSessions(1);
    rig.balancer.closeSessions(Termination.SHUTDOWN);
    assertThat(end(client)).isEqualTo("FIN");
    client.close();
    expect(rig, Termination.SHUTDOWN, relaying ? "KD" : "KR");
  }

  private static void awaitQueued(BalancerRig rig, int count) {
    Awaitility.await().atMost(SOON).until(() -> rig.balancer.listeners().get(0).queued() == count);
  }

  /** A port that neither takes nor refuses: its accept queue is full and nobody accepts. */
  private int blackHole() throws IOException {
    ServerSocket full = keep(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    for (int i = 0; i < 2; i++) {
      keep(new Socket(full.getInetAddress(), full.getLocalPort()));
    }
    return full.getLocalPort();
  }
}
