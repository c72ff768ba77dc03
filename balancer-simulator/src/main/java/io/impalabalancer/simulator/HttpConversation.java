package io.impalabalancer.simulator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.transport.TIOStreamTransport;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one connection to a hiveserver2-http port, on its service thread: a POST carries a
 * call, and each proves who it is by Basic or by the cookie ({@code
 * be/src/transport/THttpServer.cpp}). Netty's codec reads and writes HTTP, without a loop.
 */
final class HttpConversation {
  private static final int MAX_BODY_BYTES = 1 << 27;
  private static final int BUFFER_BYTES = 16 * 1024;

  private final Connection connection;
  private final Impalad impalad;
  private final Counters counters;
  private final StallGate stall;
  private final RpcService calls;

  HttpConversation(
      Connection connection,
      Impalad impalad,
      Counters counters,
      StallGate stall,
      RpcService calls) {
    this.connection = connection;
    this.impalad = impalad;
    this.counters = counters;
    this.stall = stall;
    this.calls = calls;
  }

  /** Answers until the client has gone, or says what Impala does not answer. */
  void run(InputStream in, OutputStream out) throws IOException, TException, InterruptedException {
    EmbeddedChannel http =
        new EmbeddedChannel(new HttpServerCodec(), new HttpObjectAggregator(MAX_BODY_BYTES));
    try {
      byte[] buffer = new byte[BUFFER_BYTES];
      boolean goesOn = true;
      while (goesOn) {
        int read = in.read(buffer);
        if (read < 0) {
          return;
        }
        http.writeInbound(Unpooled.copiedBuffer(buffer, 0, read));
        write(http, out);
        FullHttpRequest request = http.readInbound();
        while (goesOn && request != null) {
          try {
            goesOn = answer(request, http);
          } finally {
            request.release();
          }
          stall.pass();
          write(http, out);
          request = http.readInbound();
        }
      }
    } finally {
      http.finishAndReleaseAll();
    }
  }

  private static void write(EmbeddedChannel http, OutputStream out) throws IOException {
    for (ByteBuf bytes = http.readOutbound(); bytes != null; bytes = http.readOutbound()) {
      try {
        bytes.readBytes(out, bytes.readableBytes());
      } finally {
        bytes.release();
      }
    }
    out.flush();
  }

  /** Answers a request. Returns whether the connection goes on. */
  private boolean answer(FullHttpRequest request, EmbeddedChannel http)
      throws TException, InterruptedException {
    if (request.decoderResult().isFailure()) {
      return false;
    }
    HttpHeaders answered = new DefaultHttpHeaders();
    if (request.method().equals(HttpMethod.OPTIONS)) {
      // As Impala's, it has no length; where everybody logs in, a refusal follows.
      answered.set("Access-Control-Allow-Methods", "POST, OPTIONS");
      answered.set("Access-Control-Allow-Headers", "Content-Type");
      http.writeOutbound(head(HttpResponseStatus.OK, answered));
      return logIn(request.headers(), new DefaultHttpHeaders());
    }
    if (!request.method().equals(HttpMethod.POST)) {
      // "Bad Status (unsupported method)": nothing is answered.
      return false;
    }
    List<String> doAs =
        new QueryStringDecoder(request.uri()).parameters().getOrDefault("doAs", List.of());
    connection.delegatedUser = doAs.isEmpty() ? "" : doAs.get(0);
    if (!logIn(request.headers(), answered)) {
      answered.set(HttpHeaderNames.CONNECTION, "close");
      http.writeOutbound(head(HttpResponseStatus.UNAUTHORIZED, answered));
      return false;
    }
    ByteArrayOutputStream reply = new ByteArrayOutputStream();
    TBinaryProtocol protocol =
        new TBinaryProtocol(
            new TIOStreamTransport(new ByteBufInputStream(request.content()), reply));
    TMessage call = protocol.readMessageBegin();
    stall.pass();
    counters.hiveserver2Http.rpcs.increment();
    calls.call(call, protocol);
    answered.set(HttpHeaderNames.SERVER, "Thrift/0.16.0");
    answered.set(HttpHeaderNames.CONTENT_TYPE, "application/x-thrift");
    answered.set(HttpHeaderNames.CONTENT_LENGTH, reply.size());
    answered.set(HttpHeaderNames.CONNECTION, "Keep-Alive");
    http.writeOutbound(
        full(HttpResponseStatus.OK, answered, Unpooled.wrappedBuffer(reply.toByteArray())));
    return true;
  }

  private static DefaultFullHttpResponse full(
      HttpResponseStatus status, HttpHeaders headers, ByteBuf body) {
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
    response.headers().set(headers);
    response.headers().set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    response
        .headers()
        .set(
            HttpHeaderNames.DATE,
            DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
    return response;
  }

  private static HttpResponse head(HttpResponseStatus status, HttpHeaders headers) {
    return full(status, headers, Unpooled.EMPTY_BUFFER);
  }

  /**
   * Whether the client may call ({@code THttpServer::headersDone}): first the cookie, then Basic.
   */
  private boolean logIn(HttpHeaders asked, HttpHeaders answered) {
    Authentication authentication = impalad.options.authentication();
    if (authentication == Authentication.NOSASL) {
      return true;
    }
    String cookie = asked.get(HttpHeaderNames.COOKIE, "").strip();
    if (!cookie.isEmpty()) {
      String user = impalad.cookies.user(cookie);
      if (user != null) {
        counters.cookieSuccess.increment();
        connection.user = user;
        return true;
      }
      counters.cookieFailure.increment();
      answered.add(HttpHeaderNames.SET_COOKIE, AuthCookie.delete());
    }
    String authorization = asked.get(HttpHeaderNames.AUTHORIZATION, "").strip();
    if (authorization.isEmpty() && authentication == Authentication.ANY) {
      return true;
    }
    String user = authentication == Authentication.GSSAPI ? null : basic(authorization);
    if (user != null) {
      counters.basicSuccess.increment();
      connection.user = user;
      answered.add(HttpHeaderNames.SET_COOKIE, impalad.cookies.make(user));
      return true;
    }
    if (!authorization.isEmpty()) {
      counters.basicFailure.increment();
    }
    counters.hiveserver2Http.loginFailures.increment();
    boolean kerberos = authentication == Authentication.GSSAPI;
    answered.add(HttpHeaderNames.WWW_AUTHENTICATE, kerberos ? "Negotiate" : "Basic");
    return false;
  }

  /** The user of a Basic login with any password but an empty one; else null. */
  private static @Nullable String basic(String authorization) {
    if (!authorization.startsWith("Basic ")) {
      return null;
    }
    try {
      byte[] login = Base64.getDecoder().decode(authorization.substring("Basic ".length()));
      String[] parts = new String(login, StandardCharsets.UTF_8).split(":", 2);
      return parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty() ? parts[0] : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
