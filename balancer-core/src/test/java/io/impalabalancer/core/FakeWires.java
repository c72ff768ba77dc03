package io.impalabalancer.core;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.KeepaliveConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Wires without sockets: a test says what arrives, and reads what was sent. */
final class FakeWires implements Wires {
  final List<FakeWire> dialled = new ArrayList<>();

  /** What making a wire fails with, null if it does not. */
  @Nullable RuntimeException failure;

  @Override
  public String word() {
    return "fake";
  }

  @Override
  public IoHandlerFactory ioHandlers() {
    return NioIoHandler.newFactory();
  }

  @Override
  public Acceptor listen(Loop loop, BindAddress address, Listener listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Acceptor adopt(Loop loop, int descriptor, Listener listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Wire wire(Relay relay) {
    if (failure != null) {
      throw failure;
    }
    FakeWire wire = new FakeWire(relay);
    dialled.add(wire);
    return wire;
  }

  /** A wire without a socket. */
  static final class FakeWire implements Wire {
    final Relay relay;
    final StringBuilder sent = new StringBuilder();
    final Deque<String> toRead = new ArrayDeque<>();
    @Nullable InetSocketAddress connectedTo;
    boolean peerEnded;
    boolean peerBroken;
    boolean takesNothing;
    boolean room = true;
    boolean finSent;
    boolean closed;
    boolean wasReset;
    int keepalives;
    private String held = "";
    private long written;

    FakeWire(Relay relay) {
      this.relay = relay;
    }

    /** Lets bytes arrive. */
    void arrive(String text) {
      toRead.add(text);
      relay.onReadable();
    }

    void end() {
      peerEnded = true;
      relay.onReadable();
    }

    void drain() {
      takesNothing = false;
      accept(held);
      held = "";
      relay.onDrained();
    }

    private void accept(String text) {
      sent.append(text);
      written += text.length();
    }

    @Override
    public boolean start() {
      return room;
    }

    @Override
    public void connect(InetSocketAddress address, @Nullable ByteBuf first) {
      connectedTo = address;
    }

    @Override
    public int read() {
      String text = toRead.poll();
      if (text == null) {
        return peerBroken ? BROKEN : peerEnded ? END : 0;
      }
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      relay.loop().readBuffer().slice(0, bytes.length).put(bytes);
      return bytes.length;
    }

    @Override
    public boolean mayReadMore() {
      return true;
    }

    @Override
    public boolean write(int length) {
      byte[] bytes = new byte[length];
      relay.loop().readBuffer().slice(0, length).get(bytes);
      return write(new String(bytes, StandardCharsets.US_ASCII));
    }

    @Override
    public boolean write(ByteBuf bytes) {
      String text = bytes.toString(StandardCharsets.US_ASCII);
      bytes.release();
      return write(text);
    }

    private boolean write(String text) {
      if (takesNothing) {
        held += text;
      } else {
        accept(text);
      }
      return true;
    }

    @Override
    public int pending() {
      return held.length();
    }

    @Override
    public long written() {
      return written;
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
      return null;
    }

    @Override
    public boolean broken() {
      return peerBroken;
    }

    @Override
    public void keepalive(KeepaliveConfig config) {
      keepalives++;
    }

    @Override
    public void shutdownOutput() {
      finSent = true;
    }

    @Override
    public void close() {
      closed = true;
    }

    @Override
    public void reset() {
      wasReset = true;
      closed = true;
    }
  }
}
