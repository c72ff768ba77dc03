package io.impalabalancer.health;

import io.impalabalancer.health.CheckResult.Outcome;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks for one page: whether its status is the expected one. The status line decides; redirects are
 * not followed, and the body is not waited for.
 */
final class HttpProbe extends Probe {
  private static final int MOST_LINE_BYTES = 4096;
  private static final int MOST_HEADER_BYTES = 16 * 1024;
  private static final int MOST_CHUNK_BYTES = 8192;

  private final @Nullable SslHandler tls;
  private final String host;
  private final HttpMethod method;
  private final String path;
  private final int expected;

  /**
   * Makes one that is not started.
   *
   * @param tls what the connection begins with, null without TLS
   * @param host the value of the {@code Host} header
   * @param path begins with a slash
   */
  HttpProbe(
      Sockets sockets,
      Duration timeout,
      @Nullable SslHandler tls,
      HttpMethod method,
      String host,
      String path,
      int expected,
      Consumer<CheckResult> done) {
    super(sockets, timeout, done);
    this.tls = tls;
    this.method = method;
    this.host = host;
    this.path = path;
    this.expected = expected;
  }

  @Override
  void prepare(Channel made) {
    if (tls != null) {
      made.pipeline().addLast(tls);
    }
    made.pipeline()
        .addLast(new HttpClientCodec(MOST_LINE_BYTES, MOST_HEADER_BYTES, MOST_CHUNK_BYTES))
        .addLast(new Answer());
  }

  @Override
  void connected(Channel channel) {
    FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, path);
    request
        .headers()
        .set(HttpHeaderNames.HOST, host)
        .set(HttpHeaderNames.USER_AGENT, "impala-balancer")
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    // A failed write reaches the answer's exceptionCaught.
    Future<?> unused = channel.writeAndFlush(request);
  }

  private void answered(HttpResponse response) {
    int status = response.status().code();
    if (response.decoderResult().isFailure()) {
      end(new CheckResult(Outcome.BAD_ANSWER, "http answer not understood"));
    } else if (status == expected) {
      end(new CheckResult(Outcome.OK, "http status " + status));
    } else {
      String reason = "http status " + status + " (expected " + expected + ")";
      end(new CheckResult(Outcome.BAD_STATUS, reason));
    }
  }

  private final class Answer extends SimpleChannelInboundHandler<HttpObject> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
      if (message instanceof HttpResponse response) {
        answered(response);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      end(new CheckResult(Outcome.BAD_ANSWER, "http connection closed without an answer"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      end(CheckResult.broken(cause));
    }
  }
}
