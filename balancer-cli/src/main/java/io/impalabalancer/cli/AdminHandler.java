package io.impalabalancer.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of the web port. It reads one request, answers it, and reads the next, each within
 * the deadline. On the admin loop, but for the making of pages.
 */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);

  private final Map<String, Page.Maker> pages;
  private final Executor worker;
  private final long deadlineNanos;
  private @Nullable Future<?> deadline;

  AdminHandler(Map<String, Page.Maker> pages, Executor worker, Duration deadline) {
    this.pages = pages;
    this.worker = worker;
    this.deadlineNanos = deadline.toNanos();
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    readNext(context);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    stopDeadline();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    // The next request waits in the FlowControlHandler until this one is answered.
    context.channel().config().setAutoRead(false);
    boolean head = request.method().equals(HttpMethod.HEAD);
    if (request.decoderResult().isFailure()) {
      answer(context, head, false, refusal(request.decoderResult().cause()));
      return;
    }
    boolean keepAlive = HttpUtil.isKeepAlive(request);
    if (!head && !request.method().equals(HttpMethod.GET)) {
      answer(context, false, keepAlive, Page.plain(405, "method not allowed: use GET or HEAD"));
      return;
    }
    String path = path(request.uri());
    Page.Maker maker = pages.get(path);
    if (maker == null) {
      answer(context, head, keepAlive, Page.plain(404, "not found; the pages are listed at /"));
      return;
    }
    String accept = request.headers().get(HttpHeaderNames.ACCEPT);
    try {
      worker.execute(() -> {
        Page made = make(path, maker, accept);
        context.executor().execute(() -> answer(context, head, keepAlive, made));
      });
    } catch (RejectedExecutionException closed) {
      answer(context, head, false, Page.plain(503, "busy"));
    }
  }

  /** Runs on the worker. */
  private static Page make(String path, Page.Maker maker, @Nullable String accept) {
    try {
      return maker.make(accept);
    } catch (RuntimeException e) {
      LOG.error("event=page-failed path={}", path, e);
      return Page.plain(500, "internal error; see the log");
    }
  }

  private void answer(ChannelHandlerContext context, boolean head, boolean keepAlive, Page page) {
    ByteBuf body = ByteBufUtil.writeUtf8(context.alloc(), page.text());
    int length = body.readableBytes();
    if (head) {
      body.clear();
    }
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(page.status()), body);
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, page.contentType())
        .setInt(HttpHeaderNames.CONTENT_LENGTH, length)
        .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    if (page.status() == 405) {
      response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
    }
    HttpUtil.setKeepAlive(response, keepAlive);
    context
        .writeAndFlush(response)
        .addListener(written -> {
          if (written.isSuccess() && keepAlive) {
            readNext(context);
          } else {
            context.close();
          }
        });
  }

  /** Gives the next request, its answer included, the whole time of the deadline. */
  private void readNext(ChannelHandlerContext context) {
    stopDeadline();
    deadline =
        context.executor().schedule(() -> close(context), deadlineNanos, TimeUnit.NANOSECONDS);
    context.channel().config().setAutoRead(true);
  }

  private void stopDeadline() {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }

  private static Page refusal(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return Page.plain(414, "request line too long");
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return Page.plain(431, "headers too long");
    }
    return Page.plain(400, "not a valid HTTP request");
  }

  /** Returns what stands before the query. */
  private static String path(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.warn("event=web-connection-failed reason=\"{}\"", cause.toString());
    }
    close(context);
  }

  private static void close(ChannelHandlerContext context) {
    var unused = context.close();
  }
}
