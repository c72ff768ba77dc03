package io.impalabalancer.core;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.Protocol;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A balancer under test with everything around it: opened with all coordinators UP, its ended
 * sessions kept, and on close proven to have left nothing behind.
 */
final class BalancerRig implements AutoCloseable {
  static final Duration SOON = Duration.ofSeconds(10);

  final Balancer balancer;
  final List<SessionView> ended = new CopyOnWriteArrayList<>();
  final Map<Termination, AtomicInteger> terminations = new ConcurrentHashMap<>();
  final List<CoordinatorEvent> events = new CopyOnWriteArrayList<>();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final @Nullable MockTicker clock;
  private boolean errorsExpected;
  private volatile boolean endedKept = true;

  private BalancerRig(Balancer balancer, @Nullable MockTicker clock) {
    this.balancer = balancer;
    this.clock = clock;
    balancer.addListener(
        new BalancerListener() {
          @Override
          public void sessionEnded(SessionView session) {
            if (endedKept) {
              ended.add(session);
            }
            terminations
                .computeIfAbsent(session.termination(), t -> new AtomicInteger())
                .incrementAndGet();
          }

          @Override
          public void coordinatorChanged(CoordinatorEvent event) {
            events.add(event);
          }
        });
    log.start();
    rootLogger().addAppender(log);
  }

  /** Starts with a configuration; what it does not say of wire and stats is added. */
  static BalancerRig start(String wire, String hocon) throws IOException {
    return make(wire, hocon, null).open();
  }

  /** As {@link #start(String, String)}, with wires of the caller's. */
  static BalancerRig start(Wires wires, String hocon) throws IOException {
    return make(wires, config("auto", hocon), null).open();
  }

  /** As {@link #startFrozen(String, String)}, with wires of the caller's. */
  static BalancerRig startFrozen(Wires wires, String hocon) throws IOException {
    return make(wires, config("auto", hocon), Ticker.newMockTicker()).open();
  }

  /** As {@link #start}, with a clock that moves only by {@link #advance}. */
  static BalancerRig startFrozen(String wire, String hocon) throws IOException {
    return make(wire, hocon, Ticker.newMockTicker()).open();
  }

  /** As {@link #start}, with the coordinators CHECKING and nothing bound yet. */
  static BalancerRig make(String wire, String hocon, @Nullable MockTicker clock) {
    BalancerConfig config = config(wire, hocon);
    return make(Wires.of(config.wire()), config, clock);
  }

  private static BalancerRig make(Wires wires, BalancerConfig config, @Nullable MockTicker clock) {
    return new BalancerRig(
        new Balancer(
            config,
            clock == null ? Ticker.systemTicker() : clock,
            InetAddress::getAllByName,
            wires),
        clock);
  }

  static BalancerConfig config(String wire, String hocon) {
    String text =
        "impala-balancer { wire = " + wire + ", stats.bind = none, threads = 2\n" + hocon + "\n}";
    try {
      return ConfigLoader.parse("test.conf", text).config();
    } catch (ConfigException e) {
      throw new AssertionError(e.problems().toString(), e);
    }
  }

  /** Marks all coordinators UP and opens the listeners. */
  BalancerRig open() throws IOException {
    balancer.coordinators().forEach(c -> c.setStatus(Coordinator.Status.UP, "test"));
    balancer.open();
    return this;
  }

  /** Goes over to another configuration, and marks UP who is CHECKING then. */
  void reload(String hocon) throws BindException {
    balancer.reload(config(balancer.wire(), hocon));
    balancer.coordinators().stream()
        .filter(c -> c.status() == Coordinator.Status.CHECKING)
        .forEach(c -> c.setStatus(Coordinator.Status.UP, "test"));
  }

