package io.impalabalancer.simulator;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator's web port: Impala's pages ({@link WebPages}) behind its protection ({@link
 * WebGuard}), and the simulator's own {@code /counts} and {@code POST /orders/NAME}. Its pages can
 * be made to come late or to lie; counts and orders are always served. Any thread may call.
 */
final class WebPort implements AutoCloseable {
  private static final int BACKLOG = 1024;
  private static final int OK = 200;
  private static final int REDIRECT = 307;
  private static final int NOT_FOUND = 404;
  private static final int ERROR = 500;
  private static final int UNAVAILABLE = 503;
  private static final int BOMB_BYTES = 64 << 20;
  private static final String JSON = "application/json";
  private static final String HTML = "text/html; charset=UTF-8";
  private static final String PLAIN = "text/plain; charset=UTF-8";
  private static final String EVERY_PAGE = "";

  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeSpecialFloatingPointValues().create();
  private static final Pattern ASKS_JSON = Pattern.compile("(^|&)json($|[=&])");

  static {
    // Java 17 sends a page's end only when its beginning is acknowledged, after 40 ms.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private record Answer(int status, String type, String text) {}

  private final SimulatedCoordinator coordinator;
  private final WebPages pages;
  private final WebGuard guard;
  private final HttpServer server;
  private final ExecutorService threads;
  private final List<Runnable> late = new ArrayList<>();
  private final Map<String, Lie> lies = new ConcurrentHashMap<>();
  private final Map<String, Map<String, Optional<JsonElement>>> said = new ConcurrentHashMap<>();
  private boolean stalled;

  WebPort(
      InetSocketAddress address,
      SimulatedCoordinator coordinator,
      WebPages pages,
      SimulatorOptions options,
      WebOrders orders)
      throws IOException {
    this.coordinator = coordinator;
    this.pages = pages;
    this.guard = new WebGuard(options.webProtection());
    SSLContext tls = options.webTls();
    if (tls == null) {
      server = HttpServer.create(address, BACKLOG);
    } else {
      HttpsServer secure = HttpsServer.create(address, BACKLOG);
      secure.setHttpsConfigurator(new HttpsConfigurator(tls));
      server = secure;
    }
    threads =
        Executors.newCachedThreadPool(task -> {
          Thread thread = new Thread(task, coordinator.name() + "-web");
          thread.setDaemon(true);
          return thread;
        });
    server.setExecutor(threads);
    server.createContext("/", this::page);
    server.createContext("/counts", this::counts);
    server.createContext("/orders/", orders);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Holds answers back, or gives them all. */
  synchronized void stall(boolean stall) {
    stalled = stall;
    if (!stall) {
      late.forEach(threads::execute);
      late.clear();
    }
  }

  /** Answers a page, or every page if the path is empty, with a lie. */
  void lie(String path, Lie lie) {
    lies.put(path, lie);
  }

  /**
   * Puts a value in the place of a page's.
   *
   * @param json the value, or empty to leave the key out
   * @throws IllegalArgumentException if it is no JSON
   */
  void say(String path, String key, String json) {
    try {
      Optional<JsonElement> value =
          json.isEmpty() ? Optional.empty() : Optional.of(JsonParser.parseString(json));
      said.computeIfAbsent(path, page -> new ConcurrentHashMap<>()).put(key, value);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException("no JSON: " + json, e);
    }
  }

  /** Ends every lie. */
  void truth() {
    lies.clear();
    said.clear();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void page(HttpExchange exchange) throws IOException {
    synchronized (this) {
      if (stalled) {
        // An exchange that is not answered stays open, without a thread.
        late.add(() -> {
          try {
            answer(exchange);
          } catch (IOException e) {
            exchange.close();
          }
        });
        return;
      }
    }
    answer(exchange);
  }

  private void answer(HttpExchange exchange) throws IOException {
    if (exchange.getRequestMethod().equals("OPTIONS")) {
      // Squeasel's send_options, before any authentication.
      exchange.getResponseHeaders().set("Allow", "GET, POST, HEAD, OPTIONS");
      send(exchange, OK, PLAIN, new byte[0]);
    } else if (guard.admits(exchange)) {
      String path = exchange.getRequestURI().getPath();
      Answer answer = answer(path, exchange.getRequestURI().getQuery());
      Lie lie = lies.getOrDefault(path, lies.get(EVERY_PAGE));
      byte[] body = answer.text.getBytes(StandardCharsets.UTF_8);
      if (lie != null) {
        lie(exchange, lie, body);
      } else {
        sendPacked(exchange, answer.status, answer.type, body);
      }
    }
  }

  private Answer answer(String path, @Nullable String query) {
    switch (path) {
      case "/healthz" -> {
        return coordinator.isHealthy()
            ? new Answer(OK, PLAIN, "OK")
            : new Answer(UNAVAILABLE, PLAIN, "Not Available");
      }
      case "/metrics_prometheus" -> {
        return new Answer(OK, PLAIN, pages.prometheus());
      }
      case "/inflight_query_ids" -> {
        return new Answer(OK, PLAIN, pages.inflightQueryIds());
      }
      default -> {
        Map<String, Object> page = pages.json(path);
        if (page == null) {
          return new Answer(NOT_FOUND, HTML, html("No URI handler for '" + path + "'"));
        } else if (query != null && ASKS_JSON.matcher(query).find()) {
          return new Answer(OK, JSON, GSON.toJson(said(path, page)));
        } else if (path.equals("/jsonmetrics")) {
          // Impala's www has no such file.
          return new Answer(OK, PLAIN, "Could not open template: www/legacy-metrics.tmpl");
        }
        return new Answer(OK, HTML, html(coordinator.name() + " is simulated"));
      }
    }
  }

  private Map<String, Object> said(String path, Map<String, Object> page) {
    said.getOrDefault(path, Map.of())
        .forEach((key, value) ->
            value.ifPresentOrElse(json -> page.put(key, json), () -> page.remove(key)));
    return page;
  }

  private static String html(String text) {
    return "<!DOCTYPE html><html><body>" + text + "</body></html>\n";
  }

  private void lie(HttpExchange exchange, Lie lie, byte[] body) throws IOException {
    switch (lie) {
      case HTML -> send(exchange, OK, HTML, html("Log in").getBytes(StandardCharsets.UTF_8));
      case MALFORMED -> send(exchange, OK, JSON, Arrays.copyOf(body, body.length / 2));
      case EMPTY -> send(exchange, OK, JSON, new byte[0]);
      case ENDLESS -> endless(exchange);
      case SLOW -> slow(exchange, body);
      case GZIP_BOMB -> {
        exchange.getResponseHeaders().set("Content-Encoding", "gzip");
        send(exchange, OK, JSON, bomb());
      }
      case REDIRECT -> {
        exchange.getResponseHeaders().set("Location", exchange.getRequestURI().toString());
        send(exchange, REDIRECT, PLAIN, new byte[0]);
      }
      case NOT_FOUND ->
          send(exchange, NOT_FOUND, HTML, html("Not found").getBytes(StandardCharsets.UTF_8));
      case ERROR -> send(exchange, ERROR, HTML, html("Error").getBytes(StandardCharsets.UTF_8));
    }
  }

  private static byte[] spaces() {
    byte[] spaces = new byte[1 << 16];
    Arrays.fill(spaces, (byte) ' ');
    return spaces;
  }

  private static byte[] bomb() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    byte[] spaces = spaces();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      for (int left = BOMB_BYTES; left > 0; left -= spaces.length) {
        out.write(spaces);
      }
    }
    return packed.toByteArray();
  }

  private static void endless(HttpExchange exchange) throws IOException {
    byte[] spaces = spaces();
    exchange.getResponseHeaders().set("Content-Type", JSON);
    exchange.sendResponseHeaders(OK, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write('{');
      while (!Thread.currentThread().isInterrupted()) {
        out.write(spaces);
      }
    }
  }

  private static void slow(HttpExchange exchange, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", JSON);
    exchange.sendResponseHeaders(OK, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      for (byte b : body) {
        out.write(b);
        out.flush();
        Thread.sleep(1000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void counts(HttpExchange exchange) throws IOException {
    String counts = GSON.toJson(coordinator.counts().json()) + "\n";
    send(exchange, OK, JSON, counts.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] gzip(byte[] body) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(body);
    }
    return packed.toByteArray();
  }

  private static void sendPacked(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    String accepted = exchange.getRequestHeaders().getFirst("Accept-Encoding");
    if (accepted != null && accepted.contains("gzip")) {
      exchange.getResponseHeaders().set("Content-Encoding", "gzip");
      send(exchange, status, type, gzip(body));
    } else {
      send(exchange, status, type, body);
    }
  }

  /** Sends an answer with the headers of {@code Webserver::SendResponse}. */
  static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.getResponseHeaders().set("X-Frame-Options", "DENY");
      exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      if (exchange.getRequestMethod().equals("HEAD") || body.length == 0) {
        exchange.sendResponseHeaders(status, -1);
      } else {
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }
}
