package io.impalabalancer.core;

import io.impalabalancer.config.Dial;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Timeouts;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client connection and the coordinator connection made for it, from accept to close. It
 * decides: what to read, when to dial, when to stop. Its {@link Connector} finds the coordinator,
 * its two {@link Relay}s move the bytes, its {@link Inactivity} knows how long none moved.
 *
 * <pre>
 *   accept --> FIRST_BYTES --it speaks--> CONNECT --connected--> DATA: relay both ways
 *                   |                     |  ^  |                  |
 *                   |        all are full |  |  | refused: another |
 *                   |                     v  |  | member           |
 *                   |                    QUEUE<-+                  |
 *                   v                      v                       v
 *               close(Termination): from every phase, and the only way out
 * </pre>
 *
 * <p>After {@code close} the last bytes may still go out, for two seconds at most; then it is gone,
 * and its slot with it. Touched on its loop only.
 */
final class Session extends TimerWheel.Timer implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** What a client gets to speak that has just connected, when its place is needed. */
  private static final long EVICTED_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** How long an ended session waits for its peers to take the last bytes and to close. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Links of the {@link SessionList} in which it stands; that one's to change. */
  @Nullable SessionList list;

  @Nullable Session previous;
  @Nullable Session next;

  private final Listener listener;
  private final ListenerConfig config;
  private final Loop loop;
  private final SessionRecord record;
  private final Relay client = new Relay(this);
  private final Relay server = new Relay(this);
  private final Inactivity inactivity = new Inactivity(this, client, server);
  private final Connector connector;

  /** What the client said before there was a coordinator to say it to; some may be sent already. */
  private @Nullable ByteBuf first;

  /** Whether the client's bytes begin with a PROXY header that has not all come yet. */
  private boolean proxyHeaderDue;

  private boolean evicted;

  /** Whether the bytes that moved last went to the client: it does not wait for an answer. */
  private boolean answered;

  /** Whether the client may have said more than was read before it had a coordinator. */
  private boolean leftUnread;

  private boolean gone;

  /** Makes the session of a client that was just accepted. */
  Session(Listener listener, Loop loop, InetSocketAddress clientAddress) {
    this.listener = listener;
    config = listener.config();
    this.loop = loop;
    record =
        new SessionRecord(
            listener.balancer().nextSessionId(), listener, clientAddress, loop.nanoTime());
    connector = new Connector(this, record, server);
    Relay.join(client, server);
  }

  /** Begins on its loop, with a wire made for {@link #clientSide}. On any loop. */
  void start(Wire accepted) {
    client.setWire(accepted);
    if (loop.eventLoop().inEventLoop()) {
      run();
    } else {
      loop.eventLoop().execute(this);
    }
  }

  /** Begins: waits for the client's first bytes, or dials at once. */
  @Override
  public void run() {
    try {
      begin();
    } catch (RuntimeException e) {
      onDefect(e);
    }
  }

  private void begin() {
    assert loop.eventLoop().inEventLoop();
    proxyHeaderDue = !config.acceptProxy().isEmpty();
    boolean waits = proxyHeaderDue || config.dial() == Dial.ON_FIRST_BYTES;
    loop.add(this, waits);
    if (!client.wire().start()) {
      client.dropWire();
      listener.balancer().shortage().seen(listener, "epoll takes no more descriptors");
      close(Termination.NO_RESOURCES);
    } else if (proxyHeaderDue && !mayBringProxyHeader()) {
      close(Termination.PROXY_NOT_ALLOWED);
    } else if (waits) {
      setTimer(record.acceptedNanos, Timeouts.toNanos(config().timeouts().firstBytes()));
    } else {
      connector.start();
    }
  }

  private boolean mayBringProxyHeader() {
    InetAddress address = record.clientAddress.getAddress();
    return config.acceptProxy().stream().anyMatch(network -> network.contains(address));
  }

  /** Takes the PROXY header out of what the client said first, if all of it has come. */
  private void takeProxyHeader() {
    ByteBuf said = Objects.requireNonNull(first);
    ProxyHeader header = ProxyHeader.read(said);
    if (header == null) {
      return;
    }
    if (header.equals(ProxyHeader.BAD)) {
      close(Termination.PROXY_HEADER_BAD);
      return;
    }
    proxyHeaderDue = false;
    if (header.source() != null) {
      record.clientAddress = header.source();
    }
    said.skipBytes(header.length());
    if (!said.isReadable()) {
      Objects.requireNonNull(takeFirst()).release();
    }
  }

  /** Reads what the client says before it has a coordinator. */
  void onEarlyReadable() {
    while (!ended() && !relaying()) {
      ByteBuf said = first;
      boolean enough =
          said != null
              && !proxyHeaderDue
              && (said.writerIndex() >= HeldBytes.READ_MAX_BYTES || loop.held().isFull());
      if (enough || client.inputEnded()) {
        leftUnread = true;
        if (client.wire().broken()) {
          close(Termination.CLIENT_LEFT);
        }
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
        if (said == null || proxyHeaderDue || record.phase == Phase.QUEUE) {
          close(Termination.CLIENT_LEFT);
        }
      } else {
        keep(count);
        boolean more = client.wire().mayReadMore();
        if (proxyHeaderDue) {
          takeProxyHeader();
        }
        if (!ended() && record.phase == Phase.FIRST_BYTES && mayDial()) {
          loop.spoke(this);
          connector.start();
        }
        if (!more) {
          return;
        }
      }
    }
  }

  private boolean mayDial() {
    return !proxyHeaderDue && (first != null || config.dial() == Dial.ON_ACCEPT);
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

  /** Returns what the client said so far, null if nothing; it stays the session's. */
  @Nullable ByteBuf first() {
    return first;
  }

  private @Nullable ByteBuf takeFirst() {
    ByteBuf said = first;
    if (said != null) {
      first = null;
      loop.held().add(-said.writerIndex());
    }
    return said;
  }

  /** The coordinator connection stands: sends what the client said, and relays. */
  void onConnected() {
    assert record.phase == Phase.CONNECT && !ended();
    connector.onConnected();
    enter(Phase.DATA);
    long now = loop.nanoTime();
    inactivity.begin(now);
    listener.balancer().events().sessionAssigned(record);
    ByteBuf said = takeFirst();
    if (said != null && !server.wire().write(said)) {
      onBroken(server);
      return;
    }
    server.countWritten();
    inactivity.setTimer(now);
    if (client.inputEnded()) {
      server.endOutput();
    } else if (server.pending() == 0 && (leftUnread || client.wire().mayReadMore())) {
      client.pump();
    }
  }

  void onConnectFailed(ConnectFailure failure) {
    assert record.phase == Phase.CONNECT && !ended();
    connector.onConnectFailed(failure);
  }

  /** Bytes or an end moved, on either side. */
  void moved() {
    inactivity.moved(loop.nanoTime());
  }

  /** Counts bytes that a side's wire has written out. */
  void count(Relay side, long bytes) {
    answered = side == client;
    connector.count(answered, bytes);
  }

  /** A side was sent FIN, because the other had ended. */
  void onHalfClosed() {
    if (client.ended() && server.ended()) {
      close(Termination.COMPLETED);
    } else {
      inactivity.setTimer(inactivity.sinceNanos());
    }
  }

  /** A side's connection is broken. */
  void onBroken(Relay side) {
    if (side == server) {
      close(Termination.COORDINATOR_RESET);
    } else {
      close(relaying() ? Termination.CLIENT_RESET : Termination.CLIENT_LEFT);
    }
  }

  /**
   * Its place is needed, and it has said nothing yet: it ends, unless it is so young that its first
   * bytes may be on their way.
   */
  void evict() {
    assert record.phase == Phase.FIRST_BYTES && !ended();
    if (loop.nanoTime() - record.acceptedNanos >= EVICTED_AFTER_NANOS) {
      close(Termination.SILENT_EVICTED);
    } else {
      evicted = true;
      long limit = Timeouts.toNanos(config().timeouts().firstBytes());
      setTimer(record.acceptedNanos, Math.min(limit, EVICTED_AFTER_NANOS));
    }
  }

  /** A defect of the balancer surfaced. */
  void onDefect(Throwable defect) {
    LOG.error(
        "event=defect listener={} client={} phase={}",
        listener.name(),
        record.clientAddress,
        record.phase,
        defect);
    close(Termination.INTERNAL);
  }

  /** Ends the session: the only way out. What each side is sent is the table's to say. */
  void close(Termination how) {
    assert loop.eventLoop().inEventLoop();
    if (ended()) {
      return;
    }
    long now = loop.nanoTime();
    record.termination = how;
    record.durationNanos = now - record.acceptedNanos;
    loop.cancelTimer(this);
    connector.cancel();
    ByteBuf said = takeFirst();
    if (said != null) {
      said.release();
    }
    server.end(how.coordinator());
    client.end(how.client());
    onWireClosed();
    if (!gone) {
      setTimer(now, LINGER_NANOS);
    }
  }

  /** Closes what is left of an ended session, without waiting for its peers. */
  void abandon() {
    server.abandon();
    client.abandon();
  }

  /** A wire may have been closed. After both nothing is left of an ended session. */
  void onWireClosed() {
    if (!ended() || gone || client.hasWire() || server.hasWire()) {
      return;
    }
    gone = true;
    loop.cancelTimer(this);
    loop.remove(this);
    noteNumbers(record);
    connector.giveSlotBack();
    listener.balancer().events().sessionEnded(record);
    listener.ended();
  }

  private void noteNumbers(SessionRecord of) {
    of.bytesToClient = client.bytesWritten();
    of.bytesToCoordinator = server.bytesWritten();
    of.balancerSessions = listener.balancer().sessions();
    of.listenerSessions = listener.sessions();
    int own = connector.slotHeld() ? 1 : 0;
    of.assignedSessions = listener.assignedSessions() - own;
    of.coordinatorSessions = connector.coordinatorSessions() - own;
  }

  // Time.

  void setTimer(long nowNanos, long delayNanos) {
    loop.setTimer(this, nowNanos, delayNanos);
  }

  @Override
  void expired(long nowNanos) {
    try {
      onTimer(nowNanos);
    } catch (RuntimeException e) {
      onDefect(e);
    }
  }

  private void onTimer(long nowNanos) {
    if (ended()) {
      abandon();
    } else if (record.phase == Phase.FIRST_BYTES) {
      close(evicted ? Termination.SILENT_EVICTED : Termination.FIRST_BYTES_TIMEOUT);
    } else if (relaying()) {
      inactivity.expired(nowNanos);
    } else {
      connector.expired();
    }
  }

  /** Tells that it still lives. */
  void tellAlive(long nowNanos) {
    SessionRecord alive = record.copy();
    alive.durationNanos = nowNanos - record.acceptedNanos;
    noteNumbers(alive);
    listener.balancer().events().sessionAlive(alive);
  }

  // What the parts of a session ask each other.

  void enter(Phase phase) {
    record.phase = phase;
  }

  Phase phase() {
    return record.phase;
  }

  boolean relaying() {
    return record.phase == Phase.DATA;
  }

  /** Returns whether it has ended, even if its last bytes are still going out. */
  boolean ended() {
    return record.termination != null;
  }

  /** Returns whether nobody waits for anything, and nothing has moved for a time. */
  boolean isIdle(long idleNanos) {
    return relaying()
        && !ended()
        && answered
        && client.pending() + server.pending() == 0
        && !client.inputEnded()
        && !server.inputEnded()
        && loop.nanoTime() - inactivity.sinceNanos() >= idleNanos;
  }

  Loop loop() {
    return loop;
  }

  Listener listener() {
    return listener;
  }

  /** Returns the side that faces the client. */
  Relay clientSide() {
    return client;
  }

  /** Returns where its client is, as far as known yet. */
  InetAddress client() {
    return record.clientAddress.getAddress();
  }

  long acceptedNanos() {
    return record.acceptedNanos;
  }

  long id() {
    return record.id;
  }

  /** Returns what it is at this moment. */
  SessionSnapshot snapshot() {
    return snapshot(loop.nanoTime());
  }

  /** Returns the same with its age and silence at another moment, one for all loops perhaps. */
  SessionSnapshot snapshot(long now) {
    long movedNanos = relaying() ? inactivity.sinceNanos() : record.acceptedNanos;
    return new SessionSnapshot(
        record.id,
        listener,
        record.clientAddress,
        client.localAddress(),
        record.coordinator,
        server.localAddress(),
        record.phase,
        record.acceptedMillis,
        Duration.ofNanos(now - record.acceptedNanos),
        Duration.ofNanos(now - movedNanos),
        server.bytesWritten(),
        client.bytesWritten(),
        record.termination);
  }

  /** Returns whether it holds a slot of a coordinator. */
  boolean isOn(Coordinator coordinator) {
    return connector.slotHeld() && record.coordinator == coordinator;
  }

  /** Returns what its listener was configured to be when it was accepted. */
  ListenerConfig config() {
    return config;
  }
}