  /** Lets time pass; only for {@link #startFrozen}. */
  void advance(Duration time) {
    if (clock == null) {
      throw new IllegalStateException("the clock is the system's");
    }
    clock.advance(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Returns HOCON for coordinators named c1, c2 ... that serve {@code tcp} and HiveServer2. */
  static String coordinators(String settings, int... ports) {
    StringBuilder text = new StringBuilder("coordinators = [");
    for (int i = 0; i < ports.length; i++) {
      text.append("{ name = c")
          .append(i + 1)
          .append(
              ", host = 127.0.0.1, ports { beeswax = none, hiveserver2-http = none, web = none,")
          .append(" hiveserver2 = none, tcp = ")
          .append(ports[i])
          .append(" }, ")
          .append(settings)
          .append(" }\n");
    }
    return text.append("]\n").toString();
  }

  /** Returns HOCON for one listener named l. */
  static String listener(String settings) {
    return "listeners = [{ name = l, bind = \"127.0.0.1:0\", protocol = tcp, " + settings + " }]\n";
  }

  int port() {
    return balancer.listeners().get(0).addresses().get(0).getPort();
  }

  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout((int) SOON.toMillis());
    socket.setTcpNoDelay(true);
    return socket;
  }

  Coordinator coordinator(int index) {
    return balancer.coordinators().get(index);
  }

  SessionCounters counters(int index) {
    return balancer.listeners().get(0).counters(coordinator(index));
  }

  /** Waits without a pause before the first look: most of what is waited for is there by then. */
  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(SOON)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10));
  }

  /** Waits for a number of sessions to have ended, and returns the last. */
  SessionView awaitEnded(int count) {
    await().until(() -> ended.size() >= count);
    return ended.get(ended.size() - 1);
  }

  void awaitSessions(int count) {
    await().until(() -> balancer.sessions() == count);
  }

  /** Keeps no ended session from now on, only how they ended: there will be very many. */
  void keepOnlyTerminations() {
    endedKept = false;
  }

  void expectErrors() {
    errorsExpected = true;
  }

  /** Returns the log lines that contain a text. */
  List<String> log(String text) {
    return List.copyOf(log.list).stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.contains(text))
        .toList();
  }

  /**
   * Ends the balancer and proves that no session, slot, timer, buffer or error line is left, that
   * no buffer was leaked, and that nothing of ours was thrown at Netty.
   */
  @Override
  public void close() {
    balancer.closeSessions(Termination.SHUTDOWN);
    await()
        .until(() -> {
          if (clock != null) {
            advance(Duration.ofSeconds(3));
          }
          return balancer.sessions() == 0;
        });
    await().untilAsserted(this::assertNothingLeft);
    balancer.close();
    letLeaksBeReported();
    rootLogger().detachAppender(log);
    assertThat(log("LEAK: ")).as("leaked buffers").isEmpty();
    assertThat(List.copyOf(log.list))
        .as("what Netty complains of")
        .filteredOn(e -> e.getLoggerName().startsWith("io.netty."))
        .isEmpty();
    if (!errorsExpected) {
      assertThat(List.copyOf(log.list))
          .filteredOn(e -> e.getLevel().isGreaterOrEqual(Level.ERROR))
          .isEmpty();
    }
    assertThat(terminations).doesNotContainKey(Termination.INTERNAL);
  }

  /**
   * Netty reports a leaked buffer at the first allocation after the collector has queued it. The
   * second collection begins when all that the first has found is queued.
   */
  private static void letLeaksBeReported() {
    for (int i = 0; i < 2; i++) {
      ReferenceQueue<Object> queue = new ReferenceQueue<>();
      WeakReference<Object> canary = new WeakReference<>(new Object(), queue);
      System.gc();
      try {
        assertThat(queue.remove(SOON.toMillis())).isSameAs(canary);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    ByteBufAllocator.DEFAULT.directBuffer(1).release();
  }

  void assertNothingLeft() {
    assertThat(balancer.heldBytes()).as("held bytes").isZero();
    assertThat(balancer.loops().timers()).as("timers").isZero();
    assertThat(balancer.loops().pipesInUse()).as("pipes in use").isZero();
    balancer.coordinators().forEach(c -> assertThat(c.sessions()).as(c.name()).isZero());
    for (Listener listener : balancer.listeners()) {
      assertThat(listener.sessions()).as(listener.name()).isZero();
      assertThat(listener.queued()).as(listener.name()).isZero();
      listener
          .pool()
          .members()
          .forEach(m -> assertThat(listener.counters(m.coordinator()).sessions()).isZero());
    }
    assertThat(balancer.queue().isEmpty()).isTrue();
  }

  private static Logger rootLogger() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  /** Returns whether a protocol of a coordinator is open. */
  boolean open(int index) {
    return coordinator(index).isOpen(Protocol.TCP);
  }
}
