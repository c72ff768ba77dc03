package io.impalabalancer.core;

import io.impalabalancer.config.Dial;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Timeouts;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection and the coordinator connection made for it, from accept to close. It
 * decides: what to read, when to dial, where, when to stop. Two {@link Relay}s do the rest.
 *
 * <pre>
 *   accept --> FIRST_BYTES --said something--> (assign) --full--> QUEUE --slot freed--+
 *                  |                             |  ^                                 |
 *                  |                     assigned|  |refused: another member          |
 *                  |                             v  |                                 v
 *                  |                            CONNECT <-----------------------------+
 *                  |                             |
 *                  |                             v connected
 *                  |                            DATA: relay both ways
 *                  v                             |
 *               close(Termination) <-------------+   from every phase, the only way out
 * </pre>
 *
 * <p>Touched on its loop only, except where it waits in the {@link WaitQueue} under that one's
 * lock, and after it has ended, when nothing changes any more.
 */
final class Session extends TimerWheel.Timer implements SessionView, Choice, Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** A session this old gets keepalive on the coordinator's side; shorter ones need not pay. */
  private static final long KEEPALIVE_AFTER_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** Pause before a coordinator is tried again that has failed already. */
  private static final long TRY_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** How long an ended session waits for its peers to take the last bytes and to close. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Links of the {@link SessionList} in which it stands; that one's to change. */
  @Nullable SessionList list;

  @Nullable Session previous;
  @Nullable Session next;

  private final Listener listener;
  private final Loop loop;
  private final InetSocketAddress clientAddress;
  private final Function<Relay, Wire> accept;
  private final long acceptedMillis = System.currentTimeMillis();
  private final long acceptedNanos;
  private final Relay client = new Relay(this);
  private final Relay server = new Relay(this);

  private Phase phase = Phase.FIRST_BYTES;
  private @Nullable Termination termination;
  private boolean gone;

  /** What the client said before there was a coordinator to say it to. */
  private @Nullable ByteBuf first;

  private @Nullable Coordinator coordinator;
  private @Nullable SessionCounters counters;
  private boolean slotHeld;
  private @Nullable Attempts attempts;
  private boolean waitingInLine;
  private int queuePosition;
  private long queueOrder;

  private long lastMoveNanos;
  private long phaseNanos;
  private long spokeNanos;
  private long queueNanos;
  private long connectNanos = -1;
  private long connectedNanos;
  private long endedNanos;
  private boolean assignedOnce;
  private boolean keepaliveSet;
  private int retries;
  private boolean redispatched;
  private int balancerSessions;
  private int listenerSessions;
  private int assignedSessions;
  private int coordinatorSessions;

  /**
   * Makes the session of a client that was just accepted; {@link #run} begins it.
   *
   * @param accept makes the client's wire, on the loop
   */
  Session(
      Listener listener, Loop loop, InetSocketAddress clientAddress, Function<Relay, Wire> accept) {
    this.listener = listener;
    this.loop = loop;
    this.clientAddress = clientAddress;
    this.accept = accept;
    acceptedNanos = loop.nanoTime();
    Relay.join(client, server);
  }

  // ---- The way of a connection
  // -------------------------------------------------------------------

  /** Begins: waits for the client's first bytes, or dials at once. */
  @Override
  public void run() {
    assert loop.eventLoop().inEventLoop();
    boolean waits = config().dial() == Dial.ON_FIRST_BYTES;
    loop.add(this, waits);
    try {
      client.setWire(accept.apply(client));
    } catch (RuntimeException e) {
      LOG.debug("event=accept-failed listener={} reason=\"{}\"", listener.name(), e.toString());
      close(Termination.NO_RESOURCES);
      return;
    }
    if (waits) {
      setTimer(acceptedNanos, config().timeouts().firstBytes());
    } else {
      spokeNanos = acceptedNanos;
      assign();
    }
  }

  /** Reads what the client says before it has a coordinator. FIRST_BYTES, QUEUE, CONNECT. */
  void onEarlyReadable() {
    while (termination == null && phase != Phase.DATA && !client.inputEnded()) {
      ByteBuf said = first;
      if (said != null && said.readableBytes() >= HeldBytes.READ_MAX_BYTES) {
        return;
      }
      int count = client.wire().read();
      if (count == 0) {
        return;
      } else if (count == Wire.BROKEN) {
        close(Termination.CLIENT_LEFT);
      } else if (count == Wire.END) {
        client.endInput();
        // Who ends after it has spoken may wait for an answer; but not in a line.
        if (said == null || phase == Phase.QUEUE) {
          close(Termination.CLIENT_LEFT);
        }
      } else {
        keep(count);
        if (phase == Phase.FIRST_BYTES) {
          loop.spoke(this);
          spokeNanos = loop.nanoTime();
          assign();
        }
        if (!client.hasWire() || !client.wire().mayReadMore()) {
          return;
        }
      }
    }
  }

  private void keep(int count) {
    ByteBuf said = first;
    if (said == null) {
      said = loop.allocator().directBuffer(count);
      first = said;
    }
    said.writeBytes(loop.readBuffer().slice(0, count));
    loop.held().add(count);
  }

  /** Asks for a coordinator. */
  private void assign() {
    onAssignment(listener.assign(this));
  }

  private void onAssignment(Assignment assignment) {
    switch (assignment.kind()) {
      case ASSIGNED -> dial(assignment);
      case NONE -> {
        phase = Phase.CONNECT;
        close(Termination.NONE_USABLE);
      }
      case TRIED -> {
        phase = Phase.CONNECT;
        setTimer(loop.nanoTime(), TRY_AGAIN_NANOS);
      }
      case FULL -> {
        enter(Phase.QUEUE);
        long left = Timeouts.toNanos(config().timeouts().queue());
        setTimer(phaseNanos, left == Long.MAX_VALUE ? left : Math.max(0, left - queueNanos));
        waitingInLine = true;
        listener.balancer().queue().join(this);
      }
    }
  }

  /** The queue's answer: a slot, or nobody usable any more. QUEUE, or ended meanwhile. */
  void onServed(Assignment assignment) {
    waitingInLine = false;
    Member member = assignment.member();
    if (termination != null) {
      if (member != null) {
        listener.balancer().queue().giveBack(member.coordinator());
      }
      return;
    }
    queueNanos += loop.nanoTime() - phaseNanos;
    onAssignment(assignment);
  }

  /** Connects to a coordinator whose slot was taken. */
  private void dial(Assignment assignment) {
    Coordinator chosen = assignment.chosen().coordinator();
    redispatched |= coordinator != null && coordinator != chosen;
    coordinator = chosen;
    counters = listener.counters(chosen);
    counters.enter();
    slotHeld = true;
    assignedOnce = true;
    enter(Phase.CONNECT);
    setTimer(phaseNanos, config().timeouts().connect());
    Wire wire = listener.balancer().wires().wire(server);
    server.setWire(wire);
    InetSocketAddress address = chosen.socketAddress(listener.protocol());
    wire.connect(address, first);
  }

  /** The coordinator connection stands: sends what the client said, and relays. CONNECT. */
  void onConnected() {
    assert phase == Phase.CONNECT && termination == null;
    enter(Phase.DATA);
    connectedNanos = phaseNanos;
    connectNanos = connectedNanos - spokeNanos - queueNanos;
    lastMoveNanos = connectedNanos;
    attempts = null;
    Coordinator chosen = assignedTo();
    countersOfAssigned().assigned.increment();
    BalancerListener events = listener.balancer().events();
    events.connected(chosen, listener.protocol());
    events.sessionAssigned(this);
    ByteBuf said = takeFirst();
    if (said != null) {
      if (said.isReadable()) {
        if (!server.wire().write(said)) {
          onBroken(server);
          return;
        }
      } else {
        said.release();
      }
      server.countWritten();
    }
    setIdleTimer(connectedNanos);
    if (client.inputEnded()) {
      server.endOutput();
    } else if (server.pending() == 0) {
      client.pump();
    }
  }

  private @Nullable ByteBuf takeFirst() {
    ByteBuf said = first;
    first = null;
    if (said != null) {
      loop.held().add(-said.writerIndex());
    }
    return said;
  }

  /** An attempt to connect failed: another member, or the end. CONNECT. */
  void onConnectFailed(ConnectFailure failure) {
    assert phase == Phase.CONNECT && termination == null;
    server.dropWire();
    Coordinator failed = assignedTo();
    countersOfAssigned().connectErrors.increment();
    giveSlotBack();
    listener.balancer().events().connectFailed(failed, listener.protocol(), failure);
    if (failure == ConnectFailure.NO_RESOURCES) {
      LOG.warn(
          "event=connect-failed listener={} coordinator={} reason=no-resources",
          listener.name(),
          failed.name());
      close(Termination.NO_RESOURCES);
    } else if (retries >= config().retries()) {
      close(
          failure == ConnectFailure.TIMEOUT
              ? Termination.CONNECT_TIMEOUT
              : Termination.CONNECT_FAILED);
    } else {
      listener.balancer().resolveSoon(failed);
      retries++;
      countersOfAssigned().retries.increment();
      attempts = new Attempts(failed, attempts);
      assign();
    }
  }

  /** Ends the session: the only way out, from every phase. What follows is the table's to say. */
  void close(Termination how) {
    assert loop.eventLoop().inEventLoop();
    if (termination != null) {
      return;
    }
    termination = how;
    endedNanos = loop.nanoTime();
    loop.cancelTimer(this);
    if (waitingInLine) {
      listener.balancer().queue().leave(this);
      queueNanos += endedNanos - phaseNanos;
    }
    ByteBuf said = takeFirst();
    if (said != null) {
      said.release();
    }
    attempts = null;
    server.end(how.coordinator());
    client.end(how.client());
    if (!gone) {
      onWireClosed();
    }
    if (!gone) {
      setTimer(endedNanos, LINGER_NANOS);
    }
  }

  /** A wire was closed. After both nothing is left of the session. */
  void onWireClosed() {
    if (termination == null || gone || client.hasWire() || server.hasWire()) {
      return;
    }
    gone = true;
    loop.cancelTimer(this);
    loop.remove(this);
    balancerSessions = listener.balancer().sessions();
    listenerSessions = listener.sessions();
    assignedSessions = listener.assignedSessions();
    coordinatorSessions = counters == null ? 0 : counters.sessions();
    giveSlotBack();
    listener.balancer().events().sessionEnded(this);
    listener.dismiss();
  }

  private void giveSlotBack() {
    if (slotHeld) {
      slotHeld = false;
      countersOfAssigned().leave();
      listener.balancer().queue().giveBack(assignedTo());
    }
  }

  // ---- While it relays
  // ---------------------------------------------------------------------------

  /** Bytes moved, on either side. */
  void moved() {
    lastMoveNanos = loop.nanoTime();
  }

  /** Counts bytes that a side has written out. */
  void count(Relay side, long bytes) {
    SessionCounters to = counters;
    if (to != null) {
      (side == client ? to.bytesToClient : to.bytesToCoordinator).add(bytes);
    }
  }

  /** A side was sent FIN, because the other had ended. DATA. */
  void onHalfClosed() {
    if (client.ended() && server.ended()) {
      close(Termination.COMPLETED);
    } else {
      setIdleTimer(loop.nanoTime());
    }
  }

  /** A side's connection is broken. */
  void onBroken(Relay side) {
    if (side == server) {
      close(Termination.COORDINATOR_RESET);
    } else {
      close(phase == Phase.DATA ? Termination.CLIENT_RESET : Termination.CLIENT_LEFT);
    }
  }

  /** A defect of the balancer surfaced. */
  void onDefect(Throwable defect) {
    LOG.error(
        "event=defect listener={} client={} phase={}",
        listener.name(),
        clientAddress,
        phase,
        defect);
    close(Termination.INTERNAL);
  }

  // ---- Time
  // --------------------------------------------------------------------------------------

  private void enter(Phase to) {
    phase = to;
    phaseNanos = loop.nanoTime();
  }

  private void setTimer(long nowNanos, Duration delay) {
    setTimer(nowNanos, Timeouts.toNanos(delay));
  }

  private void setTimer(long nowNanos, long delayNanos) {
    loop.setTimer(this, nowNanos, delayNanos);
  }

  @Override
  void expired(long nowNanos) {
    if (termination != null) {
      server.abandon();
      client.abandon();
      return;
    }
    switch (phase) {
      case FIRST_BYTES -> close(Termination.FIRST_BYTES_TIMEOUT);
      case QUEUE -> close(Termination.QUEUE_TIMEOUT);
      case CONNECT -> {
        if (server.hasWire()) {
          server.wire().reset();
          onConnectFailed(ConnectFailure.TIMEOUT);
        } else {
          attempts = null;
          assign();
        }
      }
      case DATA -> expiredIdle(nowNanos);
    }
  }

  private void expiredIdle(long nowNanos) {
    if (!keepaliveSet && nowNanos - connectedNanos >= KEEPALIVE_AFTER_NANOS) {
      keepaliveSet = true;
      server.wire().keepalive(config().keepalive());
    }
    long idleNanos = nowNanos - lastMoveNanos;
    long clientNanos = clientTimeoutNanos();
    long serverNanos = serverTimeoutNanos();
    if (idleNanos >= clientNanos && clientNanos <= serverNanos) {
      close(server.inputEnded() ? Termination.CLIENT_FIN_TIMEOUT : Termination.CLIENT_TIMEOUT);
    } else if (idleNanos >= serverNanos) {
      close(client.inputEnded() ? Termination.SERVER_FIN_TIMEOUT : Termination.SERVER_TIMEOUT);
    } else {
      setIdleTimer(nowNanos);
    }
  }

  /** Sets the timer to when a peer will have been silent for too long, or keepalive is due. */
  private void setIdleTimer(long nowNanos) {
    long silence = Math.min(clientTimeoutNanos(), serverTimeoutNanos());
    long left = silence == Long.MAX_VALUE ? silence : lastMoveNanos + silence - nowNanos;
    if (!keepaliveSet) {
      left = Math.min(left, connectedNanos + KEEPALIVE_AFTER_NANOS - nowNanos);
    }
    setTimer(nowNanos, left);
  }

  /** Returns how long the client may be silent, if it is the client that is waited for. */
  private long clientTimeoutNanos() {
    Timeouts timeouts = config().timeouts();
    if (server.inputEnded()) {
      return client.inputEnded() && client.pending() == 0
          ? Long.MAX_VALUE
          : Timeouts.toNanos(timeouts.clientFin());
    }
    boolean onlyServerIsWaitedFor =
        client.pending() == 0 && (client.inputEnded() || server.pending() > 0);
    return onlyServerIsWaitedFor ? Long.MAX_VALUE : Timeouts.toNanos(timeouts.client());
  }

  /** Returns how long the coordinator may be silent, if it is the one that is waited for. */
  private long serverTimeoutNanos() {
    Timeouts timeouts = config().timeouts();
    if (client.inputEnded()) {
      return server.inputEnded() && server.pending() == 0
          ? Long.MAX_VALUE
          : Timeouts.toNanos(timeouts.serverFin());
    }
    boolean onlyClientIsWaitedFor =
        server.pending() == 0 && (server.inputEnded() || client.pending() > 0);
    return onlyClientIsWaitedFor ? Long.MAX_VALUE : Timeouts.toNanos(timeouts.server());
  }

  // ---- What a choice depends on
  // ------------------------------------------------------------------

  @Override
  public long sourceHash() {
    return SourceHash.hash(
        clientAddress.getAddress(), config().sourcePrefix4(), config().sourcePrefix6());
  }

  @Override
  public boolean tried(Coordinator candidate) {
    for (Attempts failed = attempts; failed != null; failed = failed.before()) {
      if (failed.coordinator() == candidate) {
        return true;
      }
    }
    return false;
  }

  /** The coordinators tried in vain, the last first. */
  private record Attempts(Coordinator coordinator, @Nullable Attempts before) {}

  /** Notes where it stands in line. Under the queue's lock. */
  void setPlace(int position, long order) {
    queuePosition = position;
    queueOrder = order;
  }

  /** Returns its place among all who ever waited. Under the queue's lock. */
  long queueOrder() {
    return queueOrder;
  }

  // ---- What can be known of it
  // -------------------------------------------------------------------

  Loop loop() {
    return loop;
  }

  long acceptedNanos() {
    return acceptedNanos;
  }

  boolean relaying() {
    return phase == Phase.DATA;
  }

  /** Returns whether it has ended, even if its last bytes are still going out. */
  boolean ended() {
    return termination != null;
  }

  private ListenerConfig config() {
    return listener.config();
  }

  private Coordinator assignedTo() {
    return Objects.requireNonNull(coordinator);
  }

  private SessionCounters countersOfAssigned() {
    return Objects.requireNonNull(counters);
  }

  @Override
  public Listener listener() {
    return listener;
  }

  @Override
  public InetSocketAddress clientAddress() {
    return clientAddress;
  }

  @Override
  public @Nullable Coordinator coordinator() {
    return coordinator;
  }

  @Override
  public long acceptedMillis() {
    return acceptedMillis;
  }

  @Override
  public long queueNanos() {
    return assignedOnce || phase == Phase.QUEUE ? queueNanos : -1;
  }

  @Override
  public long connectNanos() {
    return connectNanos;
  }

  @Override
  public long durationNanos() {
    return (termination == null ? loop.nanoTime() : endedNanos) - acceptedNanos;
  }

  @Override
  public long bytesToCoordinator() {
    return server.bytesWritten();
  }

  @Override
  public long bytesToClient() {
    return client.bytesWritten();
  }

  @Override
  public @Nullable Termination termination() {
    return termination;
  }

  @Override
  public Phase phase() {
    return phase;
  }

  @Override
  public int retries() {
    return retries;
  }

  @Override
  public boolean redispatched() {
    return redispatched;
  }

  @Override
  public int balancerSessions() {
    return balancerSessions;
  }

  @Override
  public int listenerSessions() {
    return listenerSessions;
  }

  @Override
  public int assignedSessions() {
    return assignedSessions;
  }

  @Override
  public int coordinatorSessions() {
    return coordinatorSessions;
  }

  @Override
  public int queuePosition() {
    return queuePosition;
  }
}
