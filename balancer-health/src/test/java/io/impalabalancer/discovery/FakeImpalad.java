package io.impalabalancer.discovery;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** A web port that lists whom it is told to list, or says anything else. */
final class FakeImpalad implements AutoCloseable {
  private final HttpServer server;

  /** The paths that were asked for. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  volatile String host = "impala";
  volatile String process = "1";
  volatile boolean coordinator = true;
  volatile int hiveserver2;

  /** What its backends page says, if it is no list. */
  volatile String backends = "";

  volatile String flags = "";
  private volatile List<FakeImpalad> listed = List.of(this);

  FakeImpalad() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          asked.add(path);
          byte[] page = page(path).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    server.start();
    hiveserver2 = port();
  }

  private String page(String path) {
    if (path.equals("/varz")) {
      return flags.isEmpty() ? flags() : flags;
    }
    return backends.isEmpty()
        ? listed.stream()
            .map(FakeImpalad::entry)
            .collect(Collectors.joining(",", "{\"backends\":[", "],\"num_active_backends\":1}"))
        : backends;
  }

  private String flags() {
    return """
    {"flags":[{"name":"beeswax_port","current":"0"},{"name":"hs2_port","current":"%d"},
     {"name":"hs2_http_port","current":"%d"},{"name":"is_coordinator","current":"true"}]}
    """
        .formatted(hiveserver2, hiveserver2 + 1);
  }

  private String entry() {
    return """
    {"address":"%s:27000","backend_id":"%s","webserver_url":"%s","is_coordinator":%b,
     "is_executor":%b,"is_quiescing":false}
    """
        .formatted(host, process, web(), coordinator, !coordinator);
  }

  /** Has it list these and nobody else. */
  void list(FakeImpalad... others) {
    listed = List.of(others);
  }

  URI web() {
    return URI.create("http://127.0.0.1:" + port());
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
