package io.impalabalancer.core;

import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.config.Timeouts;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds a coordinator for one session and connects to it: asks for an assignment, waits in line for
 * a free slot, dials, and dials another after a failure. It holds the session's slot, one at most,
 * from the assignment until the attempt fails or the session is gone.
 *
 * <p>Touched on the session's loop only, except while it waits in the {@link WaitQueue}, which then
 * reads it, and answers, under its own lock.
 */
final class Connector implements Choice, Runnable {
  /** Pause before a coordinator is tried again that has failed already. */
  private static final long TRY_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Session session;
  private final SessionRecord record;
  private final Listener listener;
  private final Relay server;

  private @Nullable SessionCounters counters;
  private @Nullable Tried tried;
  private boolean slotHeld;
  private int began;
  private boolean awaitsAnswer;
  private long startedNanos;
  private long waitedNanos;

  private boolean inLine;
  private @Nullable Assignment served;
  private long joinedNanos;
  private long order;

  Connector(Session session, SessionRecord record, Relay server) {
    this.session = session;
    this.record = record;
    this.server = server;
    listener = record.listener;
  }

  /** The coordinators tried in vain, the last first. */
  private record Tried(Coordinator coordinator, @Nullable Tried before) {}

  /** Begins to look for a coordinator. */
  void start() {
    startedNanos = loop().nanoTime();
    assign();
  }

  private void assign() {
    onAssignment(listener.assign(this));
  }

  private void onAssignment(Assignment assignment) {
    switch (assignment.kind()) {
      case ASSIGNED -> dial(assignment.chosen().coordinator());
      case NONE -> {
        session.enter(Phase.CONNECT);
        session.close(Termination.NONE_USABLE);
      }
      case TRIED -> {
        session.enter(Phase.CONNECT);
        session.setTimer(loop().nanoTime(), TRY_AGAIN_NANOS);
      }
      case FULL -> join();
    }
  }

  private void join() {
    session.enter(Phase.QUEUE);
    joinedNanos = loop().nanoTime();
    long limit = Timeouts.toNanos(config().timeouts().queue());
    session.setTimer(
        joinedNanos, limit == Long.MAX_VALUE ? limit : Math.max(0, limit - waitedNanos));
    inLine = true;
    listener.balancer().queue().join(this);
  }

  /** Notes where it stands in line. Under the queue's lock. */
  void placed(int position, long order) {
    record.queuePosition = position;
    this.order = order;
  }

  /** Returns whether it has tried a coordinator in vain. Under the queue's lock. */
  boolean hasTried() {
    return tried != null;
  }

  /** Returns its place among all who ever waited. Under the queue's lock. */
  long order() {
    return order;
  }

  /** Brings the queue's answer to the session's loop, once for each time in line. */
  void serve(Assignment assignment) {
    served = assignment;
    loop().eventLoop().execute(this);
  }

  /** The queue's answer: a slot, or that nobody is left. The session may have ended meanwhile. */
  @Override
  public void run() {
    Assignment assignment = Objects.requireNonNull(served);
    Member member = assignment.member();
    if (session.ended()) {
      if (member != null) {
        listener.balancer().queue().giveBack(member.coordinator(), protocol());
      }
      return;
    }
    inLine = false;
    waitedNanos += loop().nanoTime() - joinedNanos;
    try {
      onAssignment(assignment);
    } catch (RuntimeException e) {
      session.onDefect(e);
    }
  }

  /** Connects to a coordinator whose slot was taken. */
  private void dial(Coordinator chosen) {
    boolean redispatched = record.coordinator != null && record.coordinator != chosen;
    record.redispatched |= redispatched;
    record.coordinator = chosen;
    record.queueNanos = waitedNanos;
    counters = listener.counters(chosen);
    counters.sessions.enter();
    listener.slotTaken();
    if (redispatched) {
      counters.redispatches.increment();
    }
    slotHeld = true;
    began = chosen.load().began();
    session.enter(Phase.CONNECT);
    session.setTimer(loop().nanoTime(), Timeouts.toNanos(config().timeouts().connect()));
    InetSocketAddress address = chosen.socketAddress(protocol());
    if (address == null) {
      onConnectFailed(ConnectFailure.UNREACHABLE);
      return;
    }
    Wire wire;
    try {
      wire = listener.balancer().wires().wire(server);
    } catch (ChannelException e) {
      onConnectFailed(ConnectFailure.NO_RESOURCES);
      return;
    }
    server.setWire(wire);
    ByteBuf first = session.first();
    wire.connect(address, first);
  }

