package io.impalabalancer.core;

import io.impalabalancer.config.KeepaliveConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.epoll.Native;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.nio.ByteBuffer;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket on Netty's epoll loop, without a channel.
 *
 * <p>It is registered once, edge-triggered, and asks for writability only while bytes are held.
 * What the kernel says of an event is a hint: descriptors are reused, so an event may be another
 * socket's. Only what a read, a write or the socket's error then says is believed.
 */
final class EpollWire implements Wire, EpollIoHandle {
  private static final Logger LOG = LoggerFactory.getLogger(EpollWire.class);

  private static final int EPOLLHUP = 0x10;
  private static final EpollIoOps READ =
      EpollIoOps.valueOf(Native.EPOLLIN | Native.EPOLLRDHUP | Native.EPOLLET);
  private static final EpollIoOps READ_AND_WRITE =
      EpollIoOps.valueOf(Native.EPOLLIN | Native.EPOLLOUT | Native.EPOLLRDHUP | Native.EPOLLET);

  private final Relay relay;
  private final Loop loop;
  private @Nullable LinuxSocket socket;
  private @Nullable IoRegistration registration;
  private @Nullable ByteBuf first;

  /** What could not be written yet is in one of these, or there is nothing. */
  private @Nullable ByteBuf held;

  private @Nullable EpollPipe pipe;

  /** What the loop's sum of held bytes has of this wire. */
  private int heldCounted;

  /** How far what is written here is bulk, see {@link EpollPipes}. */
  private int bulk;

  private long written;
  private boolean connecting;
  private boolean fullRead;
  private boolean hungUp;
  private boolean errorSeen;
  private boolean noDelay;

  /** Makes one that will connect. */
  EpollWire(Relay relay) {
    this.relay = relay;
    loop = relay.loop();
  }

  /** Takes over an accepted socket. */
  EpollWire(Relay relay, LinuxSocket accepted) {
    this(relay);
    socket = accepted;
    noDelay = true;
  }

  @Override
  public boolean start() {
    try {
      register(READ);
      return true;
    } catch (ChannelException | UncheckedIOException e) {
      LOG.debug("event=register-failed reason=\"{}\"", e.toString());
      close();
      return false;
    }
  }

  @Override
  public FileDescriptor fd() {
    return socket();
  }

  private LinuxSocket socket() {
    LinuxSocket open = socket;
    if (open == null) {
      throw new IllegalStateException("the wire has no socket");
    }
    return open;
  }

  private void register(EpollIoOps ops) {
    IoRegistration made = loop.eventLoop().register(this).getNow();
    if (made == null) {
      throw new ChannelException("epoll takes no more descriptors");
    }
    registration = made;
    made.submit(ops);
  }

  private void ask(EpollIoOps ops) {
    IoRegistration current = registration;
    if (current != null) {
      current.submit(ops);
    }
  }

  @Override
  public void connect(InetSocketAddress address, @Nullable ByteBuf firstBytes) {
    ConnectFailure failure;
    try {
      LinuxSocket made = LinuxSocket.newSocketStream(address.getAddress() instanceof Inet6Address);
      socket = made;
      first = firstBytes;
      connecting = true;
      made.connect(address);
      // To a near coordinator the handshake may be over already: one write tells.
      if (firstBytes != null && sendFirst(made, firstBytes) > 0) {
        register(READ);
        connected();
      } else {
        register(READ_AND_WRITE);
      }
      return;
    } catch (NoRouteToHostException e) {
      failure = ConnectFailure.UNREACHABLE;
    } catch (IOException e) {
      failure = failure(e);
    } catch (ChannelException | UncheckedIOException e) {
      // No socket, or no room to register it.
      failure = ConnectFailure.NO_RESOURCES;
    }
    connectFailed(failure);
  }

  /** Returns the bytes sent; 0 if the connection does not stand yet. */
  private int sendFirst(LinuxSocket to, ByteBuf bytes) throws IOException {
    try {
      int sent = send(to, bytes);
      written += Math.max(sent, 0);
      return sent;
    } catch (NotYetConnectedException e) {
      return 0;
    }
  }

