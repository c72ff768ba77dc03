package io.impalabalancer.health;

import io.impalabalancer.health.CheckResult.Outcome;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.cookie.ClientCookieDecoder;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * GETs pages of one web port, one after the other on one connection that is kept alive. A page is
 * answered once, never during {@link #get}, and at the latest when its timeout is over. Redirects
 * are not followed, compression is not asked for and not understood, and a page of more than {@link
 * #MOST_BYTES} is refused. Lives on one event loop.
 */
public final class WebClient implements AutoCloseable {
  /** The largest page. */
  public static final int MOST_BYTES = 8 << 20;

  private static final int MOST_LINE_BYTES = 4096;
  private static final int MOST_HEADER_BYTES = 16 * 1024;
  private static final int MOST_CHUNK_BYTES = 64 * 1024;
  private static final int FIRST_BYTES = 8 * 1024;
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final byte[] NOTHING = {};

  /** The cookie that spares a login (Impala's webserver.cc, {@code AddCookie}). */
  private static final String LOGIN_COOKIE = "impala.auth";

  private final Sockets sockets;
  private final EventLoop loop;
  private final WebAccess access;
  private final WebLogin login;
  private final String host;
  private final int port;
  private final Duration timeout;
  private final Deque<Page> waiting = new ArrayDeque<>();

  private @Nullable Page current;
  private @Nullable Connection connection;
  private String cookie = "";

  /** A page that is asked for. */
  private static final class Page {
    final InetAddress address;
    final String path;
    final Consumer<WebAnswer> done;
    @Nullable Future<?> timer;
    @Nullable String authorization;
    boolean connected;
    boolean loggedIn;

    Page(InetAddress address, String path, Consumer<WebAnswer> done) {
      this.address = address;
      this.path = path;
      this.done = done;
    }
  }

  WebClient(Sockets sockets, WebAccess access, String host, int port, Duration timeout) {
    this.sockets = sockets;
    loop = sockets.loop();
    this.access = access;
    this.host = host;
    this.port = port;
    this.timeout = timeout;
    login = access.login(host, loop);
  }

  /**
   * Makes one that is not connected.
   *
   * @param loop NIO or epoll; {@link #get} and {@link #close} are called on it
   * @param host the name in headers, certificates and tickets
   * @param timeout for one page, from its turn to its last byte
   */
  public static WebClient of(
      EventLoop loop, WebAccess access, String host, int port, Duration timeout) {
    return new WebClient(Sockets.of(loop), access, host, port, timeout);
  }

  /**
   * Asks for a page.
   *
   * @param address of the host
   * @param path begins with a slash
   */
  public void get(InetAddress address, String path, Consumer<WebAnswer> done) {
    assert loop.inEventLoop();
    waiting.add(new Page(address, path, done));
    if (current == null && waiting.size() == 1) {
      loop.execute(this::next);
    }
  }

  private void next() {
    if (current != null || waiting.isEmpty()) {
      return;
    }
    Page page = waiting.remove();
    current = page;
    page.timer = loop.schedule(() -> timedOut(page), timeout.toNanos(), TimeUnit.NANOSECONDS);
    String problem = access.tls().problem();
    if (problem.isEmpty()) {
      send(page);
    } else {
      end(page, new CheckResult(Outcome.TLS, problem));
    }
  }

  private void timedOut(Page page) {
    drop();
    end(page, CheckResult.timeout(page.connected ? "http" : "connect", timeout));
  }

  /** Ends a page without an answer to read. */
  private void end(Page page, CheckResult result) {
    end(page, new WebAnswer(result, 0, NOTHING, null));
  }

  private void end(Page page, WebAnswer answer) {
    if (current != page) {
      return;
    }
    current = null;
    if (page.timer != null) {
      page.timer.cancel(false);
    }
    page.done.accept(answer);
    next();
  }

  /** Closes everything; pages that were asked for are not answered. */
  @Override
  public void close() {
    assert loop.inEventLoop();
    waiting.clear();
    if (current != null && current.timer != null) {
      current.timer.cancel(false);
    }
    current = null;
    drop();
  }

  private void drop() {
    Connection dropped = connection;
    connection = null;
    if (dropped != null) {
      Future<?> unused = dropped.channel.close();
    }
  }

  /** Sends a request, on the connection there is or on a new one. */
  private void send(Page page) {
    Connection open = connection;
    if (open != null && open.channel.isActive() && open.address.equals(page.address)) {
      page.connected = true;
      open.ask(page);
      return;
    }
    drop();
    Connection made = new Connection(page.address);
    ChannelFuture connect =
        sockets.connect(new InetSocketAddress(page.address, port), made::prepare);
    if (connect.cause() == null) {
      made.channel = connect.channel();
      connection = made;
    }
    connect.addListener(f ->
        loop.execute(() -> {
          if (current != page) {
            return;
          }
          if (f.cause() != null) {
            drop();
            end(page, CheckResult.connectFailed(f.cause()));
          } else {
            page.connected = true;
            made.ask(page);
          }
        }));
  }

  private void challenged(Page page, List<String> challenges) {
    cookie = "";
    page.loggedIn = true;
    login.answer(
        page.path,
        challenges,
        answer -> {
          if (current != page) {
            return;
          }
          if (answer.authorization() == null) {
            end(page, new CheckResult(Outcome.LOGIN, "http status 401: " + answer.problem()));
          } else {
            page.authorization = answer.authorization();
            send(page);
          }
        });
  }

  /** One connection, and what is read from it. */
  private final class Connection extends SimpleChannelInboundHandler<HttpObject> {
    private final InetAddress address;
    private Channel channel;
    private @Nullable Page asked;
    private @Nullable HttpResponse response;
    private byte[] body = NOTHING;
    private int size;
    private boolean usedBefore;

    @SuppressWarnings("NullAway.Init") // The channel is set before anything is read.
    Connection(InetAddress address) {
      this.address = address;
    }

    void prepare(Channel made) {
      SslHandler tls = access.tls().handler(made.alloc(), host, port);
      if (tls != null) {
        made.pipeline().addLast(tls);
      }
      made.pipeline()
          .addLast(new HttpClientCodec(MOST_LINE_BYTES, MOST_HEADER_BYTES, MOST_CHUNK_BYTES))
          .addLast(this);
    }

    void ask(Page page) {
      asked = page;
      response = null;
      size = 0;
      FullHttpRequest get =
          new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, page.path);
      String name = (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
      get.headers()
          .set(HttpHeaderNames.HOST, name)
          .set(HttpHeaderNames.USER_AGENT, "impala-balancer");
      String authorization = page.authorization;
      if (authorization == null && cookie.isEmpty()) {
        authorization = login.inAdvance(page.path);
      }
      if (authorization != null) {
        get.headers().set(HttpHeaderNames.AUTHORIZATION, authorization);
      } else if (!cookie.isEmpty()) {
        get.headers().set(HttpHeaderNames.COOKIE, cookie);
      }
      // A write fails only with the connection.
      Future<?> unused = channel.writeAndFlush(get);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
      Page page = asked;
      if (page == null) {
        // Nothing was asked for.
        broken(new CheckResult(Outcome.BAD_ANSWER, "http answer not understood"));
      } else if (message.decoderResult().isFailure()) {
        broken(new CheckResult(Outcome.BAD_ANSWER, "http answer not understood"));
      } else {
        if (message instanceof HttpResponse begin) {
          begin(begin);
        }
        if (asked != null && message instanceof HttpContent content) {
          take(content.content());
          if (asked != null && message instanceof LastHttpContent) {
            complete(page);
          }
        }
      }
    }

    private void begin(HttpResponse begun) {
      response = begun;
      for (String set : begun.headers().getAll(HttpHeaderNames.SET_COOKIE)) {
        Cookie decoded = ClientCookieDecoder.LAX.decode(set);
        if (decoded != null && decoded.name().equals(LOGIN_COOKIE)) {
          boolean deleted = decoded.value().isEmpty() || decoded.maxAge() == 0;
          cookie = deleted ? "" : LOGIN_COOKIE + "=" + decoded.value();
        }
      }
      String encoding = begun.headers().get(HttpHeaderNames.CONTENT_ENCODING, "identity");
      if (begun.status().code() == OK
          && !HttpHeaderValues.IDENTITY.contentEqualsIgnoreCase(encoding)) {
        broken(
            new CheckResult(
                Outcome.BAD_ANSWER, "the page is packed by " + encoding + ", unasked for"));
      }
    }

    private void take(ByteBuf content) {
      int count = content.readableBytes();
      if (size + count > MOST_BYTES) {
        broken(new CheckResult(Outcome.BAD_ANSWER, "the page has more than 8 MiB"));
        return;
      }
      if (size + count > body.length) {
        int room = Math.max(FIRST_BYTES, Math.max(size + count, 2 * body.length));
        body = Arrays.copyOf(body, Math.min(room, MOST_BYTES));
      }
      content.readBytes(body, size, count);
      size += count;
    }

    private void complete(Page page) {
      HttpResponse complete = Objects.requireNonNull(response);
      asked = null;
      usedBefore = true;
      if (!HttpUtil.isKeepAlive(complete)) {
        drop();
      }
      int status = complete.status().code();
      List<String> challenges = complete.headers().getAll(HttpHeaderNames.WWW_AUTHENTICATE);
      if (status == UNAUTHORIZED && !page.loggedIn) {
        challenged(page, challenges);
        return;
      }
      CheckResult result =
          switch (status) {
            case OK -> new CheckResult(Outcome.OK, "http status 200");
            case UNAUTHORIZED -> {
              login.refused();
              yield new CheckResult(Outcome.LOGIN, "http status 401: the login was refused");
            }
            default ->
                new CheckResult(Outcome.BAD_STATUS, "http status " + status + " (expected 200)");
          };
      byte[] read = result.ok() ? Arrays.copyOf(body, size) : NOTHING;
      if (body.length > 16 * FIRST_BYTES) {
        body = NOTHING;
      }
      end(page, new WebAnswer(result, status, read, complete.headers().get(HttpHeaderNames.DATE)));
    }

    private void broken(CheckResult result) {
      Page page = asked;
      asked = null;
      if (connection == this) {
        drop();
      } else {
        Future<?> unused = channel.close();
      }
      if (page == null) {
        return;
      }
      if (usedBefore && response == null) {
        // It was closed while it was idle, as a server may.
        send(page);
      } else {
        end(page, result);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      broken(new CheckResult(Outcome.BAD_ANSWER, "http connection closed without an answer"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      broken(CheckResult.broken(cause));
    }
  }
}
