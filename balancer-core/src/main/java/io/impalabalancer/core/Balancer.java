package io.impalabalancer.core;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.CoordinatorConfig;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The relay as a whole: built from a configuration, then opened, then closed. Any thread but an
 * event loop of the relay may call it.
 *
 * <p>Order of use: make it, {@link #addListener} whoever wants events, let health start its checks,
 * {@link #open}. To end: {@link #stopAccepting}, wait for {@link #sessions} to become 0, {@link
 * #closeSessions(Termination)}, {@link #close}.
 */
public final class Balancer implements AutoCloseable {
  /** What the names of the event loops' threads begin with. */
  public static final String THREAD_NAME = "relay";

  private static final Logger LOG = LoggerFactory.getLogger(Balancer.class);

  private final Ticker ticker;
  private final Wires wires;
  private final Loops loops;
  private final AtomicLong sessionIds = new AtomicLong();
  private final EventSender events = new EventSender();
  private final HeldBytes held;
  private final LongAdder splicedBytes = new LongAdder();
  private final Admission admission;
  private final Shortage shortage;
  private final WaitQueue queue = new WaitQueue();
  private final Coordinator.Observer changes = new Changes();
  private final Resolver resolver;
  private volatile Parts parts;
  private volatile boolean accepting;
  private volatile Map<BindAddress, Integer> inherited = Map.of();

  /** Makes a balancer that is not open: its host names are being looked up, nothing is bound. */
  public Balancer(BalancerConfig config) {
    this(config, Ticker.systemTicker(), InetAddress::getAllByName, Wires.of(config.wire()));
  }

  /** Makes one with a clock, name service and wires of the caller's. */
  Balancer(BalancerConfig config, Ticker ticker, Resolver.Lookup lookup, Wires wires) {
    this.ticker = ticker;
    this.wires = wires;
    held = new HeldBytes(config.bufferLimit());
    admission = new Admission(config.maxconn());
    shortage = new Shortage(ticker);
    int threads = config.threads() > 0 ? config.threads() : cores();
    loops = new Loops(threads, wires, config.maxpipes(), held, splicedBytes, ticker);
    LOG.info("event=wire wire={} threads={}", wires.word(), threads);
    resolver = new Resolver(config.resolve(), lookup);
    parts = new Parts(config, Map.of(), Map.of(), Map.of());
    new Reload(this, parts, config).apply();
  }

  private static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  /** What follows when a coordinator changes: who serves, who waits, which addresses are bound. */
  private final class Changes implements Coordinator.Observer {
    @Override
    public void stateChanged(CoordinatorEvent event) {
      choiceChanged(event.coordinator());
      LOG.atLevel(event.bad() ? Level.WARN : Level.INFO)
          .log(
              "event=coordinator-{} coordinator={}{} from={} to={} held={}s reason=\"{}\"",
              event.axis().name().toLowerCase(Locale.ROOT),
              event.coordinator(),
              subject(event),
              event.from(),
              event.to(),
              event.held().toSeconds(),
              event.reason());
      events.coordinatorChanged(event);
    }

    private static String subject(CoordinatorEvent event) {
      return switch (event.axis()) {
        case PORT -> " protocol=" + event.subject();
        case WEIGHT -> " pool=" + event.subject();
        case VERDICT -> event.subject().isEmpty() ? "" : " protocol=" + event.subject();
        case STATUS, ADMIN -> "";
      };
    }

    @Override
    public void choiceChanged(Coordinator coordinator) {
      Parts now = parts;
      for (Pool pool : now.poolsInUse()) {
        if (pool.contains(coordinator)) {
          pool.refresh();
        }
      }
      queue.serve();
      now.listeners().values().forEach(Listener::availabilityChanged);
    }

    @Override
    public void roomGrew() {
      queue.serveIfAnyWaits();
    }

    @Override
    public void emptied(Coordinator coordinator) {
      tidySoon();
    }
  }

  /** Adds someone to be told of events. */
  public void addListener(BalancerListener listener) {
    events.add(listener);
  }

  /** Has one be told of events in the place of another; null stands for nobody. */
  public void replaceListener(@Nullable BalancerListener before, @Nullable BalancerListener after) {
    events.replace(before, after);
  }

  /** Returns where events are told; health tells its checks there. */
  public BalancerListener events() {
    return events;
  }

  /** Returns the configuration in force. */
  public BalancerConfig config() {
    return parts.config();
  }

  /** Returns the clock of all deadlines. */
  public Ticker ticker() {
    return ticker;
  }

  /** Returns the coordinators in the order declared, then those that are leaving. */
  public List<Coordinator> coordinators() {
    return List.copyOf(parts.coordinators().values());
  }

  /** Returns the pools in the order declared. */
  public List<Pool> pools() {
    return List.copyOf(parts.pools().values());
  }

  /** Returns the listeners in the order declared, then those that are leaving. */
  public List<Listener> listeners() {
    return List.copyOf(parts.listeners().values());
  }

  Coordinator makeCoordinator(CoordinatorConfig config) {
    return new Coordinator(config, ticker, changes);
  }

  /**
   * Goes over to another configuration. What has the same name there stays the same: its sessions,
   * counters, states and sockets; sessions go on under the settings that they were accepted under.
   * A listener that is removed gives up its addresses, a coordinator that is removed gets no new
   * sessions, and both leave when their last session has ended. {@code threads} and {@code wire}
   * stay what they were at the start.
   *
   * @throws BindException for the first new address that cannot be bound; nothing has changed then
   */
  public synchronized void reload(BalancerConfig config) throws BindException {
    Reload reload = new Reload(this, parts, config);
    if (accepting) {
      reload.bind();
    }
    reload.apply();
  }

  /** Takes the parts of the next configuration, when all are set up. */
  void goOver(Parts next, List<Coordinator> toLookUp, List<Coordinator> leaving) {
    int maxconnBefore = parts.config().maxconn();
    parts = next;
    held.setLimit(next.config().bufferLimit());
    if (next.config().maxconn() != maxconnBefore) {
      admission.setMaxconn(next.config().maxconn());
    }
    loops.setMaxpipes(next.config().maxpipes());
    resolver.setConfig(next.config().resolve());
    leaving.forEach(resolver::stop);
    resolver.start(toLookUp);
    next.poolsInUse().forEach(Pool::refresh);
    queue.serve();
    for (Listener listener : next.listeners().values()) {
      listener.availabilityChanged();
      listener.acceptors().release();
    }
    tidy();
  }

  /** Lets go of what was removed and has no session any more, on a thread that may block. */
  void tidySoon() {
    GlobalEventExecutor.INSTANCE.execute(this::tidy);
  }

  private synchronized void tidy() {
    Parts before = parts;
    Parts after = before.withoutGone();
    for (Coordinator coordinator : before.coordinators().values()) {
      if (!after.coordinators().containsValue(coordinator)) {
        LOG.info("event=coordinator-removed coordinator={}", coordinator);
      }
    }
    for (Listener listener : before.listeners().values()) {
      if (!after.listeners().containsValue(listener)) {
        LOG.info("event=listener-removed listener={}", listener.name());
        queue.forget(listener);
      }
    }
    parts = after;
    after.closeUnused(before.poolsInUse());
    after.listeners().values().forEach(l -> l.retain(after.coordinators().values()));
    events.partsChanged();
  }

  /** Looks a coordinator's host up again soon, because it seems to be gone. Any thread. */
  public void resolveSoon(Coordinator coordinator) {
    resolver.soon(coordinator);
  }

  /**
   * Binds the addresses of all listeners and accepts.
   *
   * @throws BindException for the first address that cannot be bound; nothing stays bound then
   */
  public synchronized void open() throws BindException {
    open(Map.of());
  }

  /**
   * As {@link #open()}, with listening sockets that another process has bound.
   *
   * @param inherited their descriptors; those that no listener wants are left in it
   */
  public synchronized void open(Map<BindAddress, Integer> inherited) throws BindException {
    this.inherited = inherited;
    try {
      for (Listener listener : listeners()) {
        listener.acceptors().open();
      }
    } catch (BindException e) {
      listeners().forEach(listener -> listener.acceptors().close());
      throw e;
    }
    accepting = true;
  }

  /** Returns the descriptor of a socket for an address, once, null if there is none. */
  @Nullable Integer takeInherited(BindAddress address) {
    return inherited.isEmpty() ? null : inherited.remove(address);
  }

  /**
   * Returns the descriptors of all listening sockets, for another process to take them over; they
   * stay this one's. They are -1 on a wire that cannot give them away.
   */
  public Map<BindAddress, Integer> descriptors() {
    Map<BindAddress, Integer> all = new LinkedHashMap<>();
    listeners().forEach(listener -> all.putAll(listener.acceptors().descriptors()));
    return all;
  }

  /** Returns whether its listeners are open: it has begun, and no end or upgrade has. */
  boolean accepting() {
    return accepting;
  }

  /** Returns whether it accepts, and every listener has a usable member. */
  public boolean ready() {
    return accepting && listeners().stream().allMatch(l -> l.leaving() || l.available());
  }

  /** Gives up the addresses of all listeners; running sessions live on. */
  public synchronized void stopAccepting() {
    accepting = false;
    listeners().forEach(listener -> listener.acceptors().close());
  }

  /** Returns the sessions now, of all listeners. */
  public int sessions() {
    return admission.sessions();
  }

  /** Returns how many event loops relay. */
  public int threads() {
    return loops.size();
  }

  /** Returns the most sessions at once, of all listeners. */
  public int maxconn() {
    return admission.places().limit();
  }

  /**
   * Sets the most sessions at once; running ones above it live on.
   *
   * @param reason who and why, for people
   */
  public void setMaxconn(int to, String reason) {
    LOG.info("event=maxconn from={} to={} reason=\"{}\"", maxconn(), to, reason);
    admission.setMaxconn(to);
  }

  /**
   * Returns the living sessions, the oldest first. Each loop tells of its own, a few at a time, so
   * that none is held up; a session that ends meanwhile may be missing.
   */
  public CompletionStage<List<SessionSnapshot>> snapshot() {
    return loops.snapshot();
  }

  /**
   * Ends every session. Returns at once: the answer, how many, comes when each was told; {@link
   * #sessions} tells when they are gone.
   */
  public CompletionStage<Integer> closeSessions(Termination termination) {
    return loops.closeSessions(session -> true, termination);
  }

  /** Ends every session of one coordinator, as {@link #closeSessions(Termination)}. */
  public CompletionStage<Integer> closeSessions(Coordinator coordinator, Termination termination) {
    return loops.closeSessions(session -> session.isOn(coordinator), termination);
  }

  /** Ends every session of one listener on one coordinator, as the others. */
  public CompletionStage<Integer> closeSessions(
      Listener listener, Coordinator coordinator, Termination termination) {
    return loops.closeSessions(
        session -> session.listener() == listener && session.isOn(coordinator), termination);
  }

  /** Ends the session with an id; the answer is 0 if there is none. */
  public CompletionStage<Integer> closeSession(long id, Termination termination) {
    return loops.closeSessions(session -> session.id() == id, termination);
  }

  /** Returns the bytes that are held for all sessions: read, and not yet written. */
  public long heldBytes() {
    return held.get();
  }

  /** Returns the bytes that the kernel has moved from socket to socket, ever. */
  public long splicedBytes() {
    return splicedBytes.sum();
  }

  /**
   * Returns how late the event loops are, the worst of them: at their last probe, one a second, or
   * with the one that is due.
   */
  public long loopLagNanos() {
    return loops.lagNanos();
  }

  /** Returns the wire in use: {@code epoll} or {@code channel}. */
  public String wire() {
    return wires.word();
  }

  Loops loops() {
    return loops;
  }

  Wires wires() {
    return wires;
  }

  Admission admission() {
    return admission;
  }

  Shortage shortage() {
    return shortage;
  }

  WaitQueue queue() {
    return queue;
  }

  /** Returns the number of the next session. Any loop. */
  long nextSessionId() {
    return sessionIds.incrementAndGet();
  }

  /** Closes everything at once and waits for the event loops to end. */
  @Override
  public void close() {
    stopAccepting();
    loops.closeSessionsNow();
    resolver.close();
    loops.close();
  }
}
