package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.impalabalancer.config.AdminState;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Many sessions: at once, one after the other, in line, and while coordinators come and go. Nothing
 * of them is left afterwards: the rig proves it of sessions, slots, timers and held bytes, and what
 * is here of descriptors and memory.
 */
@ParameterizedClass
@ValueSource(strings = {"epoll", "channel"})
class ScaleTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final int QUESTION_BYTES = 8;

  /** What the memory in use may differ by from one look to the next. */
  private static final long FLAT_BYTES = 1024 * 1024;

  private final String wire;

  ScaleTest(String wire) {
    this.wire = wire;
  }

  /** A client that asks its number, expects it back, and does then what its kind does. */
  private abstract static class Asker extends Peers.Peer {
    private final long number;
    private final ByteBuffer answer = ByteBuffer.allocate(QUESTION_BYTES);

    Asker(long number) {
      this.number = number;
    }

    final void ask() throws IOException {
      answer.clear();
      ByteBuffer question = ByteBuffer.allocate(QUESTION_BYTES).putLong(number).flip();
      channel().write(question);
      if (question.hasRemaining()) {
        throw new IOException("there is no room for a question");
      }
    }

    @Override
    void connected() throws IOException {
      ask();
    }

    @Override
    final void readable() throws IOException {
      if (!answer.hasRemaining()) {
        answer.clear();
      }
      int count = channel().read(answer);
      if (count < 0) {
        close();
        ended();
      } else if (!answer.hasRemaining()) {
        if (answer.getLong(0) != number) {
          throw new AssertionError("client " + number + " was answered " + answer.getLong(0));
        }
        answered();
      }
    }

    @Override
    final void failed(IOException cause) {
      ended();
    }

    /** The answer is there, and the right one. */
    abstract void answered() throws IOException;

    /** The other end has ended or broken off the connection. */
    abstract void ended();
  }

  // At once.

  @Test
  void fiveThousandSessionsAtOnceAreAllAnswered() throws Exception {
    int count = 5_000;
    // Each takes a descriptor for the client and two for the balancer; the fourth is elsewhere.
    Process coordinator = startEchoProcess();
    try (Peers clients = new Peers();
        BalancerRig rig =
            BalancerRig.start(
                wire, coordinators("", portOf(coordinator)) + listener("dial = on-first-bytes"))) {
      rig.keepOnlyTerminations();
      long sockets = openSockets();
      AtomicInteger answered = new AtomicInteger();
      List<Asker> askers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Asker asker =
            new Asker(i) {
              @Override
              void answered() {
                answered.incrementAndGet();
              }

              @Override
              void ended() {
                throw new AssertionError("a session ended that should have lived on");
              }
            };
        askers.add(asker);
        clients.connect(rig.port(), asker);
        // The listener's backlog is finite.
        int newest = i;
        await(clients, () -> newest - rig.balancer.sessions() < 1_000);
      }
      await(clients, () -> answered.get() == count);
      assertThat(rig.balancer.sessions()).isEqualTo(count);
      for (Asker asker : askers) {
        clients.execute(() -> asker.guarded(asker::ask));
      }
      await(clients, () -> answered.get() == 2 * count);
      assertThat(rig.coordinator(0).sessions()).isEqualTo(count);
      for (Asker asker : askers) {
        clients.execute(asker::close);
      }
      await(clients, () -> rig.balancer.sessions() == 0);
      assertThat(rig.terminations.get(Termination.COMPLETED)).hasValue(count);
      awaitOpenSockets(sockets);
    } finally {
      coordinator.destroy();
    }
  }

  private static Process startEchoProcess() throws IOException {
    return new ProcessBuilder(
            System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
            "-cp",
            System.getProperty("java.class.path"),
            EchoPeer.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static int portOf(Process echo) throws IOException {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(echo.getInputStream(), StandardCharsets.UTF_8));
    return Integer.parseInt(out.readLine());
  }

  // One after the other.

  @Test
  void twentyThousandSessionsComeAndGo() throws Exception {
    comeAndGo(20_000);
  }

  @Test
  @Tag("long")
  void twoHundredThousandSessionsComeAndGo() throws Exception {
    comeAndGo(200_000);
  }

  private void comeAndGo(int count) throws Exception {
    try (Peers peers = new Peers();
        BalancerRig rig =
            BalancerRig.start(
                wire,
                coordinators("", peers.listen(0, EchoPeer::new), peers.listen(0, EchoPeer::new))
                    + listener("dial = on-first-bytes"))) {
      rig.keepOnlyTerminations();
      long sockets = openSockets();
      // The first ones make what stays: pools, caches, compiled code.
      new Visitors(peers, rig.port(), 100).comeAndGo(count / 4);
      await(peers, () -> rig.balancer.sessions() == 0);
      Memory before = Memory.inUse();
      Visitors visitors = new Visitors(peers, rig.port(), 100);
      visitors.comeAndGo(count);
      await(peers, () -> rig.balancer.sessions() == 0);
      assertThat(visitors.answered).hasValue(count / 2);
      rig.assertNothingLeft();
      awaitOpenSockets(sockets);
      Memory.inUse().assertFlatSince(before);
    }
  }

  /** Clients that come one after the other, so many at a time, and go in different ways. */
  private static final class Visitors {
    final AtomicInteger answered = new AtomicInteger();
    final AtomicInteger here = new AtomicInteger();
    private final Peers peers;
    private final int port;
    private final int atATime;
    private final AtomicBoolean closed = new AtomicBoolean();
    private int left;
    private long next;

    Visitors(Peers peers, int port, int atATime) {
      this.peers = peers;
      this.port = port;
      this.atATime = atATime;
    }

    /** Lets so many come, and waits until they are gone. */
    void comeAndGo(int count) {
      start(count);
      await(peers, () -> here.get() == 0);
    }

    /** Lets so many come, until {@link #stop}. */
    void start(int count) {
      here.set(atATime);
      peers.execute(() -> {
        left = count;
        for (int i = 0; i < atATime; i++) {
          next();
        }
      });
    }

    void stop() {
      closed.set(true);
    }

    private void next() {
      if (left > 0 && !closed.get()) {
        left--;
        peers.connect(port, new Visitor(this, next++));
      } else {
        here.decrementAndGet();
      }
    }
  }

  /** One of many clients. By its number it is one of four kinds. */
  private static final class Visitor extends Asker {
    private final Visitors visitors;
    private final int kind;
    private boolean gone;

    Visitor(Visitors visitors, long number) {
      super(number);
      this.visitors = visitors;
      kind = (int) (number % 4);
    }

    @Override
    void connected() throws IOException {
      switch (kind) {
        case 0 -> goAway();
        case 1 -> ask();
        case 2 -> {
          ask();
          reset();
          ended();
        }
        default -> {
          ask();
          channel().shutdownOutput();
        }
      }
    }

    @Override
    void answered() {
      visitors.answered.incrementAndGet();
      if (kind == 1) {
        goAway();
      }
    }

    private void goAway() {
      close();
      ended();
    }

    @Override
    void ended() {
      if (!gone) {
        gone = true;
        visitors.next();
      }
    }
  }

  // In line.

  @Test
  void aLineOfAThousandIsServedInOrderToTheLast() throws Exception {
    int count = 1_000;
    try (Peers peers = new Peers();
        BalancerRig rig =
            BalancerRig.start(
                wire,
                coordinators("maxconn = 1", peers.listen(0, EchoPeer::new))
                    + listener("dial = on-first-bytes, timeouts { queue = infinite }"))) {
      List<Long> served = new ArrayList<>();
      AtomicInteger left = new AtomicInteger(count);
      Asker holder = inLine(-1, served, left);
      peers.connect(rig.port(), holder);
      await(peers, () -> rig.coordinator(0).sessions() == 1);
      Listener listener = rig.balancer.listeners().get(0);
      for (int i = 0; i < count; i++) {
        peers.connect(rig.port(), inLine(i, served, left));
        int length = i + 1;
        await(peers, () -> listener.queued() == length);
      }
      peers.execute(holder::close);
      await(peers, () -> left.get() == 0);
      rig.awaitSessions(0);
      assertThat(served).isEqualTo(IntStream.range(0, count).mapToObj(Long::valueOf).toList());
    }
  }

  private static Asker inLine(long number, List<Long> served, AtomicInteger left) {
    return new Asker(number) {
      @Override
      void answered() {
        if (number >= 0) {
          served.add(number);
          left.decrementAndGet();
          close();
        }
      }

      @Override
      void ended() {
        throw new AssertionError("number " + number + " was sent away");
      }
    };
  }

  // While coordinators come and go.

  @Test
  void nothingIsLeftWhenCoordinatorsFlap() throws Exception {
    flap(Duration.ofSeconds(2));
  }

  @Test
  @Tag("long")
  void nothingIsLeftWhenCoordinatorsFlapForMinutes() throws Exception {
    flap(Duration.ofMinutes(Integer.getInteger("scale.flap.minutes", 1)));
  }

  private void flap(Duration time) throws Exception {
    try (Peers peers = new Peers();
        BalancerRig rig =
            BalancerRig.start(
                wire,
                coordinators(
                        "maxconn = 10",
                        peers.listen(0, EchoPeer::new),
                        TestServer.closedPort(),
                        peers.listen(0, EchoPeer::new))
                    + listener("dial = on-first-bytes, timeouts { queue = 200ms }"))) {
      rig.keepOnlyTerminations();
      // There would be a line for each change.
      ((Logger) LoggerFactory.getLogger(Balancer.class)).setLevel(Level.ERROR);
      long sockets = openSockets();
      flap(rig, peers, Duration.ofSeconds(1));
      Memory before = Memory.inUse();
      Visitors visitors = flap(rig, peers, time);
      assertThat(visitors.answered).hasPositiveValue();
      rig.assertNothingLeft();
      awaitOpenSockets(sockets);
      Memory.inUse().assertFlatSince(before);
    } finally {
      ((Logger) LoggerFactory.getLogger(Balancer.class)).setLevel(null);
    }
  }

  private Visitors flap(BalancerRig rig, Peers peers, Duration time) {
    Visitors visitors = new Visitors(peers, rig.port(), 60);
    visitors.start(Integer.MAX_VALUE);
    Random random = new Random(7);
    long deadline = System.nanoTime() + time.toNanos();
    while (deadline - System.nanoTime() > 0) {
      Coordinator coordinator = rig.coordinator(random.nextInt(3));
      switch (random.nextInt(5)) {
        case 0 -> coordinator.setStatus(Coordinator.Status.DOWN, "flapping");
        case 1 -> coordinator.setAdminState(AdminState.DRAIN, "flapping");
        case 2 -> rig.balancer.closeSessions(coordinator, Termination.COORDINATOR_DOWN);
        default -> {
          coordinator.setStatus(Coordinator.Status.UP, "flapping");
          coordinator.setAdminState(AdminState.READY, "flapping");
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    visitors.stop();
    await(peers, () -> visitors.here.get() == 0 && rig.balancer.sessions() == 0);
    rig.events.clear();
    return visitors;
  }

  // While one client does not read.

  @Test
  void aStalledClientIsServedToTheLastByteAndTheOthersDoNotNotice() throws Exception {
    stall(Duration.ofSeconds(2));
  }

  @Test
  @Tag("long")
  void aClientThatStallsForMinutesIsServedToTheLastByte() throws Exception {
    stall(Duration.ofMinutes(Integer.getInteger("scale.stall.minutes", 1)));
  }

  private void stall(Duration time) throws Exception {
    byte[] answer = new byte[48 * 1024 * 1024];
    new Random(3).nextBytes(answer);
    try (TestServer pouring =
            new TestServer(socket -> {
              socket.getOutputStream().write(answer);
              socket.shutdownOutput();
              socket.getInputStream().read();
            });
        TestServer echo = TestServer.echo();
        BalancerRig rig =
            BalancerRig.start(
                wire,
                "threads = 1\n"
                    + coordinators("", pouring.port(), echo.port())
                    + "pools { pouring = [c1], echo = [c2] }\n"
                    + "listeners = ["
                    + "{ name = l, bind = \"127.0.0.1:0\", protocol = tcp, pool = pouring },"
                    + "{ name = e, bind = \"127.0.0.1:0\", protocol = tcp, pool = echo }]");
        Socket stalled = new Socket();
        Socket lively =
            new Socket(
                InetAddress.getLoopbackAddress(),
                rig.balancer.listeners().get(1).addresses().get(0).getPort())) {
      stalled.setReceiveBufferSize(64 * 1024);
      stalled.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), rig.port()));
      lively.setTcpNoDelay(true);
      lively.setSoTimeout((int) BalancerRig.SOON.toMillis());
      Awaitility.await().atMost(BalancerRig.SOON).until(() -> rig.balancer.heldBytes() > 0);
      long slowest = 0;
      long deadline = System.nanoTime() + time.toNanos();
      while (deadline - System.nanoTime() > 0) {
        long asked = System.nanoTime();
        lively.getOutputStream().write('x');
        assertThat(lively.getInputStream().read()).isEqualTo('x');
        slowest = Math.max(slowest, System.nanoTime() - asked);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      assertThat(Duration.ofNanos(slowest)).isLessThan(Duration.ofSeconds(1));
      assertThat(rig.balancer.heldBytes()).isBetween(1L, 256L * 1024);
      stalled.setSoTimeout((int) BalancerRig.SOON.toMillis());
      assertThat(stalled.getInputStream().readAllBytes()).isEqualTo(answer);
    }
  }

  // What is left.

  /** The memory in use after a collection: of the heap, and of Netty's buffers. */
  private record Memory(long heapBytes, long bufferBytes) {

    static Memory inUse() {
      // What the first collection lets go may be more than an object deep.
      System.gc();
      System.gc();
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      ByteBufAllocatorMetricProvider buffers =
          (ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT;
      return new Memory(heap, buffers.metric().usedDirectMemory());
    }

    void assertFlatSince(Memory before) {
      assertThat(heapBytes - before.heapBytes)
          .as("heap %s, now %s", before, this)
          .isLessThan(FLAT_BYTES);
      assertThat(bufferBytes - before.bufferBytes)
          .as("buffers %s, now %s", before, this)
          .isLessThan(FLAT_BYTES);
    }
  }

  /** Returns how many sockets this process has; 0 where the system does not tell. */
  private static long openSockets() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    if (!Files.isDirectory(descriptors)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(descriptors)) {
      return all.filter(ScaleTest::isSocket).count();
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  private static void awaitOpenSockets(long count) {
    Awaitility.await()
        .atMost(BalancerRig.SOON)
        .untilAsserted(() -> assertThat(openSockets()).as("sockets").isEqualTo(count));
  }

  /** Waits for what happens within milliseconds mostly, and looks as often. */
  private static void await(Peers peers, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (!condition.getAsBoolean()) {
      peers.check();
      assertThat(deadline - System.nanoTime()).as("nanoseconds left").isPositive();
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
    }
  }
}
