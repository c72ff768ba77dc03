package io.impalabalancer.core;

import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Protocol;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Where clients arrive: its addresses, its pool and its algorithm, and what its sessions add up to.
 * An identity apart from its configuration record, which a reload replaces; a session goes on under
 * the record that it was accepted under. Any thread may read it.
 */
public final class Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  private final String name;
  private final Balancer balancer;
  private final Map<Coordinator, SessionCounters> counters = new ConcurrentHashMap<>();
  private final Places places;
  private final PeakCounter sessions = new PeakCounter();
  private final PeakCounter queued = new PeakCounter();

  /** Those that wait and those that hold a slot. */
  private final PeakCounter busy = new PeakCounter();

  private final LongAdder accepted = new LongAdder();
  private final LastChoices lastChoices;
  private final Acceptors acceptors = new Acceptors(this);

  private volatile ListenerConfig config;
  private volatile Pool pool;
  private volatile Balance balance;
  private volatile boolean leaving;

  private volatile double topSourceShare;

  /** Whether its clients go to coordinators whose verdicts say no, as last told. */
  private boolean overruled;

  Listener(ListenerConfig config, Pool pool, Balancer balancer) {
    name = config.name();
    this.config = config;
    places = new Places(config.maxconn());
    this.pool = pool;
    this.balancer = balancer;
    balance = Balance.of(config.balance(), config.balancers());
    lastChoices = new LastChoices(balancer.ticker().nanoTime());
  }

  /** Returns its name, unique among the listeners. */
  public String name() {
    return name;
  }

  /** Returns its configuration. */
  public ListenerConfig config() {
    return config;
  }

  /** Takes another configuration record and pool; it is not leaving any more. */
  void setConfig(ListenerConfig next, Pool nextPool) {
    if (next.balance() != config.balance() || next.balancers() != config.balancers()) {
      balance = Balance.of(next.balance(), next.balancers());
    }
    if (next.maxconn() != config.maxconn()) {
      places.setLimit(next.maxconn());
    }
    pool = nextPool;
    config = next;
    leaving = false;
  }

  /** Returns whether it was taken out of the configuration and lives until its sessions end. */
  public boolean leaving() {
    return leaving;
  }

  /** Returns the pool that serves it. */
  public Pool pool() {
    return pool;
  }

  /** Returns the addresses that it is bound to now, with the ports that the kernel chose. */
  public List<InetSocketAddress> addresses() {
    return acceptors.addresses();
  }

  /** Returns the sessions now, from accept to end. */
  public int sessions() {
    return sessions.get();
  }

  /** Returns the most sessions that there were at once, since {@link #clearMax}. */
  public int sessionsMax() {
    return sessions.max();
  }

  /** Returns the sessions that wait for a free slot now. */
  public int queued() {
    return queued.get();
  }

  /** Returns the most sessions that waited at once, since {@link #clearMax}. */
  public int queuedMax() {
    return queued.max();
  }

  /** Returns the sessions that wait for a slot or hold one now. */
  public int busy() {
    return busy.get();
  }

  /** Returns the most of those that there were at once, since {@link #clearMax}. */
  public int busyMax() {
    return busy.max();
  }

  /** Begins anew with the most sessions, the most that waited and the most that were busy. */
  public void clearMax() {
    sessions.clearMax();
    queued.clearMax();
    busy.clearMax();
    counters.values().forEach(SessionCounters::clearMax);
  }

  /** Returns the most sessions at once. */
  public int maxconn() {
    return places.limit();
  }

  /**
   * Sets the most sessions at once; running ones above it live on.
   *
   * @param reason who and why, for people
   */
  public synchronized void setMaxconn(int to, String reason) {
    LOG.info(
        "event=listener-maxconn listener={} from={} to={} reason=\"{}\"",
        name(),
        maxconn(),
        to,
        reason);
    places.setLimit(to);
    balancer.admission().resumeAcceptors();
  }

  /** Returns the sessions accepted, ever. */
  public long accepted() {
    return accepted.sum();
  }

  /**
   * Returns the share of the sessions that one client address has, 0 to 1: at the last {@link
   * SourceWatch#sample}, 0 if there were few sessions or it does not balance by source.
   */
  public double topSourceShare() {
    return topSourceShare;
  }

  void setTopSourceShare(double share) {
    topSourceShare = share;
  }

  /** Returns whether a member of its pool is usable now. */
  public boolean available() {
    return !pool.serving(protocol()).isEmpty();
  }

  /** Returns what its sessions on a coordinator add up to. */
  public SessionCounters counters(Coordinator coordinator) {
    SessionCounters known = counters.get(coordinator);
    // Only getting takes no lock.
    return known == null
        ? counters.computeIfAbsent(coordinator, c -> new SessionCounters())
        : known;
  }

  /** Forgets what its sessions on coordinators that have left added up to. */
  void retain(Collection<Coordinator> coordinators) {
    counters.keySet().retainAll(coordinators);
  }

  /** Returns the sessions that hold a slot of some coordinator now. */
  int assignedSessions() {
    return busy.get() - queued.get();
  }

  private Protocol protocol() {
    return config.protocol();
  }

  Balancer balancer() {
    return balancer;
  }

  /**
   * Chooses a coordinator and takes a slot; {@link Assignment#FULL} while others wait. Any loop.
   */
  Assignment assign(Connector connector) {
    return balancer.queue().isEmpty() ? choose(connector) : Assignment.FULL;
  }

  /** Chooses for whoever is next: as {@link #assign}, without regard to those who wait. */
  Assignment choose(Connector connector) {
    Pool from = pool;
    Protocol protocol = connector.protocol();
    if (!lastChoices.due(connector.startedNanos())) {
      return from.assign(protocol, balance, connector);
    }
    RecordedChoice.Recorder recorder =
        new RecordedChoice.Recorder(balance, from.members(), protocol, connector.client());
    Assignment assignment = from.assign(protocol, recorder, connector);
    RecordedChoice choice = recorder.last();
    if (choice != null && assignment.kind() == Assignment.Kind.ASSIGNED) {
      lastChoices.add(choice);
    }
    return assignment;
  }

  /** Returns its last choices with what decided them, the newest first; not all if many. */
  public List<RecordedChoice> lastChoices() {
    return lastChoices.newestFirst();
  }

  void joinedQueue() {
    queued.enter();
    busy.enter();
  }

  void leftQueue() {
    queued.leave();
    busy.leave();
  }

  void slotTaken() {
    busy.enter();
  }

  void slotGivenBack() {
    busy.leave();
  }

  Acceptors acceptors() {
    return acceptors;
  }

  /** Returns whether people let it accept. */
  public boolean enabled() {
    return acceptors.enabled();
  }

  /**
   * Gives up its addresses until {@link #enable}; running sessions live on.
   *
   * @param reason who and why, for people
   */
  public void disable(String reason) {
    acceptors.disable();
    LOG.info("event=listener-disabled listener={} reason=\"{}\"", name(), reason);
  }

  /**
   * Accepts again after {@link #disable}.
   *
   * @param reason who and why, for people
   * @throws BindException for the first address that cannot be bound; it stays disabled then
   */
  public void enable(String reason) throws BindException {
    acceptors.enable();
    LOG.info("event=listener-enabled listener={} reason=\"{}\"", name(), reason);
  }

  /** Gets no clients any more, and lives until its sessions end; its addresses are not closed. */
  void leave() {
    acceptors.leave();
    leaving = true;
  }

  /** Returns whether its clients go to coordinators whose verdicts say no: nobody is better. */
  public boolean overruled() {
    return pool.serving(protocol()).overruled();
  }

  private synchronized void tellOverruled() {
    Serving serving = pool.serving(protocol());
    if (serving.overruled() != overruled) {
      overruled = serving.overruled();
      String reason = overruled ? serving.verdicts(protocol()) : "";
      LOG.atLevel(overruled ? Level.WARN : Level.INFO)
          .log(
              "event=verdicts-overruled listener={} overruled={} reason=\"{}\"",
              name(),
              overruled,
              reason);
      balancer.events().verdictsOverruled(this, overruled, reason);
    }
  }

  /** Who is usable has changed. */
  void availabilityChanged() {
    tellOverruled();
    acceptors.availabilityChanged();
  }

  /** Takes a place for a client that is about to be accepted; false above a limit. Any loop. */
  boolean admit() {
    if (!places.take()) {
      return false;
    }
    if (!balancer.admission().places().take()) {
      places.giveBack();
      return false;
    }
    return true;
  }

  /** Gives the place back of a client that was not there to be accepted. Any loop. */
  void dismiss() {
    places.giveBack();
    Admission admission = balancer.admission();
    admission.places().giveBack();
    admission.resumeAcceptors();
  }

  /** An acceptor was refused. It is resumed when there is room. On its loop. */
  void waitForRoom(Acceptor acceptor) {
    Admission admission = balancer.admission();
    admission.addWaiting(acceptor);
    if (places.anyFree() && admission.places().anyFree()) {
      admission.resumeAcceptors();
    }
  }

  /**
   * Takes a client that was accepted, after {@link #admit}: its session is to be started. On the
   * acceptor's loop.
   */
  Session accepted(InetSocketAddress client) {
    accepted.increment();
    sessions.enter();
    Admission admission = balancer.admission();
    admission.came();
    balancer.shortage().acceptedOne();
    if (admission.places().nearlyAllTaken()) {
      balancer.loops().evictSilent(null);
    } else if (places.nearlyAllTaken()) {
      balancer.loops().evictSilent(this);
    }
    return new Session(this, balancer.loops().next(), client);
  }

  /** A session of it has ended, and its place is free. On the session's loop. */
  void ended() {
    sessions.leave();
    balancer.admission().went();
    dismiss();
    if (leaving && sessions.get() == 0) {
      balancer.tidySoon();
    }
  }
}
