package io.impalabalancer.core;

import static io.impalabalancer.core.BalancerRig.coordinators;
import static io.impalabalancer.core.BalancerRig.listener;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Any bytes, in any chunks, with any pauses and endings: what a client and a coordinator see of
 * each other through the balancer is what they see on a direct connection.
 *
 * <p>{@code -Drelay.seed} repeats a run's scripts, {@code -Drelay.millis} (2000) is how long each
 * combination goes on.
 */
class RandomRelayTest {
  private static final long MILLIS = Long.getLong("relay.millis", 2_000);
  private static final long SEED = Long.getLong("relay.seed", System.nanoTime());
  private static final int SESSIONS_A_ROUND = 48;

  /** A client's first bytes: the number of its session, by which the coordinator knows it. */
  private static final int HEADER_BYTES = 4;

  /** A coordinator's first bytes, the same for all, so that they can be said before the header. */
  private static final int GREETING_BYTES = 8;

  /** What all streams are cut from, each from a place of its own. */
  private static final byte[] DATA = new byte[1_048_573];

  static {
    new Random(SEED).nextBytes(DATA);
  }

  /** How a connection ended for one end of it. */
  private enum End {
    /** The other end said that it was done. */
    FIN,
    /** The other end broke it off. */
    RST,
    /** This end broke it off. */
    OWN_RST
  }

  /** What one end does in a session. */
  private record Script(List<Action> actions, long bytes, boolean resets, boolean halfClosesFirst) {

    static Script random(SplittableRandom random, Load load, boolean mayReset, int firstBytes) {
      List<Action> actions = new ArrayList<>();
      long bytes = firstBytes;
      if (load == Load.STALLS) {
        actions.add(new Action(Kind.DEAFEN, 20_000 + random.nextInt(100_000)));
      } else if (load == Load.FLOODS) {
        int amount = 3_000_000 + random.nextInt(2_000_000);
        actions.add(new Action(Kind.SEND, amount));
        bytes += amount;
      }
      for (int left = random.nextInt(12); left > 0; left--) {
        int amount =
            switch (random.nextInt(6)) {
              case 0 -> 1;
              case 1 -> 1 + random.nextInt(100);
              case 2 -> 64 * 1024 - 1 + random.nextInt(3);
              case 3 -> 1 + random.nextInt(400_000);
              default -> 1 + random.nextInt(20_000);
            };
        actions.add(new Action(Kind.SEND, amount));
        bytes += amount;
        if (random.nextInt(3) == 0) {
          actions.add(new Action(Kind.PAUSE, random.nextInt(4_000)));
        }
        if (random.nextInt(8) == 0) {
          actions.add(new Action(Kind.DEAFEN, random.nextInt(30_000)));
        }
      }
      boolean resets = mayReset && random.nextInt(3) == 0;
      boolean halfClosesFirst = resets && random.nextInt(4) == 0;
      if (!resets || halfClosesFirst) {
        actions.add(new Action(Kind.FINISH, 0));
      }
      if (resets) {
        actions.add(new Action(Kind.PAUSE, random.nextInt(3_000)));
        actions.add(new Action(Kind.RESET, 0));
      }
      return new Script(List.copyOf(actions), bytes, resets, halfClosesFirst);
    }
  }

  /** What an end begins with. */
  private enum Load {
    ORDINARY,
    /** More than the kernel's buffers hold, so that the balancer must hold some, and wait. */
    FLOODS,
    /** Does not read for a while. */
    STALLS
  }

  private enum Kind {
    /** So many bytes. */
    SEND,
    /** Says nothing for so many microseconds. */
    PAUSE,
    /** Does not read for so many microseconds, and goes on meanwhile. */
    DEAFEN,
    FINISH,
    RESET
  }

  private record Action(Kind kind, int amount) {}

  /** A session to be: both scripts, and the size of the sockets' buffers. */
  private record Plan(int number, Script client, Script server, int bufferBytes) {