  /** Works off an event while the connection does not stand yet. */
  private void connectStep() {
    LinuxSocket current = socket();
    ConnectFailure failure = null;
    try {
      int error = current.getSoError();
      ByteBuf bytes = first;
      if (error != 0) {
        failure = EpollErrors.connectFailure(error);
      } else if ((bytes != null && sendFirst(current, bytes) > 0)
          || current.remoteAddress() != null) {
        ask(READ);
        connected();
      }
    } catch (IOException e) {
      failure = failure(e);
    }
    if (failure != null) {
      connectFailed(failure);
    }
  }

  private void connected() {
    connecting = false;
    first = null;
    relay.onConnected();
  }

  private void connectFailed(ConnectFailure failure) {
    first = null;
    if (socket != null) {
      close();
    }
    relay.onConnectFailed(failure);
  }

  private static ConnectFailure failure(IOException e) {
    return EpollErrors.connectFailure(EpollErrors.number(e));
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    if (socket == null) {
      return;
    }
    try {
      int bits = ((EpollIoEvent) event).ops().value();
      if (connecting) {
        connectStep();
        return;
      }
      if ((bits & (Native.EPOLLRDHUP | Native.EPOLLERR | EPOLLHUP)) != 0) {
        hungUp = true;
        errorSeen |= (bits & Native.EPOLLERR) != 0;
      }
      if ((bits & Native.EPOLLOUT) != 0 && pending() > 0) {
        flush();
      }
      if (socket != null
          && (bits & (Native.EPOLLIN | Native.EPOLLRDHUP | Native.EPOLLERR | EPOLLHUP)) != 0) {
        relay.onReadable();
      }
    } catch (RuntimeException e) {
      relay.onDefect(e);
    }
  }

  @Override
  public int read() {
    int max = loop.held().readBytes();
    try {
      int count = socket().recvAddress(loop.readBufferAddress(), 0, max);
      fullRead = count == max;
      return count < 0 ? END : count;
    } catch (IOException | NotYetConnectedException e) {
      return BROKEN;
    }
  }

  @Override
  public boolean mayReadMore() {
    // After a short read there was nothing left, and the next byte is a new edge; but an end that
    // came with the bytes was part of the edge that is being worked off.
    return fullRead || hungUp;
  }

  @Override
  public boolean write(int length) {
    bulk = loop.pipes().next(bulk, length);
    LinuxSocket to = socket();
    try {
      delayNothing(to);
      int sent = to.sendAddress(loop.readBufferAddress(), 0, length);
      written += sent;
      if (sent < length) {
        ByteBuf rest = loop.allocator().directBuffer(length - sent);
        rest.writeBytes(loop.readBuffer().slice(sent, length - sent));
        hold(rest);
      }
      return true;
    } catch (IOException | NotYetConnectedException e) {
      return false;
    }
  }

  @Override
  public boolean write(ByteBuf bytes) {
    if (!bytes.isReadable()) {
      bytes.release();
      return true;
    }
    try {
      int sent = send(socket(), bytes);
      written += sent;
      if (bytes.isReadable()) {
        hold(bytes);
      } else {
        bytes.release();
      }
      return true;
    } catch (IOException | NotYetConnectedException e) {
      bytes.release();
      return false;
    }
  }

  /**
   * Switches Nagle's algorithm off before the second write to a coordinator. The first goes out at
   * once anyway, so that a session of one question and one answer does not pay for the call.
   */
  private void delayNothing(LinuxSocket to) throws IOException {
    if (!noDelay && written > 0) {
      noDelay = true;
      to.setTcpNoDelay(true);
    }
  }

  private static int send(LinuxSocket to, ByteBuf bytes) throws IOException {
    ByteBuffer nio = bytes.internalNioBuffer(bytes.readerIndex(), bytes.readableBytes());
    int sent = to.send(nio, nio.position(), nio.limit());
    bytes.skipBytes(Math.max(sent, 0));
    return sent;
  }

  private void hold(ByteBuf rest) {
    assert pending() == 0 : "written to while bytes are held";
    held = rest;
    countHeld();
    ask(READ_AND_WRITE);
  }

