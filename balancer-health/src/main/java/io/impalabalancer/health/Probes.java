package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Protocol;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.Consumer;

/** Makes the connections of one coordinator's checks. Lives on one event loop. */
final class Probes {
  private final CheckPlan plan;
  private final CheckConfig config;
  private final Sockets sockets;
  private final WebAccess web;
  private final ClientAccess clients;

  Probes(CheckPlan plan, Sockets sockets, WebAccess web, ClientAccess clients) {
    this.plan = plan;
    config = plan.config();
    this.sockets = sockets;
    this.web = web;
    this.clients = clients;
  }

  /** Asks the web port for {@code check.path}; there must be one. */
  Probe page(InetAddress at, Consumer<CheckResult> done) {
    int port = plan.webPort().orElseThrow();
    return http(at, port, web.tls(), HttpMethod.GET, config.path(), config.status(), done);
  }

  private Probe http(
      InetAddress at,
      int port,
      Tls tls,
      HttpMethod method,
      String path,
      int status,
      Consumer<CheckResult> done) {
    String host = plan.host();
    return new HttpProbe(
            sockets,
            config.timeout(),
            tls.handler(ByteBufAllocator.DEFAULT, host, port),
            method,
            (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port,
            path,
            status,
            done)
        .start(new InetSocketAddress(at, port));
  }

  /** Returns whether {@link #ask} gets an answer from a client port, and not only a connection. */
  boolean answers(Protocol protocol) {
    return switch (protocol) {
      case HIVESERVER2_HTTP -> true;
      case HIVESERVER2, BEESWAX -> clients.logsIn();
      case TCP -> false;
    };
  }

  /** Returns why no client port can be asked, empty if that is not so. */
  String problem() {
    return clients.tls().problem();
  }

  /**
   * Asks a client port whether it is there: by {@code OPTIONS}, which Impala answers without a
   * login (THttpServer.cpp), by a login and logout, or else by a bare connect.
   */
  Probe ask(InetAddress at, Protocol protocol, Consumer<CheckResult> done) {
    if (!answers(protocol)) {
      return connect(at, protocol, done);
    }
    int port = port(protocol);
    if (protocol == Protocol.HIVESERVER2_HTTP) {
      return http(at, port, clients.tls(), HttpMethod.OPTIONS, "/", 200, done);
    }
    return new LoginProbe(
            sockets,
            config.timeout(),
            clients.tls().handler(ByteBufAllocator.DEFAULT, plan.host(), port),
            clients.sasl(plan.host(), sockets.loop()),
            protocol,
            clients.user(),
            done)
        .start(new InetSocketAddress(at, port));
  }

  /** Connects to a client port, and no more. */
  Probe connect(InetAddress at, Protocol protocol, Consumer<CheckResult> done) {
    return new TcpProbe(sockets, config.timeout(), done)
        .start(new InetSocketAddress(at, port(protocol)));
  }

  private int port(Protocol protocol) {
    return Objects.requireNonNull(plan.ports().get(protocol));
  }
}
