package io.impalabalancer.core;

import io.impalabalancer.config.KeepaliveConfig;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A socket as a Netty channel. The channel reads only when the session does: what one read of the
 * channel brought is kept until the session has taken it.
 */
final class ChannelWire extends ChannelInboundHandlerAdapter implements Wire {
  private final Relay relay;
  private final Loop loop;
  private final SocketChannel channel;
  private @Nullable ByteBuf arrived;
  private boolean reading;
  private boolean ended;
  private boolean broken;
  private boolean closed;
  private int pending;
  private long written;

  /** Takes over an accepted channel, or a new one that will connect; neither is registered. */
  ChannelWire(Relay relay, SocketChannel channel) {
    this.relay = relay;
    this.channel = channel;
    loop = relay.loop();
    ChannelWires.configure(channel);
    channel.pipeline().addLast(this);
  }

  @Override
  public boolean start() {
    closed = loop.register(channel).cause() != null;
    if (!closed) {
      read();
    }
    return !closed;
  }

  @Override
  public void connect(InetSocketAddress address, @Nullable ByteBuf first) {
    loop.register(channel);
    channel
        .connect(address)
        .addListener(done -> {
          if (closed) {
            return;
          }
          Throwable cause = done.cause();
          if (cause == null) {
            read();
            relay.onConnected();
          } else {
            closed = true;
            channel.close();
            relay.onConnectFailed(failure(cause));
          }
        });
  }

  private static ConnectFailure failure(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof ConnectException && message.contains("refused")) {
      return ConnectFailure.REFUSED;
    } else if (message.contains("timed out")) {
      return ConnectFailure.TIMEOUT;
    } else if (ChannelWires.isShortage(cause)
        || message.contains("Cannot assign requested address")) {
      return ConnectFailure.NO_RESOURCES;
    }
    return ConnectFailure.UNREACHABLE;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    assert arrived == null : "the channel read without being asked";
    if (closed || !bytes.isReadable()) {
      bytes.release();
      return;
    }
    arrived = bytes;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    reading = false;
    if (!closed) {
      guarded(relay::onReadable);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      ended = true;
      if (!closed) {
        guarded(relay::onReadable);
      }
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof IOException) {
      // A reset, or a peer that keepalive found dead.
      broken = true;
    } else if (!closed) {
      relay.onDefect(cause);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (!closed) {
      broken = true;
      guarded(relay::onReadable);
    }
  }

  private void guarded(Runnable event) {
    try {
      event.run();
    } catch (RuntimeException e) {
      relay.onDefect(e);
    }
  }

  @Override
  public int read() {
    ByteBuf bytes = arrived;
    if (bytes != null) {
      int count = Math.min(bytes.readableBytes(), loop.held().readBytes());
      bytes.readBytes(loop.readBuffer().slice(0, count));
      if (!bytes.isReadable()) {
        arrived = null;
        bytes.release();
      }
      return count;
    }
    if (broken) {
      return BROKEN;
    }
    if (ended) {
      return END;
    }
    if (!reading) {
      reading = true;
      channel.read();
    }
    return 0;
  }

  @Override
  public boolean mayReadMore() {
    // Also when nothing is left: the read that then gives 0 asks the channel for more.
    return true;
  }

  @Override
  public boolean write(int length) {
    return write(
        loop.allocator().directBuffer(length).writeBytes(loop.readBuffer().slice(0, length)));
  }

  @Override
  public boolean write(ByteBuf bytes) {
    int length = bytes.readableBytes();
    ChannelFuture done = channel.writeAndFlush(bytes);
    if (done.isDone()) {
      written += done.isSuccess() ? length : 0;
      return done.isSuccess();
    }
    pending += length;
    loop.held().add(length);
    done.addListener(future -> {
      pending -= length;
      loop.held().add(-length);
      if (future.isSuccess()) {
        written += length;
        if (!closed) {
          guarded(relay::onDrained);
        }
      } else if (!closed) {
        broken = true;
        guarded(relay::onBroken);
      }
    });
    return true;
  }

  @Override
  public int pending() {
    return pending;
  }

  @Override
  public long written() {
    return written;
  }

  @Override
  public @Nullable InetSocketAddress localAddress() {
    return channel.localAddress();
  }

  @Override
  public boolean broken() {
    return broken;
  }

  @Override
  public void keepalive(KeepaliveConfig config) {
    ChannelWires.keepalive(channel, config);
  }

  @Override
  public void shutdownOutput() {
    // If the connection is gone, reading will say so.
    channel.shutdownOutput();
  }

  @Override
  public void reset() {
    if (channel.isOpen()) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    close();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    ByteBuf bytes = arrived;
    if (bytes != null) {
      arrived = null;
      bytes.release();
    }
    channel.close();
  }
}