    static Plan random(int number, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      int whoMayReset = random.nextInt(3);
      int whoFloods = random.nextInt(12);
      int[] buffers = {0, 0, 2_048, 16_384};
      return new Plan(
          number,
          Script.random(random, load(whoFloods, 0), whoMayReset == 0, HEADER_BYTES),
          Script.random(random, load(whoFloods, 1), whoMayReset == 1, GREETING_BYTES),
          whoFloods > 1 ? buffers[random.nextInt(buffers.length)] : 0);
    }

    private static Load load(int whoFloods, int end) {
      return whoFloods > 1 ? Load.ORDINARY : whoFloods == end ? Load.FLOODS : Load.STALLS;
    }
  }

  /** What came of a plan over one way. */
  private static final class Outcome {
    final Plan plan;
    volatile @Nullable Seen client;
    volatile @Nullable Seen server;

    Outcome(Plan plan) {
      this.plan = plan;
    }

    boolean over() {
      Script script = plan.client;
      return client != null && (server != null || script.resets);
    }
  }

  /** What one end saw. */
  private record Seen(long received, End end) {}

  /**
   * One way from client to coordinator: its port, and the outcomes of the sessions that took it.
   */
  private static final class Way {
    final Map<Integer, Outcome> outcomes = new ConcurrentHashMap<>();
    final Peers peers;
    final boolean greets;
    final int port;

    Way(Peers peers, int receiveBytes, boolean greets) throws IOException {
      this.peers = peers;
      this.greets = greets;
      port = peers.listen(receiveBytes, () -> new ScriptedPeer(this, null));
    }

    void start(int toPort, List<Plan> plans) {
      for (Plan plan : plans) {
        Outcome outcome = new Outcome(plan);
        outcomes.put(plan.number, outcome);
        peers.connect(toPort, plan.bufferBytes, new ScriptedPeer(this, outcome));
      }
    }

