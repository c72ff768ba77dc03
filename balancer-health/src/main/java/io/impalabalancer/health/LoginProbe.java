package io.impalabalancer.health;

import io.impalabalancer.config.Protocol;
import io.impalabalancer.health.CheckResult.Outcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Logs in to a client port and out again, as a polite client does: SASL if it is to be, then under
 * hiveserver2 a session that is opened and closed, under beeswax, where the connection is the
 * session, a ping. The messages of SASL are those of Impala's TSaslTransport.
 */
final class LoginProbe extends Probe {
  private static final int START = 1;
  private static final int OK = 2;
  private static final int COMPLETE = 5;
  private static final int MOST_MESSAGE_BYTES = 1 << 16;
  private static final int MOST_SHOWN_CHARS = 400;

  private final @Nullable SslHandler tls;
  private final @Nullable SaslLogin sasl;
  private final Protocol protocol;
  private final String user;

  /** What came and was not read: of SASL, then of the answer to a call, out of its frames. */
  private final ByteBuf came = Unpooled.buffer();

  private final ByteBuf answer = Unpooled.buffer();

  /** Whether what is waited for is our own: a file, or the KDC. */
  private boolean thinking;

  private boolean loggedIn;
  private boolean closing;

  /**
   * Makes one that is not started.
   *
   * @param tls what the connection begins with, null without TLS
   * @param sasl null without a login
   * @param protocol hiveserver2 or beeswax
   * @param user whom one without a login says that he is; may be empty
   */
  LoginProbe(
      Sockets sockets,
      Duration timeout,
      @Nullable SslHandler tls,
      @Nullable SaslLogin sasl,
      Protocol protocol,
      String user,
      Consumer<CheckResult> done) {
    super(sockets, timeout, done);
    this.tls = tls;
    this.sasl = sasl;
    this.protocol = protocol;
    this.user = user;
  }

  @Override
  CheckResult late(Duration after) {
    CheckResult late = CheckResult.timeout(thinking ? "our own part of the login" : "login", after);
    return thinking ? new CheckResult(Outcome.LOGIN, late.reason()) : late;
  }

  @Override
  void prepare(Channel made) {
    if (tls != null) {
      made.pipeline().addLast(tls);
    }
    made.pipeline().addLast(new Answers());
  }

  @Override
  void connected(Channel channel) {
    if (sasl == null) {
      loggedIn(channel);
    } else {
      byte[] mechanism = sasl.mechanism().getBytes(StandardCharsets.US_ASCII);
      answer(sasl, null, channel, message(START, mechanism));
    }
  }

  private void answer(
      SaslLogin with, byte @Nullable [] challenge, Channel channel, ByteBuf before) {
    thinking = true;
    with.answer(
        challenge,
        said -> {
          thinking = false;
          said(channel, before, said);
        });
  }

  private void said(Channel channel, ByteBuf before, SaslLogin.Answer said) {
    if (said.problem().isEmpty()) {
      send(channel, Unpooled.wrappedBuffer(before, message(OK, said.bytes())));
    } else {
      end(new CheckResult(Outcome.LOGIN, "login: " + shown(said.problem())));
    }
  }

  private static ByteBuf message(int status, byte[] payload) {
    return Unpooled.buffer().writeByte(status).writeInt(payload.length).writeBytes(payload);
  }

  private static void send(Channel channel, ByteBuf bytes) {
    // A write fails only with the connection.
    Future<?> unused = channel.writeAndFlush(bytes);
  }

  private void loggedIn(Channel channel) {
    loggedIn = true;
    call(channel, protocol == Protocol.BEESWAX ? ThriftCall.ping() : ThriftCall.openSession(user));
  }

  private void call(Channel channel, ByteBuf call) {
    answer.clear();
    ByteBuf length = sasl == null ? Unpooled.EMPTY_BUFFER : Unpooled.copyInt(call.readableBytes());
    send(channel, Unpooled.wrappedBuffer(length, call));
  }

  /** Reads the SASL message that came, if all of it did. */
  private void negotiate(Channel channel, SaslLogin with) throws IOException {
    if (came.readableBytes() < 1 + Integer.BYTES) {
      return;
    }
    int status = came.getByte(came.readerIndex());
    int length = came.getInt(came.readerIndex() + 1);
    if (status < START || status > COMPLETE || length < 0 || length > MOST_MESSAGE_BYTES) {
      throw new IOException("an answer that is not SASL's");
    }
    if (came.readableBytes() < 1 + Integer.BYTES + length) {
      return;
    }
    came.skipBytes(1 + Integer.BYTES);
    byte[] payload = new byte[length];
    came.readBytes(payload);
    switch (status) {
      case OK -> answer(with, payload, channel, Unpooled.EMPTY_BUFFER);
      case COMPLETE -> loggedIn(channel);
      default ->
          end(
              new CheckResult(
                  Outcome.LOGIN,
                  "login refused: " + shown(new String(payload, StandardCharsets.UTF_8))));
    }
  }

  private static String shown(String text) {
    return text.substring(0, Math.min(text.length(), MOST_SHOWN_CHARS));
  }

  /** Takes what came of an answer out of its frames, if it is in any. */
  private void unpack() throws IOException {
    if (sasl == null) {
      answer.writeBytes(came);
      return;
    }
    while (came.readableBytes() >= Integer.BYTES) {
      int length = came.getInt(came.readerIndex());
      if (length < 0 || length > ThriftCall.MOST_BYTES) {
        throw new IOException("a frame of " + length + " bytes");
      }
      if (came.readableBytes() < Integer.BYTES + length) {
        return;
      }
      came.skipBytes(Integer.BYTES);
      answer.writeBytes(came, length);
    }
  }

  private void answered(Channel channel) throws IOException {
    ThriftCall.Answer read = ThriftCall.read(answer);
    if (read == null) {
      return;
    }
    if (read.problem() != null) {
      end(new CheckResult(Outcome.BAD_STATUS, "logged in, then: " + shown(read.problem())));
    } else if (closing || protocol == Protocol.BEESWAX) {
      end(new CheckResult(Outcome.OK, "logged in and out"));
    } else if (read.session().length == 0) {
      throw new IOException("an answer without a session");
    } else {
      closing = true;
      call(channel, ThriftCall.closeSession(read.session()));
    }
  }

  @Override
  void ended() {
    if (sasl != null) {
      sasl.end();
    }
  }

  private final class Answers extends SimpleChannelInboundHandler<ByteBuf> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) throws IOException {
      came.discardReadBytes().writeBytes(bytes);
      if (came.readableBytes() > 2 * ThriftCall.MOST_BYTES) {
        throw new IOException("much more than was asked for");
      }
      if (!loggedIn && sasl != null) {
        negotiate(ctx.channel(), sasl);
      } else {
        unpack();
        answered(ctx.channel());
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      end(new CheckResult(Outcome.BAD_ANSWER, "login: closed without an answer"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      Throwable inner = cause.getCause() == null ? cause : cause.getCause();
      if (inner instanceof SSLException) {
        end(new CheckResult(Outcome.TLS, "no TLS: " + inner.getMessage()));
      } else {
        end(new CheckResult(Outcome.BAD_ANSWER, "login: " + cause.getMessage()));
      }
    }
  }
}
