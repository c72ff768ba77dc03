package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.SOON;
import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes through pipes of the kernel: when, and that it is like what is copied. */
class SpliceTest extends WireTest {
  private static final int CHUNK_BYTES = 256 * 1024;
  private static final long ANSWER_BYTES = 256L * CHUNK_BYTES;
  private static final byte[] CHUNK = new byte[CHUNK_BYTES];

  static {
    new Random(1).nextBytes(CHUNK);
  }

  /** What a coordinator has got rid of. */
  private final AtomicLong sent = new AtomicLong();

  SpliceTest() {
    super("epoll");
  }

  /** Answers a byte with much, and ends; then reads to the end. */
  private TestServer bulk() throws IOException {
    return keep(
        new TestServer(socket -> {
          socket.getInputStream().read();
          for (long left = ANSWER_BYTES; left > 0; left -= CHUNK_BYTES) {
            socket.getOutputStream().write(CHUNK);
            sent.addAndGet(CHUNK_BYTES);
          }
          socket.shutdownOutput();
          socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        }));
  }

  private BalancerRig rig(TestServer coordinator, String settings) throws IOException {
    return rig(settings + "\n" + coordinators("", coordinator.port()) + listener(""));
  }

  /** As {@link #rig}, with all but the first bytes of a direction spliced. */
  private BalancerRig eager(String hocon) throws IOException {
    return keep(BalancerRig.startFrozen(new EagerWires(), hocon));
  }

  private BalancerRig eager(TestServer coordinator, String settings) throws IOException {
    return eager(settings + "\n" + coordinators("", coordinator.port()) + listener(""));
  }

  /** The epoll wire, taking everything for bulk. */
  private static final class EagerWires extends EpollWires {
    @Override
    public EpollPipes pipes(int most, LongAdder splicedBytes, Ticker ticker) {
      return new EpollPipes(most, splicedBytes, ticker) {
        @Override
        int next(int bulk, int movedBytes) {
          return Integer.MAX_VALUE;
        }
      };
    }
  }

  /** A client that buffers little, and what it has read so far. */
  private static final class Client extends Socket {
    private final byte[] buffer = new byte[CHUNK_BYTES];
    private final CRC32 crc = new CRC32();
    private long received;

    /** Reads once; false at the end. */
    boolean readSome() throws IOException {
      int count = getInputStream().read(buffer);
      if (count >= 0) {
        crc.update(buffer, 0, count);
        received += count;
      }
      return count >= 0;
    }
  }

