package io.impalabalancer.cli.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.impalabalancer.config.StatsConfig;
import io.impalabalancer.config.UserConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of the web port. It reads one request, answers it, and reads the next, each within
 * the deadline. On the admin loop, but for the making of pages.
 */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);

  /** Nothing from elsewhere, nothing inline, and in nobody's frame. */
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final Routes routes;
  private final Supplier<StatsConfig> config;
  private final Logins logins;
  private final EventStream stream;
  private final Executor worker;
  private final long deadlineNanos;
  private @Nullable Future<?> deadline;

  AdminHandler(
      Routes routes,
      Supplier<StatsConfig> config,
      Logins logins,
      EventStream stream,
      Executor worker,
      Duration deadline) {
    this.routes = routes;
    this.config = config;
    this.logins = logins;
    this.stream = stream;
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
    boolean keepAlive = HttpUtil.isKeepAlive(request);
    if (request.decoderResult().isFailure()) {
      answer(context, head, false, refusal(request.decoderResult().cause()));
      return;
    }
    Routes.Found found = routes.find(head ? "GET" : request.method().name(), request.uri());
    if (found.refusal() != null) {
      answer(context, head, keepAlive, found.refusal());
      return;
    }
    Page forged = request.method().equals(HttpMethod.POST) ? forged(request.headers()) : null;
    if (forged != null) {
      answer(context, head, keepAlive, forged);
      return;
    }
    String accept = request.headers().get(HttpHeaderNames.ACCEPT);
    String body = request.content().toString(UTF_8);
    logins.login(
        request.headers().get(HttpHeaderNames.AUTHORIZATION),
        ((InetSocketAddress) context.channel().remoteAddress()).getAddress(),
        login -> {
          Page refusal = refusal(found.route().access(), login);
          if (refusal != null) {
            answer(context, head, keepAlive, refusal);
            return;
          }
          UserConfig user = login instanceof Logins.Answer.Granted granted ? granted.user() : null;
          Request asked =
              new Request(
                  found.path(),
                  request.method().equals(HttpMethod.POST),
                  found.names(),
                  found.query(),
                  accept,
                  body,
                  user);
          make(context, head, keepAlive, found.route(), asked);
        });
  }

  /**
   * Returns the refusal of a request that a page of another site may have had a browser send, null
   * if none can have. Browsers let such a page set no header of its own, and name its origin.
   */
  private static @Nullable Page forged(HttpHeaders headers) {
    String origin = headers.get(HttpHeaderNames.ORIGIN);
    String host = headers.get(HttpHeaderNames.HOST);
    String site = headers.get("sec-fetch-site");
    boolean fromHere =
        origin == null
            || origin.equalsIgnoreCase("http://" + host)
            || origin.equalsIgnoreCase("https://" + host);
    if (!fromHere || (site != null && !site.equals("same-origin") && !site.equals("none"))) {
      return Page.plain(403, "refused: the request comes from a page of another site");
    }
    if (!headers.contains("x-requested-with")) {
      return Page.plain(403, "refused: a POST needs the header X-Requested-With, with any value");
    }
    return null;
  }

  private @Nullable Page refusal(Route.Access access, Logins.Answer login) {
    StatsConfig now = config.get();
    if ((access == Route.Access.HEALTH && now.openHealth())
        || (access == Route.Access.METRICS && now.openMetrics())) {
      return null;
    }
    if (login instanceof Logins.Answer.Wrong) {
      return challenge("name or password is wrong");
    }
    if (login instanceof Logins.Answer.TooSoon tooSoon) {
      return Page.plain(429, "a login from this address failed; wait " + tooSoon.seconds() + " s")
          .with("retry-after", Long.toString(tooSoon.seconds()));
    }
    if (login instanceof Logins.Answer.Busy) {
      return Page.plain(503, "busy: too many logins at once").with("retry-after", "1");
    }
    if (login instanceof Logins.Answer.Granted granted) {
      return access == Route.Access.ADMIN && granted.user().role() != UserConfig.Role.ADMIN
          ? Page.plain(403, "refused: this needs a user with the role admin")
          : null;
    }
    if (access == Route.Access.ADMIN && now.users().isEmpty()) {
      return Page.plain(403, "refused: this needs a user with the role admin, see stats.users");
    }
    return access == Route.Access.ADMIN || access == Route.Access.LOGIN || !now.openToRead()
        ? challenge("this needs a login")
        : null;
  }

  private static Page challenge(String text) {
    return Page.plain(401, text)
        .with("www-authenticate", "Basic realm=\"impala-balancer\", charset=\"UTF-8\"");
  }

  private void make(
      ChannelHandlerContext context,
      boolean head,
      boolean keepAlive,
      Route route,
      Request request) {
    try {
      worker.execute(() -> {
        Page made = make(route, request);
        context.executor().execute(() -> made(context, head, keepAlive, request, made));
      });
    } catch (RejectedExecutionException closed) {
      answer(context, head, false, Page.plain(503, "busy"));
    }
  }

  private void made(
      ChannelHandlerContext context, boolean head, boolean keepAlive, Request request, Page page) {
    if (page.equals(Page.STREAM) && !head) {
      stream(context);
      return;
    }
    answer(context, head, keepAlive, page);
    if (request.post() && page.status() == 200) {
      stream.push();
    }
  }

  /** Begins an answer that ends with the connection. */
  private void stream(ChannelHandlerContext context) {
    if (stream.isFull()) {
      Page full = Page.plain(503, "busy: " + EventStream.MOST + " browsers watch already");
      answer(context, false, false, full.with("retry-after", "10"));
      return;
    }
    stopDeadline();
    HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    setHeaders(response, Page.STREAM);
    HttpUtil.setKeepAlive(response, false);
    context.writeAndFlush(response);
    stream.join(context.channel());
  }

  /** Runs on the worker. */
  private static Page make(Route route, Request request) {
    try {
      return route.maker().make(request);
    } catch (RuntimeException e) {
      LOG.error("event=page-failed path={}", route.path(), e);
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
    setHeaders(response, page);
    response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, length);
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

  private static void setHeaders(HttpResponse response, Page page) {
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, page.contentType())
        .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
        .set("content-security-policy", CONTENT_SECURITY_POLICY)
        .set("x-content-type-options", "nosniff")
        .set("referrer-policy", "no-referrer");
    page.headers().forEach((name, value) -> response.headers().set(name, value));
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
