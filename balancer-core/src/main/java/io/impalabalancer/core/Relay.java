package io.impalabalancer.core;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One side of a session: reads from its own wire and writes to the other side's. Two of them face
 * each other.
 *
 * <ul>
 *   <li>While the other side's wire holds bytes, nothing is read here; when they have gone out,
 *       reading goes on. So a peer that does not read costs one read at most.
 *   <li>When this side's peer has ended and everything was written, the other side is sent FIN; its
 *       own direction lives on.
 *   <li>After the session has ended, what still comes is thrown away, until the peer has ended too.
 * </ul>
 *
 * Touched on the session's loop only.
 */
final class Relay implements Runnable {
  private static final int READS_A_TURN = 8;

  private final Session session;
  private @Nullable Relay other;
  private @Nullable Wire wire;
  private boolean inputEnded;
  private boolean outputEnded;
  private boolean goesOn;
  private long countedBytes;

  Relay(Session session) {
    this.session = session;
  }

  /** Sets two sides face to face. */
  static void join(Relay one, Relay two) {
    one.other = two;
    two.other = one;
  }

  Loop loop() {
    return session.loop();
  }

  /** Returns the wire; there must be one. */
  Wire wire() {
    Wire current = wire;
    if (current == null) {
      throw new IllegalStateException("the side has no wire");
    }
    return current;
  }

  boolean hasWire() {
    return wire != null;
  }

  void setWire(Wire made) {
    wire = made;
  }

  /** Forgets a wire that could not connect; it is closed. */
  void dropWire() {
    wire = null;
  }

  /** Returns whether the peer has ended its direction, and everything before it was read. */
  boolean inputEnded() {
    return inputEnded;
  }

  /** The peer has ended; found by the session, which reads before there is anyone to relay to. */
  void endInput() {
    inputEnded = true;
  }

  /** Returns whether both directions of this side are over. */
  boolean ended() {
    return inputEnded && outputEnded;
  }

  int pending() {
    return wire == null ? 0 : wire.pending();
  }

  private Relay other() {
    Relay facing = other;
    if (facing == null) {
      throw new IllegalStateException("the side was not joined");
    }
    return facing;
  }

  /** The wire may have something to read. */
  void onReadable() {
    if (wire == null) {
      return;
    }
    if (session.ended()) {
      discard();
    } else if (!session.relaying()) {
      session.onEarlyReadable();
    } else if (inputEnded || other().pending() > 0) {
      // Nothing may be read, but a reset is heard.
      if (wire.broken()) {
        session.onBroken(this);
      }
    } else {
      pump();
    }
  }

  /** Some of what the wire holds has gone out: a slow peer is not a silent one. */
  void onProgress() {
    countWritten();
    session.moved();
  }

  /** What the wire held has gone out. */
  void onDrained() {
    onProgress();
    if (session.ended()) {
      finishOutput();
    } else if (other().inputEnded) {
      endOutput();
    } else {
      other().pump();
    }
  }

  /** The wire found out while writing that the connection is broken. */
  void onBroken() {
    if (session.ended()) {
      abandon();
    } else {
      session.onBroken(this);
    }
  }

  void onConnected() {
    session.onConnected();
  }

  void onConnectFailed(ConnectFailure failure) {
    session.onConnectFailed(failure);
  }

  /** A defect of ours surfaced in a wire. */
  void onDefect(Throwable defect) {
    session.onDefect(defect);
  }

  /** Has another turn after one that used up its reads; one at most is under way. */
  private void goOn() {
    if (!goesOn) {
      goesOn = true;
      loop().eventLoop().execute(this);
    }
  }

  /** Goes on after a turn that used up its reads. */
  @Override
  public void run() {
    goesOn = false;
    try {
      onReadable();
    } catch (RuntimeException e) {
      session.onDefect(e);
    }
  }

  /** Moves what there is to the other side, until there is no more or it takes no more. */
  void pump() {
    if (inputEnded) {
      return;
    }
    Relay to = other();
    for (int i = 0; i < READS_A_TURN; i++) {
      int count = to.wire().splice(wire());
      boolean spliced = count > 0;
      if (count == 0) {
        count = wire().read();
      }
      if (count == 0) {
        return;
      } else if (count == Wire.END) {
        inputEnded = true;
        to.endOutput();
        return;
      } else if (count == Wire.BROKEN) {
        session.onBroken(this);
        return;
      }
      session.moved();
      if (!(spliced ? to.wire().writeSpliced() : to.wire().write(count))) {
        session.onBroken(to);
        return;
      }
      to.countWritten();
      if (to.pending() > 0 || !(spliced || wire().mayReadMore())) {
        return;
      }
    }
    goOn();
  }

  /** Returns the balancer's address of this side's connection, null if there is none. */
  @Nullable InetSocketAddress localAddress() {
    return wire == null ? null : wire.localAddress();
  }

  /** Returns the bytes that were written out and counted. */
  long bytesWritten() {
    return countedBytes;
  }

  /** Counts what the wire has written out since the last time. */
  void countWritten() {
    long written = wire().written();
    if (written != countedBytes) {
      session.count(this, written - countedBytes);
      countedBytes = written;
    }
  }

  /** Passes the end of the other side's input on, once everything before it has gone out. */
  void endOutput() {
    if (pending() == 0 && !outputEnded) {
      outputEnded = true;
      session.moved();
      if (!inputEnded || !other().ended()) {
        // Else both are about to be closed, which sends the FIN too.
        wire().shutdownOutput();
      }
      session.onHalfClosed();
    }
  }

  /**
   * Ends this side: with RST at once; with FIN after what is held has gone out, and closed when the
   * peer has ended too. Closing earlier, with bytes of the peer unread, would make a RST of the
   * FIN.
   */
  void end(Termination.Ending ending) {
    if (wire == null) {
      return;
    }
    if (ending == Termination.Ending.RST) {
      wire.reset();
      closed();
    } else {
      finishOutput();
    }
  }

  private void finishOutput() {
    if (pending() > 0) {
      return;
    }
    if (inputEnded || session.phase() == Phase.FIRST_BYTES) {
      wire().close();
      closed();
      return;
    }
    if (!outputEnded) {
      outputEnded = true;
      wire().shutdownOutput();
    }
    discard();
  }

  /** Reads and throws away; a peer that has ended, or is gone, lets the wire be closed. */
  private void discard() {
    if (pending() > 0) {
      if (wire().broken()) {
        abandon();
      }
      return;
    }
    for (int i = 0; i < READS_A_TURN; i++) {
      int count = wire().read();
      if (count == 0) {
        return;
      } else if (count < 0) {
        wire().close();
        closed();
        return;
      }
    }
    goOn();
  }

  /**
   * Closes whatever is left: with RST if bytes are lost by it, so that nobody takes it for whole.
   */
  void abandon() {
    if (wire == null) {
      return;
    }
    if (wire.pending() > 0) {
      wire.reset();
    } else {
      wire.close();
    }
    closed();
  }

  private void closed() {
    countWritten();
    wire = null;
    session.onWireClosed();
  }
}