  /** Connects a client, and asks. */
  private Client ask(BalancerRig rig) throws IOException {
    Client client = keep(new Client());
    client.setReceiveBufferSize(64 * 1024);
    client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), rig.port()));
    client.setSoTimeout((int) SOON.toMillis());
    client.getOutputStream().write('x');
    return client;
  }

  /**
   * Waits until nothing moves any more, and a pipe for each client has bytes in it. What was copied
   * last may have stalled in a buffer instead, when the coordinator was late for a moment: then the
   * clients read a little, and it stalls anew.
   */
  private void awaitStalled(BalancerRig rig, Client... clients) {
    AtomicLong before = new AtomicLong(-1);
    Awaitility.await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> {
          if (before.getAndSet(sent.get()) != sent.get()) {
            return false;
          }
          if (rig.balancer.loops().pipesInUse() == clients.length) {
            return true;
          }
          for (Client client : clients) {
            client.readSome();
          }
          return false;
        });
  }

  private static void assertWholeAnswer(Client client) throws IOException {
    while (client.readSome()) {
      // Until the end.
    }
    assertThat(client.received).isEqualTo(ANSWER_BYTES);
    CRC32 expected = new CRC32();
    for (long left = ANSWER_BYTES; left > 0; left -= CHUNK_BYTES) {
      expected.update(CHUNK);
    }
    assertThat(client.crc.getValue()).isEqualTo(expected.getValue());
  }

  @Test
  void bulkIsSplicedArrivesWholeAndIsCountedAsRelayed() throws Exception {
    BalancerRig rig = rig(bulk(), "");
    Client client = ask(rig);
    assertWholeAnswer(client);
    client.close();
    SessionView session = rig.awaitEnded(1);
    assertThat(session.termination()).isEqualTo(Termination.COMPLETED);
    assertThat(session.bytesToClient()).isEqualTo(ANSWER_BYTES);
    assertThat(rig.counters(0).bytesToClient()).isEqualTo(ANSWER_BYTES);
    assertThat(rig.balancer.splicedBytes()).isBetween(ANSWER_BYTES / 2, ANSWER_BYTES);
  }

  @Test
  void whatAClientUploadsIsSplicedToo() throws Exception {
    AtomicLong received = new AtomicLong();
    TestServer sink =
        keep(
            new TestServer(socket -> {
              byte[] buffer = new byte[CHUNK_BYTES];
              InputStream in = socket.getInputStream();
              for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                received.addAndGet(n);
              }
              socket.getOutputStream().write('y');
            }));
    BalancerRig rig = rig(sink, "");
    Socket client = keep(rig.connect());
    for (long left = ANSWER_BYTES; left > 0; left -= CHUNK_BYTES) {
      client.getOutputStream().write(CHUNK);
    }
    client.shutdownOutput();
    assertThat(client.getInputStream().read()).isEqualTo('y');
    assertThat(received.get()).isEqualTo(ANSWER_BYTES);
    assertThat(rig.balancer.splicedBytes()).isGreaterThan(ANSWER_BYTES / 2);
    assertThat(rig.awaitEnded(1).bytesToCoordinator()).isEqualTo(ANSWER_BYTES);
  }

  @Test
  void shortAnswersAreCopied() throws Exception {
    BalancerRig rig = rig(keep(TestServer.echo()), "");
    Socket client = keep(rig.connect());
    for (int i = 0; i < 100; i++) {
      client.getOutputStream().write(CHUNK, 0, 30_000);
      assertThat(client.getInputStream().readNBytes(30_000)).hasSize(30_000);
    }
    assertThat(rig.balancer.splicedBytes()).isZero();
  }

  @Test
  void withoutPipesBulkIsCopied() throws Exception {
    BalancerRig rig = rig(bulk(), "maxpipes = 0");
    assertWholeAnswer(ask(rig));
    assertThat(rig.balancer.splicedBytes()).isZero();
  }

  @Test
  void aPipeWhoseClientStallsIsHeldAndTheNextSessionIsCopied() throws Exception {
    // One a loop.
    BalancerRig rig = eager(bulk(), "maxpipes = 2");
    Client[] stalled = {ask(rig), ask(rig)};
    awaitStalled(rig, stalled);
    assertThat(rig.balancer.heldBytes()).isBetween(1L, 2L * 1024 * 1024);
    long spliced = rig.balancer.splicedBytes();
    assertThat(spliced).isPositive();
    assertWholeAnswer(ask(rig));
    assertWholeAnswer(ask(rig));
    assertThat(rig.balancer.splicedBytes()).isEqualTo(spliced);
    for (Client client : stalled) {
      assertWholeAnswer(client);
    }
    assertThat(rig.balancer.splicedBytes()).isGreaterThan(spliced);
    assertThat(rig.balancer.heldBytes()).isZero();
    assertThat(rig.balancer.loops().pipesInUse()).isZero();
  }

  @Test
  void aReloadChangesHowManyPipesThereAre() throws Exception {
    TestServer server = bulk();
    String parts = coordinators("", server.port()) + listener("");
    BalancerRig rig = eager("maxpipes = 4\n" + parts);
    Client stalled = ask(rig);
    awaitStalled(rig, stalled);
    rig.reload("maxpipes = 0\n" + parts);
    long spliced = rig.balancer.splicedBytes();
    assertWholeAnswer(ask(rig));
    assertThat(rig.balancer.splicedBytes()).isEqualTo(spliced);
    assertWholeAnswer(stalled);
    assertThat(rig.balancer.loops().pipesInUse()).isZero();
    rig.reload("maxpipes = 4\n" + parts);
    assertWholeAnswer(ask(rig));
    assertThat(rig.balancer.splicedBytes()).isGreaterThan(spliced + ANSWER_BYTES / 2);
  }

  @Test
  void aResetLosesThePipeAndNotTheOthers() throws Exception {
    BalancerRig rig = eager(bulk(), "maxpipes = 2");
    for (int i = 0; i < 4; i++) {
      sent.set(0);
      Client client = ask(rig);
      awaitStalled(rig, client);
      TestServer.reset(client);
      assertThat(rig.awaitEnded(i + 1).termination()).isEqualTo(Termination.CLIENT_RESET);
      assertThat(rig.balancer.heldBytes()).isZero();
      assertThat(rig.balancer.loops().pipesInUse()).isZero();
    }
    long before = rig.balancer.splicedBytes();
    assertWholeAnswer(ask(rig));
    assertThat(rig.balancer.splicedBytes()).isGreaterThan(before);
  }

  @Test
  void aCoordinatorThatResetsEndsASessionWhosePipeIsFull() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    TestServer resetting =
        keep(
            new TestServer(socket -> {
              socket.getInputStream().read();
              socket.setSoLinger(true, 0);
              Thread writer =
                  new Thread(() -> {
                    try {
                      while (true) {
                        socket.getOutputStream().write(CHUNK);
                        sent.addAndGet(CHUNK_BYTES);
                      }
                    } catch (IOException closed) {
                      // By the reset.
                    }
                  });
              writer.start();
              stalled.await();
            }));
    BalancerRig rig = eager(resetting, "");
    awaitStalled(rig, ask(rig));
    stalled.countDown();
    assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.COORDINATOR_RESET);
    assertThat(rig.balancer.loops().pipesInUse()).isZero();
  }

  @Test
  void aClientThatTakesNothingOutOfAPipeTimesOut() throws Exception {
    BalancerRig rig = eager(bulk(), "defaults.timeouts.client = 1h");
    awaitStalled(rig, ask(rig));
    rig.advance(Duration.ofMinutes(61));
    Awaitility.await()
        .atMost(SOON)
        .until(() -> {
          // What is in the pipe is offered for a moment yet.
          rig.advance(Duration.ofSeconds(3));
          return !rig.ended.isEmpty();
        });
    assertThat(rig.awaitEnded(1).termination()).isEqualTo(Termination.CLIENT_TIMEOUT);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 70_000})
  void anEndBehindAFullPipeIsPassedOnAndTheOtherDirectionGoesOn(int lastWords) throws Exception {
    AtomicLong heard = new AtomicLong();
    TestServer server =
        keep(
            new TestServer(socket -> {
              socket.getInputStream().read();
              for (long left = ANSWER_BYTES; left > 0; left -= CHUNK_BYTES) {
                socket.getOutputStream().write(CHUNK);
                sent.addAndGet(CHUNK_BYTES);
              }
              socket.shutdownOutput();
              heard.set(socket.getInputStream().readAllBytes().length);
            }));
    BalancerRig rig = eager(server, "");
    Client client = ask(rig);
    awaitStalled(rig, client);
    assertWholeAnswer(client);
    client.getOutputStream().write(CHUNK, 0, lastWords);
    client.shutdownOutput();
    SessionView session = rig.awaitEnded(1);
    assertThat(session.termination()).isEqualTo(Termination.COMPLETED);
    Awaitility.await().atMost(SOON).until(() -> heard.get() == lastWords);
    assertThat(session.bytesToCoordinator()).isEqualTo(1 + lastWords);
  }

  @Test
  void nearTheLimitOfHeldBytesNothingIsTakenIntoPipes() throws Exception {
    BalancerRig rig = rig(bulk(), "buffer-limit = 1MiB");
    for (int i = 0; i < 40; i++) {
      ask(rig);
    }
    long limit = 1024 * 1024;
    Awaitility.await().atMost(SOON).until(() -> rig.balancer.heldBytes() > limit / 2);
    Awaitility.await()
        .pollDelay(Duration.ofMillis(500))
        .until(() -> rig.balancer.heldBytes() < limit + 40L * HeldBytes.READ_MIN_BYTES);
  }

  @Test
  void aDirectionIsBulkAfterFourFullReadsUntilEightSmallMoves() {
    EpollPipes pipes = new EpollPipes(1, new LongAdder(), Ticker.systemTicker());
    int bulk = 0;
    for (int i = 0; i < 3; i++) {
      bulk = pipes.next(bulk, HeldBytes.READ_MAX_BYTES);
      bulk = pipes.next(bulk, 16 * 1024);
      assertThat(pipes.splices(bulk)).isFalse();
    }
    assertThat(pipes.next(bulk, 16 * 1024 - 1)).isZero();
    bulk = pipes.next(bulk, HeldBytes.READ_MAX_BYTES);
    assertThat(pipes.splices(bulk)).isTrue();
    for (int i = 0; i < 7; i++) {
      bulk = pipes.next(bulk, 1);
      assertThat(pipes.splices(bulk)).isTrue();
    }
    int larger = pipes.next(bulk, 1_000_000);
    assertThat(pipes.splices(pipes.next(larger, 1))).isTrue();
    assertThat(pipes.next(bulk, 1)).isZero();
  }
}