  /** The coordinator connection stands. */
  void onConnected() {
    record.connectNanos = loop().nanoTime() - startedNanos - waitedNanos;
    tried = null;
    counters().assigned.increment();
    awaitsAnswer = true;
    coordinator().slots().awaitsAnswer(protocol());
    listener.balancer().events().connected(coordinator(), protocol());
  }

  /** An attempt failed: another member, or the end. */
  void onConnectFailed(ConnectFailure failure) {
    server.dropWire();
    Coordinator failed = coordinator();
    counters().connectErrors.increment();
    giveSlotBack();
    listener.balancer().events().connectFailed(failed, protocol(), failure);
    if (failure == ConnectFailure.NO_RESOURCES) {
      listener
          .balancer()
          .shortage()
          .seen(listener, "no descriptor, port or memory to connect to " + failed);
      session.close(Termination.NO_RESOURCES);
    } else if (record.retries >= config().retries()) {
      session.close(
          failure == ConnectFailure.TIMEOUT
              ? Termination.CONNECT_TIMEOUT
              : Termination.CONNECT_FAILED);
    } else {
      listener.balancer().resolveSoon(failed);
      record.retries++;
      counters().retries.increment();
      tried = new Tried(failed, tried);
      assign();
    }
  }

  /** The session's timer has fired while it had no coordinator connection. */
  void expired() {
    if (inLine) {
      session.close(Termination.QUEUE_TIMEOUT);
    } else if (server.hasWire()) {
      server.wire().reset();
      onConnectFailed(ConnectFailure.TIMEOUT);
    } else {
      // Every member was tried, and a second has passed.
      tried = null;
      assign();
    }
  }

  /** The session ends: whatever is under way is given up, but the slot. */
  void cancel() {
    tried = null;
    if (session.phase() == Phase.CONNECT) {
      server.end(Termination.Ending.RST);
    }
    if (inLine) {
      inLine = false;
      listener.balancer().queue().leave(this);
      record.queueNanos = waitedNanos + loop().nanoTime() - joinedNanos;
    }
  }

  boolean slotHeld() {
    return slotHeld;
  }

  /** Gives the slot back, if one is held. */
  void giveSlotBack() {
    if (slotHeld) {
      slotHeld = false;
      coordinator().load().ended(began);
      if (awaitsAnswer) {
        awaitsAnswer = false;
        coordinator().slots().awaitsNoMore(protocol(), false);
      }
      counters().sessions.leave();
      listener.slotGivenBack();
      listener.balancer().queue().giveBack(coordinator(), protocol());
    }
  }

  /** Counts bytes written out to a side. */
  void count(boolean toClient, long bytes) {
    if (toClient && awaitsAnswer) {
      awaitsAnswer = false;
      coordinator().slots().awaitsNoMore(protocol(), true);
    }
    SessionCounters to = counters;
    if (to != null) {
      (toClient ? to.bytesToClient : to.bytesToCoordinator).add(bytes);
    }
  }

  /** Returns the sessions of the listener on the coordinator assigned to last; 0 without one. */
  int coordinatorSessions() {
    return counters == null ? 0 : counters.sessions();
  }

  private SessionCounters counters() {
    return Objects.requireNonNull(counters);
  }

  private Coordinator coordinator() {
    return Objects.requireNonNull(record.coordinator);
  }

  private ListenerConfig config() {
    return session.config();
  }

  /** Returns when it began to look for a coordinator. */
  long startedNanos() {
    return startedNanos;
  }

  /** Returns where the client came from. */
  InetSocketAddress client() {
    return record.clientAddress;
  }

  @Override
  public Protocol protocol() {
    return config().protocol();
  }

  Listener listener() {
    return listener;
  }

  Loop loop() {
    return session.loop();
  }

  @Override
  public long sourceHash() {
    return SourceHash.hash(
        record.clientAddress.getAddress(), config().sourcePrefix4(), config().sourcePrefix6());
  }

  @Override
  public boolean tried(Coordinator candidate) {
    for (Tried failed = tried; failed != null; failed = failed.before()) {
      if (failed.coordinator() == candidate) {
        return true;
      }
    }
    return false;
  }
}
