package io.impalabalancer.core;

import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One impalad that accepts clients: an identity with state and load, apart from its configuration
 * record. It has one load over all its ports, and independent axes of state: what checks say
 * ({@link Status} of the process, and whether each port is open), what people say ({@link
 * AdminState}) and what it says of itself ({@link Verdict}).
 *
 * <p>Any thread may read and change it. Changes are made one at a time, each gives one {@link
 * CoordinatorEvent}, and setting the present state again gives none.
 */
public final class Coordinator {
  private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);

  /** What checks say of the process. */
  public enum Status {
    /** No check has ended yet; not usable. */
    CHECKING,
    /** It answers. */
    UP,
    /** It does not. */
    DOWN
  }

  /** Who is told of changes, after they were made and on the thread that made them. */
  interface Observer {
    void stateChanged(CoordinatorEvent event);

    /** What decides choices changed without a change of state: address, share or limit. */
    void choiceChanged(Coordinator coordinator);

    /** One of its ports has room for more sessions than before. */
    default void roomGrew() {}

    /** One that is leaving has no session any more. Perhaps more than once, perhaps on a loop. */
    default void emptied(Coordinator coordinator) {}
  }

  private static final String NOT_LOOKED_UP = "its host was not looked up yet";

  /** A value with why and since when it holds. */
  record Held<T>(T value, String reason, long sinceNanos) {}

  private volatile CoordinatorConfig config;
  private final Ticker ticker;
  private final Observer observer;
  private final Seats seats = new Seats();
  private final Slots slots;
  private final Load load = new Load(this, seats);

  private volatile Held<Status> status;
  private volatile Held<AdminState> admin;
  private volatile Map<Protocol, Held<Boolean>> ports;
  private volatile Held<Verdict> verdict;
  private volatile int verdictPercent = 100;
  private volatile Map<Protocol, Held<Verdict>> portVerdicts;
  private volatile Facts facts = Facts.NONE;
  private volatile int sharePercent = 100;
  private volatile @Nullable InetAddress address;
  private volatile String addressProblem = NOT_LOOKED_UP;
  private volatile boolean lookedUp;
  private volatile boolean leaving;

  /** Makes one that is CHECKING, with all its ports open and without an address. */
  Coordinator(CoordinatorConfig config, Ticker ticker, Observer observer) {
    this.config = config;
    this.ticker = ticker;
    this.observer = observer;
    slots = new Slots(config.maxconn(), ticker, seats, observer::roomGrew);
    long now = ticker.nanoTime();
    status = new Held<>(Status.CHECKING, "no check has ended yet", now);
    admin = new Held<>(config.state(), "configuration", now);
    verdict = new Held<>(Verdict.UNKNOWN, "its pages were not read yet", now);
    Map<Protocol, Held<Verdict>> verdicts = new EnumMap<>(Protocol.class);
    for (Protocol protocol : Protocol.values()) {
      verdicts.put(protocol, new Held<>(Verdict.OPEN, "", now));
    }
    portVerdicts = verdicts;
    Map<Protocol, Held<Boolean>> open = new EnumMap<>(Protocol.class);
    config.ports().keySet().forEach(p -> open.put(p, new Held<>(true, "configuration", now)));
    ports = open;
  }

  /** Returns its name, unique among the coordinators. */
  public String name() {
    return config.name();
  }

  /** Returns its configuration. */
  public CoordinatorConfig config() {
    return config;
  }

  /**
   * Takes another configuration record; what that does not change stays as it is. Another host is
   * CHECKING and without an address, a port of another number counts as open, and an administrative
   * state that was set by hand gives way to a new one only.
   */
  synchronized void setConfig(CoordinatorConfig next) {
    CoordinatorConfig before = config;
    long now = ticker.nanoTime();
    Map<Protocol, Held<Boolean>> kept = new EnumMap<>(Protocol.class);
    next.ports()
        .forEach((protocol, number) -> {
          Held<Boolean> known = ports.get(protocol);
          boolean same = known != null && number.equals(before.ports().get(protocol));
          kept.put(protocol, same ? known : new Held<>(true, "configuration", now));
        });
    boolean moved = !next.host().equals(before.host());
    if (moved) {
      address = null;
      addressProblem = NOT_LOOKED_UP;
      lookedUp = false;
      facts = Facts.NONE;
    }
    config = next;
    ports = kept;
    if (next.maxconn() != before.maxconn()) {
      slots.setMaxconn(next.maxconn());
    }
    if (moved) {
      String reason = "its host is " + next.host() + " now";
      setStatus(Status.CHECKING, reason);
      setVerdict(Verdict.UNKNOWN, 100, reason);
      for (Protocol port : Protocol.values()) {
        setVerdict(port, Verdict.OPEN, reason);
        slots.setLimit(port, Integer.MAX_VALUE);
      }
    }
    if (next.state() != before.state()) {
      setAdminState(next.state(), "configuration");
    }
  }

  /** Returns whether it was taken out of the configuration and lives until its sessions end. */
  public boolean leaving() {
    return leaving;
  }

  void setLeaving(boolean leaving) {
    this.leaving = leaving;
  }

  /** Returns the address that its host resolved to last, null if it never did. */
  public @Nullable InetAddress address() {
    return address;
  }

  /** Returns where it serves a protocol, null if a reload has just taken that away. */
  @Nullable InetSocketAddress socketAddress(Protocol protocol) {
    InetAddress now = address;
    OptionalInt port = config.port(protocol);
    return now == null || port.isEmpty() ? null : new InetSocketAddress(now, port.getAsInt());
  }

  /** Returns why the last look-up of its host gave nothing, empty if it gave an address. */
  public String addressProblem() {
    return addressProblem;
  }

  /** Returns whether a look-up of its host has ended, with or without an address. */
  public boolean lookedUp() {
    return lookedUp;
  }

  /** Takes the answer of a look-up. */
  void resolved(InetAddress found) {
    InetAddress before = address;
    address = found;
    addressProblem = "";
    lookedUp = true;
    if (!found.equals(before)) {
      observer.choiceChanged(this);
    }
  }

  /** Takes the failure of a look-up; an address that is known stays in use. */
  void notResolved(String problem) {
    boolean first = !lookedUp;
    addressProblem = problem;
    lookedUp = true;
    if (first) {
      observer.choiceChanged(this);
    }
  }

  /** Returns what checks say of the process. */
  public Status status() {
    return status.value;
  }

  /** Returns the reason for the status, for people. */
  public String statusReason() {
    return status.reason;
  }

  /** Returns how long the status has lasted. */
  public Duration statusAge() {
    return age(status);
  }

  /** Says what checks found; the reason is for people. */
  public synchronized void setStatus(Status to, String reason) {
    Held<Status> from = status;
    if (from.value != to) {
      status = new Held<>(to, reason, ticker.nanoTime());
      tell(CoordinatorEvent.Axis.STATUS, "", from.value.name(), to.name(), reason, age(from));
    }
  }

  /** Returns whether a port is open, as far as known; false for one that is not offered. */
  public boolean isOpen(Protocol protocol) {
    Held<Boolean> port = ports.get(protocol);
    return port != null && port.value;
  }

  /** Returns the reason for a port being open or not, for people; it must be offered. */
  public String openReason(Protocol protocol) {
    return port(protocol).reason;
  }

  /** Returns how long a port has been open or not; it must be offered. */
  public Duration openAge(Protocol protocol) {
    return age(port(protocol));
  }

  private Held<Boolean> port(Protocol protocol) {
    return Objects.requireNonNull(ports.get(protocol), protocol.word());
  }

  /** Says whether a port is open; nothing happens for one that is not offered. */
  public synchronized void setOpen(Protocol protocol, boolean open, String reason) {
    Held<Boolean> from = ports.get(protocol);
    if (from != null && from.value != open) {
      Map<Protocol, Held<Boolean>> next = new EnumMap<>(ports);
      next.put(protocol, new Held<>(open, reason, ticker.nanoTime()));
      ports = next;
      String before = from.value ? "OPEN" : "CLOSED";
      String after = open ? "OPEN" : "CLOSED";
      tell(CoordinatorEvent.Axis.PORT, protocol.word(), before, after, reason, age(from));
    }
  }

  /** Returns what it says of itself. */
  public Verdict verdict() {
    return verdict.value;
  }

  /** Returns what it says of itself as far as it is of interest to one port's clients. */
  public Verdict verdict(Protocol protocol) {
    return worse(protocol).value;
  }

  private Held<Verdict> worse(Protocol protocol) {
    Held<Verdict> whole = verdict;
    Held<Verdict> port = Objects.requireNonNull(portVerdicts.get(protocol));
    return port.value.compareTo(whole.value) <= 0 ? whole : port;
  }

  /** Returns the reason for the verdict, for people. */
  public String verdictReason() {
    return verdict.reason;
  }

  /** Returns the reason for the verdict on one port, for people. */
  public String verdictReason(Protocol protocol) {
    return worse(protocol).reason;
  }

  /** Returns how long the verdict has been so. */
  public Duration verdictAge() {
    return age(verdict);
  }

  /** Returns how long the verdict on one port has been so. */
  public Duration verdictAge(Protocol protocol) {
    return age(worse(protocol));
  }

  /** Returns the share of its weight that the verdict leaves it, 1 to 100. */
  public int verdictPercent() {
    return verdictPercent;
  }

  /**
   * Says what it says of itself. The same verdict with another reason is no event.
   *
   * @param percent the share of its weight that is left to it, 1 to 100
   */
  public synchronized void setVerdict(Verdict to, int percent, String reason) {
    if (percent < 1 || percent > 100) {
      throw new IllegalArgumentException("share: " + percent + " (expected: 1 to 100)");
    }
    Held<Verdict> from = verdict;
    boolean otherShare = percent != verdictPercent;
    verdictPercent = percent;
    if (from.value != to) {
      verdict = new Held<>(to, reason, ticker.nanoTime());
      tell(CoordinatorEvent.Axis.VERDICT, "", from.value.name(), to.name(), reason, age(from));
    } else {
      verdict = new Held<>(to, reason, from.sinceNanos);
      if (otherShare) {
        observer.choiceChanged(this);
      }
    }
  }

  /** Says what is of interest to one port's clients only; {@link Verdict#OPEN} if nothing is. */
  public synchronized void setVerdict(Protocol port, Verdict to, String reason) {
    Held<Verdict> from = Objects.requireNonNull(portVerdicts.get(port));
    if (from.value != to) {
      Map<Protocol, Held<Verdict>> next = new EnumMap<>(portVerdicts);
      next.put(port, new Held<>(to, reason, ticker.nanoTime()));
      portVerdicts = next;
      String subject = port.word();
      tell(CoordinatorEvent.Axis.VERDICT, subject, from.value.name(), to.name(), reason, age(from));
    }
  }

  /** Returns what its pages said last. */
  public Facts facts() {
    return facts;
  }

  /** Takes what its pages said. */
  public void setFacts(Facts facts) {
    this.facts = facts;
  }

  /** Returns what people say. */
  public AdminState adminState() {
    return admin.value;
  }

  /** Returns who set that and why, for people. */
  public String adminReason() {
    return admin.reason;
  }

  /** Returns how long that has been so. */
  public Duration adminAge() {
    return age(admin);
  }

  /** Says what people want; the reason says who and why. */
  public synchronized void setAdminState(AdminState to, String reason) {
    Held<AdminState> from = admin;
    if (from.value != to) {
      admin = new Held<>(to, reason, ticker.nanoTime());
      tell(CoordinatorEvent.Axis.ADMIN, "", from.value.name(), to.name(), reason, age(from));
    }
  }

  /**
   * Returns the share of its weight that it has now, 1 to 100; below 100 while it starts slowly.
   */
  public int sharePercent() {
    return sharePercent;
  }

  /**
   * Sets the share of its weight that it has.
   *
   * @param percent 1 to 100
   */
  public void setSharePercent(int percent) {
    if (percent < 1 || percent > 100) {
      throw new IllegalArgumentException("share: " + percent + " (expected: 1 to 100)");
    }
    if (percent != sharePercent) {
      sharePercent = percent;
      observer.choiceChanged(this);
    }
  }

  /** Gives a member that it is another weight. */
  synchronized void setWeight(Member member, int to, String reason) {
    Held<Integer> from = member.held();
    if (from.value != to) {
      member.hold(new Held<>(to, reason, ticker.nanoTime()));
      tell(
          CoordinatorEvent.Axis.WEIGHT,
          member.pool(),
          from.value.toString(),
          Integer.toString(to),
          reason,
          age(from));
    }
  }

  /** Returns a weight as the configuration gives it. */
  Held<Integer> weight(int value) {
    return new Held<>(value, "configuration", ticker.nanoTime());
  }

  /** Returns the most sessions at once, 0 for no limit. */
  public int maxconn() {
    return slots.maxconn();
  }

  /**
   * Sets the most sessions at once; running ones above it live on.
   *
   * @param to 0 for no limit
   * @param reason who and why, for people
   */
  public synchronized void setMaxconn(int to, String reason) {
    int from = slots.maxconn();
    slots.setMaxconn(to);
    LOG.info(
        "event=coordinator-maxconn coordinator={} from={} to={} reason=\"{}\"",
        name(),
        from,
        to,
        reason);
    observer.choiceChanged(this);
  }

  /** Returns the sessions that hold a slot, over all listeners and ports. */
  public int sessions() {
    return slots.taken();
  }

  /** Returns where it stands among those who serve. */
  Seats seats() {
    return seats;
  }

  /** Returns what sessions hold of it, by port too, and may. */
  public Slots slots() {
    return slots;
  }

  /** Takes a slot for a session at one port; false if there is none. */
  boolean take(Protocol protocol) {
    return slots.take(protocol);
  }

  /** Gives back a slot that {@link #take} gave. */
  void giveBack(Protocol protocol) {
    if (slots.giveBack(protocol) == 0 && leaving) {
      observer.emptied(this);
    }
  }

  /** Returns what it has to do, as far as its own pages tell. */
  public Load load() {
    return load;
  }

  Ticker ticker() {
    return ticker;
  }

  Duration age(Held<?> held) {
    return Duration.ofNanos(ticker.nanoTime() - held.sinceNanos);
  }

  private void tell(
      CoordinatorEvent.Axis axis,
      String subject,
      String from,
      String to,
      String reason,
      Duration held) {
    observer.stateChanged(new CoordinatorEvent(this, axis, subject, from, to, reason, held));
  }

  @Override
  public String toString() {
    return name();
  }
}