  @Override
  public int splice(Wire from) {
    EpollPipes pipes = loop.pipes();
    long room = loop.held().roomBytes();
    if (!pipes.splices(bulk) || room < HeldBytes.READ_MAX_BYTES) {
      return 0;
    }
    EpollPipe taken = pipes.take();
    if (taken == null) {
      return 0;
    }
    int count;
    try {
      count = taken.fill(((EpollWire) from).socket(), room);
    } catch (IOException | NotYetConnectedException e) {
      count = BROKEN;
    }
    if (count > 0) {
      bulk = pipes.next(bulk, count);
      pipe = taken;
    } else {
      pipes.giveBack(taken);
    }
    return count;
  }

  @Override
  public boolean writeSpliced() {
    try {
      drainPipe();
      if (pending() > 0) {
        countHeld();
        ask(READ_AND_WRITE);
      }
      return true;
    } catch (IOException | NotYetConnectedException e) {
      return false;
    }
  }

  private void drainPipe() throws IOException {
    EpollPipe full = pipe;
    if (full == null) {
      return;
    }
    LinuxSocket to = socket();
    delayNothing(to);
    int sent = full.drain(to);
    written += sent;
    loop.pipes().count(sent);
    if (full.pending() == 0) {
      pipe = null;
      loop.pipes().giveBack(full);
    }
  }

  private void drainHeld() throws IOException {
    ByteBuf bytes = held;
    if (bytes == null) {
      return;
    }
    LinuxSocket to = socket();
    delayNothing(to);
    written += send(to, bytes);
    if (!bytes.isReadable()) {
      held = null;
      bytes.release();
    }
  }

  /** Writes what is held, as far as it goes. */
  private void flush() {
    int before = pending();
    try {
      drainHeld();
      drainPipe();
    } catch (IOException | NotYetConnectedException e) {
      relay.onBroken();
      return;
    }
    countHeld();
    if (pending() == 0) {
      ask(READ);
      relay.onDrained();
    } else if (pending() < before) {
      relay.onProgress();
    }
  }

  @Override
  public int pending() {
    if (pipe != null) {
      return pipe.pending();
    }
    return held == null ? 0 : held.readableBytes();
  }

  /** Brings the loop's sum of held bytes up to date. */
  private void countHeld() {
    int now = pending();
    if (now != heldCounted) {
      loop.held().add(now - heldCounted);
      heldCounted = now;
    }
  }

  @Override
  public long written() {
    return written;
  }

  @Override
  public @Nullable InetSocketAddress localAddress() {
    return socket == null ? null : socket.localAddress();
  }

  @Override
  public boolean broken() {
    if (!errorSeen || socket == null) {
      return false;
    }
    try {
      return socket.getSoError() != 0;
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public void keepalive(KeepaliveConfig config) {
    try {
      EpollWires.keepalive(socket(), config);
    } catch (IOException e) {
      LOG.debug("event=keepalive-failed reason=\"{}\"", e.getMessage());
    }
  }

  @Override
  public void shutdownOutput() {
    try {
      socket().shutdown(false, true);
    } catch (IOException | NotYetConnectedException e) {
      // The connection is gone, and reading will say so.
      LOG.debug("event=shutdown-failed reason=\"{}\"", e.getMessage());
    }
  }

  @Override
  public void reset() {
    try {
      socket().setSoLinger(0);
    } catch (IOException e) {
      LOG.debug("event=reset-failed reason=\"{}\"", e.getMessage());
    }
    close();
  }

  @Override
  public void close() {
    LinuxSocket open = socket;
    if (open == null) {
      return;
    }
    if (held != null) {
      held.release();
      held = null;
    }
    if (pipe != null) {
      loop.pipes().discard(pipe);
      pipe = null;
    }
    countHeld();
    try {
      // Closing first spares the call that takes the descriptor out of epoll.
      open.close();
    } catch (IOException e) {
      LOG.debug("event=close-failed reason=\"{}\"", e.getMessage());
    }
    IoRegistration made = registration;
    if (made != null) {
      made.cancel();
    }
    socket = null;
  }
}
