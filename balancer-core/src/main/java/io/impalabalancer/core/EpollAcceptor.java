package io.impalabalancer.core;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.epoll.Native;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.NativeInetAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket on Netty's epoll loop. It is level-triggered: with a cap on accepts a turn, an
 * edge would be lost.
 */
final class EpollAcceptor implements Acceptor, EpollIoHandle {
  private static final Logger LOG = LoggerFactory.getLogger(EpollAcceptor.class);

  private static final int ACCEPTS_A_TURN = 64;

  /** To pause; NONE would make the next change fail. */
  private static final EpollIoOps NOTHING = EpollIoOps.valueOf(Native.EPOLLET);

  private final Loop loop;
  private final LinuxSocket socket;
  private Listener listener;
  private final IoRegistration registration;
  private final byte[] peer = new byte[26];

  /** Takes over a listening socket. */
  EpollAcceptor(Loop loop, LinuxSocket socket, Listener listener) {
    this.loop = loop;
    this.socket = socket;
    this.listener = listener;
    registration = loop.eventLoop().register(this).getNow();
  }

  @Override
  public FileDescriptor fd() {
    return socket;
  }

  @Override
  public InetSocketAddress address() {
    return socket.localAddress();
  }

  @Override
  public int descriptor() {
    return socket.intValue();
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void serve(Listener listener) throws IOException {
    this.listener = listener;
    EpollWires.configure(socket, listener.config());
  }

  @Override
  public void handle(IoRegistration from, IoEvent event) {
    for (int i = 0; i < ACCEPTS_A_TURN && socket.isOpen(); i++) {
      if (!listener.admit()) {
        pause();
        listener.waitForRoom(this);
        return;
      }
      int descriptor;
      try {
        descriptor = socket.accept(peer);
      } catch (IOException e) {
        listener.dismiss();
        if (!EpollErrors.isShortage(EpollErrors.number(e))) {
          // The client was gone before it was accepted.
          LOG.debug("event=accept-failed listener={} reason=\"{}\"", listener.name(), e.toString());
          continue;
        }
        pause();
        listener.balancer().shortage().pause(this, listener, String.valueOf(e.getMessage()));
        return;
      }
      if (descriptor < 0) {
        listener.dismiss();
        return;
      }
      InetSocketAddress client = NativeInetAddress.address(peer, 1, peer[0]);
      LinuxSocket accepted = LinuxSocket.newSocket(descriptor);
      Session session = listener.accepted(client);
      session.start(new EpollWire(session.clientSide(), accepted));
    }
  }

  private void pause() {
    registration.submit(NOTHING);
  }

  @Override
  public void resume() {
    if (socket.isOpen()) {
      registration.submit(EpollIoOps.EPOLLIN);
    }
  }

  @Override
  public void close() {
    // Before the socket: while another process has it too, closing alone would not end its events.
    registration.cancel();
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("event=close-failed listener={} reason=\"{}\"", listener.name(), e.toString());
    }
  }
}