    void awaitAll() {
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> {
            peers.check();
            return outcomes.values().stream().allMatch(Outcome::over) && peers.open() == 0;
          });
    }
  }

  /** One end, which follows its script. The coordinator's learns from the header which it is. */
  private static final class ScriptedPeer extends Peers.Peer {
    private final Way way;
    private final boolean isClient;
    private @Nullable Outcome outcome;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    private int action;
    private int left;
    private long sent;
    private long received;
    private boolean finished;
    private boolean inputEnded;

    ScriptedPeer(Way way, @Nullable Outcome outcome) {
      this.way = way;
      this.outcome = outcome;
      isClient = outcome != null;
    }

    @Override
    void connected() throws IOException {
      if (isClient) {
        header.putInt(plan().number).flip();
        left = HEADER_BYTES;
        proceed();
      } else if (way.greets) {
        left = GREETING_BYTES;
        send();
      }
    }

    private Plan plan() {
      Outcome mine = outcome;
      if (mine == null) {
        throw new IllegalStateException("the header has not come yet");
      }
      return mine.plan;
    }

    private Script script() {
      return isClient ? plan().client : plan().server;
    }

    /** Goes on with the script as far as it goes. */
    private void proceed() throws IOException {
      while (channel().isOpen()) {
        if (left > 0 && !send()) {
          return;
        }
        if (action == script().actions.size()) {
          return;
        }
        Action next = script().actions.get(action++);
        switch (next.kind) {
          case SEND -> left = next.amount;
          case DEAFEN -> {
            interest(SelectionKey.OP_READ, false);
            after(micros(next), () -> interest(SelectionKey.OP_READ, !inputEnded));
          }
          case PAUSE -> {
            after(micros(next), this::proceed);
            return;
          }
          case FINISH -> {
            finished = true;
            channel().shutdownOutput();
            endIfOver();
          }
          case RESET -> {
            reset();
            over(End.OWN_RST);
          }
        }
      }
    }

    private static long micros(Action action) {
      return TimeUnit.MICROSECONDS.toNanos(action.amount);
    }

    /** Sends what is left of an action; false if not all of it fitted. */
    private boolean send() throws IOException {
      while (left > 0) {
        ByteBuffer chunk = peers().buffer.clear();
        while (chunk.hasRemaining() && chunk.position() < left) {
          put(chunk, sent + chunk.position());
        }
        chunk.limit(Math.min(chunk.position(), left)).position(0);
        int count = channel().write(chunk);
        sent += count;
        left -= count;
        if (chunk.hasRemaining()) {
          interest(SelectionKey.OP_WRITE, true);
          return false;
        }
      }
      interest(SelectionKey.OP_WRITE, false);
      return true;
    }

    /** Puts some of this end's stream, from a place in it on. */
    private void put(ByteBuffer to, long at) {
      int first = isClient ? HEADER_BYTES : GREETING_BYTES;
      if (at < first) {
        to.put(isClient ? header.get((int) at) : (byte) at);
      } else {
        int from = place(at, isClient, plan().number);
        to.put(DATA, from, Math.min(DATA.length - from, to.remaining()));
      }
    }

    /** Returns where in the data a stream is at one of its places. */
    private static int place(long at, boolean ofClient, int number) {
      return (int) ((at + number * 7_919L + (ofClient ? 0 : 500_009)) % DATA.length);
    }

    @Override
    void readable() throws IOException {
      ByteBuffer into = peers().buffer.clear();
      int count = channel().read(into);
      if (count < 0) {
        inputEnded = true;
        interest(SelectionKey.OP_READ, false);
        endIfOver();
        return;
      }
      into.flip();
      if (isClient) {
        check(into);
      } else {
        boolean waits = header.hasRemaining();
        while (header.hasRemaining() && into.hasRemaining()) {
          header.put(into.get());
          received++;
        }
        if (header.hasRemaining()) {
          return;
        }
        if (waits) {
          outcome = way.outcomes.get(header.getInt(0));
        }
        check(into);
        if (waits) {
          left += way.greets ? 0 : GREETING_BYTES;
          proceed();
        }
      }
    }

    /** Checks that bytes are the next ones of the other end's stream. */
    private void check(ByteBuffer bytes) {
      while (bytes.hasRemaining()) {
        if (isClient && received < GREETING_BYTES) {
          mismatch(bytes.get() != (byte) received);
          received++;
        } else {
          int from = place(received, !isClient, plan().number);
          int count = Math.min(DATA.length - from, bytes.remaining());
          ByteBuffer expected = ByteBuffer.wrap(DATA, from, count);
          mismatch(bytes.slice(bytes.position(), count).mismatch(expected) >= 0);
          bytes.position(bytes.position() + count);
          received += count;
        }
      }
    }

    private void mismatch(boolean found) {
      if (found) {
        throw new AssertionError(
            (isClient ? "client" : "coordinator")
                + " got a wrong byte near "
                + received
                + " in "
                + plan());
      }
    }

    @Override
    void writable() throws IOException {
      if (outcome == null) {
        send();
      } else {
        proceed();
      }
    }

    private void endIfOver() {
      boolean stillToDo = outcome == null || !finished || action < script().actions.size();
      if (outcome == null && inputEnded) {
        close();
      } else if (inputEnded && !stillToDo) {
        close();
        over(End.FIN);
      }
    }

    @Override
    void failed(IOException cause) {
      over(End.RST);
    }

    private void over(End end) {
      Outcome mine = outcome;
      if (mine != null) {
        Seen seen = new Seen(received, end);
        if (isClient) {
          mine.client = seen;
        } else {
          mine.server = seen;
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "epoll, on-accept",
    "epoll, on-first-bytes",
    "fickle, on-accept",
    "fickle, on-first-bytes",
    "channel, on-accept",
    "channel, on-first-bytes"
  })
  void whatPassesIsWhatWouldPassDirectly(String wire, String dial) throws Exception {
    System.out.printf("RandomRelayTest %s %s: -Drelay.seed=%d%n", wire, dial, SEED);
    SplittableRandom random = new SplittableRandom(SEED);
    Wires wires =
        switch (wire) {
          case "epoll" -> new EpollWires();
          case "fickle" -> new FickleWires();
          default -> new ChannelWires();
        };
    long spliced = 0;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MILLIS);
    do {
      spliced += round(wires, dial, random.nextInt(), random.nextBoolean());
    } while (deadline - System.nanoTime() > 0);
    if (wire.equals("fickle")) {
      assertThat(spliced).isPositive();
    }
  }

  /** The epoll wire, going over to splicing and back after any move. */
  private static final class FickleWires extends EpollWires {
    @Override
    public EpollPipes pipes(int most, LongAdder splicedBytes, Ticker ticker) {
      SplittableRandom random = new SplittableRandom(SEED);
      return new EpollPipes(most, splicedBytes, ticker) {
        @Override
        int next(int bulk, int movedBytes) {
          return random.nextBoolean() ? 0 : Integer.MAX_VALUE;
        }
      };
    }
  }

  /** Returns how many bytes were spliced. */
  private static long round(Wires wires, String dial, int roundSeed, boolean tight)
      throws Exception {
    List<Plan> plans = new ArrayList<>();
    for (int i = 0; i < SESSIONS_A_ROUND; i++) {
      plans.add(Plan.random(i, roundSeed * 1_000L + i));
    }
    String limit = "buffer-limit = " + (tight ? "1MiB" : "256MiB") + "\n";
    boolean greets = dial.equals("on-accept");
    try (Peers peers = new Peers()) {
      Way direct = new Way(peers, tight ? 65_536 : 0, greets);
      direct.start(direct.port, plans);
      direct.awaitAll();
      Way balanced = new Way(peers, tight ? 65_536 : 0, greets);
      long spliced;
      try (BalancerRig rig =
          BalancerRig.start(
              wires, limit + coordinators("", balanced.port) + listener("dial = " + dial))) {
        balanced.start(rig.port(), plans);
        balanced.awaitAll();
        rig.awaitSessions(0);
        assertThat(rig.ended).hasSize(plans.size());
        spliced = rig.balancer.splicedBytes();
      }
      for (Plan plan : plans) {
        Outcome expected = outcome(direct, plan);
        Outcome actual = outcome(balanced, plan);
        String what = plan + " round " + roundSeed + " seed " + SEED;
        assertSame(what, plan, expected.client, actual.client, plan.client, plan.server);
        assertSame(what, plan, expected.server, actual.server, plan.server, plan.client);
      }
      return spliced;
    }
  }

  private static Outcome outcome(Way way, Plan plan) {
    Outcome found = way.outcomes.get(plan.number);
    assertThat(found).isNotNull();
    return found;
  }

  /** Asserts that one end saw through the balancer what it would have seen directly. */
  private static void assertSame(
      String what,
      Plan plan,
      @Nullable Seen direct,
      @Nullable Seen balanced,
      Script own,
      Script other) {
    if (!own.resets && !other.resets) {
      assertThat(direct).as(what).isEqualTo(new Seen(other.bytes, End.FIN));
      assertThat(balanced).as(what).isEqualTo(direct);
    } else if (own.resets) {
      assertThat(balanced).as(what).isNotNull();
      assertThat(balanced.end).as(what).isEqualTo(End.OWN_RST);
      assertThat(balanced.received).as(what).isLessThanOrEqualTo(other.bytes);
    } else if (balanced == null) {
      // Broken off by the client before its header was through.
      assertThat(plan.client.resets).as(what).isTrue();
    } else {
      assertThat(balanced.received).as(what).isLessThanOrEqualTo(other.bytes);
      if (balanced.end == End.FIN) {
        assertThat(other.halfClosesFirst).as(what).isTrue();
        assertThat(balanced.received).as(what).isEqualTo(other.bytes);
      }
    }
  }
}
