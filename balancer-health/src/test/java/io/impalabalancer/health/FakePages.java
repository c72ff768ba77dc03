package io.impalabalancer.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * The web port of a healthy coordinator on a free loopback port, and whatever a test makes of it.
 */
final class FakePages implements AutoCloseable {

  /** Answers a request in another way. */
  interface Manner {
    void answer(HttpExchange exchange) throws IOException;
  }

  /** Of {@code /?json}; values are JSON. */
  final Map<String, String> root = new ConcurrentHashMap<>();

  /** Of {@code /jsonmetrics?json}; values are JSON. */
  final Map<String, String> metrics = new ConcurrentHashMap<>();

  volatile String threads = "64";

  /** Of {@code /backends?json}: an array. */
  volatile String backends = "[]";

  /** What is answered otherwise, by path and query. */
  final Map<String, Manner> otherwise = new ConcurrentHashMap<>();

  /** Paths and queries that were asked for. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  private final ExecutorService threadPool = Executors.newCachedThreadPool();
  private final HttpServer server;

  FakePages() throws IOException {
    root.put("version", text("impalad version 4.5.0-RELEASE RELEASE (build x)\nBuilt today"));
    root.put("process_start_time", text("2026-11-01 10:00:00.000"));
    root.put("impala_server_mode", "true");
    root.put("is_coordinator", "true");
    root.put("is_executor", "false");
    root.put("is_quiescing", "false");
    metrics.put("impala-server.ready", "true");
    metrics.put("catalog.ready", "true");
    metrics.put("statestore-subscriber.connected", "true");
    metrics.put("catalog.curr-serviceid", text("s1"));
    metrics.put("catalog.curr-version", "100");
    metrics.put("impala-server.num-queries-registered", "3");
    metrics.put("impala-server.backend-num-queries-executing", "2");
    metrics.put("mem-tracker.process.limit", "1000");
    metrics.put("memory.total-used", "100");
    metrics.put("jvm.gc_time_millis", "0");
    for (String name : List.of("beeswax", "hiveserver2", "hiveserver2-http")) {
      metrics.put("impala.thrift-server." + name + "-frontend.connections-in-use", "0");
      metrics.put("impala.thrift-server." + name + "-frontend.connection-setup-queue-size", "0");
    }
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threadPool);
    server.createContext("/", this::answer);
    server.start();
  }

  static String text(String value) {
    return "\"" + value.replace("\n", "\\n") + "\"";
  }

  static String object(Map<String, String> members) {
    return members.entrySet().stream()
        .map(each -> text(each.getKey()) + ": " + each.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Sets the gauges of one server. */
  void setQueue(String server, int waiting) {
    metrics.put(
        "impala.thrift-server." + server + ".connection-setup-queue-size",
        Integer.toString(waiting));
  }

  void setInUse(String server, int inUse) {
    metrics.put("impala.thrift-server." + server + ".connections-in-use", Integer.toString(inUse));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().toString();
    asked.add(path);
    Manner other = otherwise.get(path);
    if (other != null) {
      other.answer(exchange);
      return;
    }
    switch (path) {
      case "/?json" -> send(exchange, 200, object(root));
      case "/jsonmetrics?json" -> send(exchange, 200, object(metrics));
      case "/varz?json" -> {
        Map<String, String> flag = new LinkedHashMap<>();
        flag.put("name", text("fe_service_threads"));
        flag.put("type", text("int32"));
        flag.put("default", text("64"));
        flag.put("current", text(threads));
        send(exchange, 200, object(Map.of("flags", "[" + object(flag) + "]")));
      }
      case "/backends?json" -> send(exchange, 200, object(Map.of("backends", backends)));
      case "/healthz" -> send(exchange, 200, "OK");
      default -> send(exchange, 404, "no such page");
    }
  }

  /** Returns a manner that answers with a status and a body. */
  static Manner of(int status, String body) {
    return exchange -> send(exchange, status, body);
  }

  static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threadPool.shutdownNow();
  }
}
