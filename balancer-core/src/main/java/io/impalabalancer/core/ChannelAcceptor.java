package io.impalabalancer.core;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening Netty channel. It accepts one client a read, and the next only when that one was
 * admitted, so that it holds one client at most that the kernel should hold.
 */
final class ChannelAcceptor extends ChannelInboundHandlerAdapter implements Acceptor {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelAcceptor.class);

  private final Loop loop;
  private final NioServerSocketChannel channel;
  private Listener listener;
  private @Nullable SocketChannel refused;

  ChannelAcceptor(Loop loop, NioServerSocketChannel channel, Listener listener) {
    this.loop = loop;
    this.channel = channel;
    this.listener = listener;
  }

  @Override
  public InetSocketAddress address() {
    return channel.localAddress();
  }

  @Override
  public int descriptor() {
    return -1;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void serve(Listener listener) {
    this.listener = listener;
  }

  @Override
  public void resume() {
    SocketChannel client = refused;
    refused = null;
    if (client != null) {
      offer(client);
    } else if (channel.isOpen()) {
      channel.read();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    offer((SocketChannel) message);
  }

  private void offer(SocketChannel client) {
    InetSocketAddress address = client.remoteAddress();
    if (address == null) {
      // Gone before it was accepted.
      client.unsafe().closeForcibly();
    } else if (listener.admit()) {
      ChannelWires.keepalive(client, listener.config().keepalive());
      Session session = listener.accepted(address);
      session.start(new ChannelWire(session.clientSide(), client));
    } else {
      refused = client;
      listener.waitForRoom(this);
      return;
    }
    channel.read();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (ChannelWires.isShortage(cause)) {
      listener.balancer().shortage().pause(this, listener, String.valueOf(cause.getMessage()));
    } else {
      LOG.debug("event=accept-failed listener={} reason=\"{}\"", listener.name(), cause.toString());
      channel.read();
    }
  }

  @Override
  public void close() {
    SocketChannel client = refused;
    refused = null;
    if (client != null) {
      client.unsafe().closeForcibly();
    }
    channel.close();
  }
}
