package io.impalabalancer.simulator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator's web port: Impala's {@code /healthz} and {@code /?json}, and the simulator's own
 * {@code /counts} and {@code POST /orders/NAME}. While it is stalled its pages are answered late;
 * orders are obeyed.
 */
final class WebPort implements AutoCloseable {
  private static final int THREADS = 2;
  private static final int BACKLOG = 1024;
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int INTERNAL_ERROR = 500;
  private static final int UNAVAILABLE = 503;

  private static final Pattern JSON = Pattern.compile("(^|&)json($|[=&])");
  private static final Pattern PARAMETER = Pattern.compile("([^=&]+)=([^&]*)");

  /** What the pages tell of and the orders go to. */
  interface Subject {
    String name();

    String startTime();

    boolean isHealthy();

    Counts counts();

    /** The coordinator of that name in the same cluster, or null. */
    @Nullable Orders find(String coordinator);
  }

  private interface Page {
    void answer(HttpExchange exchange) throws IOException;
  }

  private final Subject subject;
  private final HttpServer server;
  private final ExecutorService threads;
  private final List<Runnable> late = new ArrayList<>();
  private boolean stalled;

  WebPort(InetSocketAddress address, Subject subject) throws IOException {
    this.subject = subject;
    this.server = HttpServer.create(address, BACKLOG);
    this.threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, subject.name() + "-web");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/", exchange -> inTime(exchange, this::root));
    server.createContext("/healthz", exchange -> inTime(exchange, this::healthz));
    server.createContext("/counts", exchange -> inTime(exchange, this::counts));
    server.createContext("/orders/", this::order);
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

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void inTime(HttpExchange exchange, Page page) throws IOException {
    synchronized (this) {
      if (stalled) {
        // An exchange that is not answered stays open, without a thread.
        late.add(() -> {
          try {
            page.answer(exchange);
          } catch (IOException e) {
            exchange.close();
          }
        });
        return;
      }
    }
    page.answer(exchange);
  }

  private void root(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestURI().getPath().equals("/")) {
      send(exchange, NOT_FOUND, "text/plain", "No such page\n");
      return;
    }
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("version", Impalad.VERSION);
    page.put("process_start_time", subject.startTime());
    page.put("impala_server_mode", true);
    page.put("is_coordinator", true);
    page.put("is_executor", false);
    page.put("use_local_catalog", true);
    page.put("is_quiescing", false);
    page.put("coordinator", subject.name());
    page.put("counts", subject.counts().json());
    String query = exchange.getRequestURI().getQuery();
    if (query != null && JSON.matcher(query).find()) {
      send(exchange, OK, "application/json", Json.of(page));
    } else {
      send(exchange, OK, "text/plain", subject.name() + "\n" + Impalad.VERSION + "\n");
    }
  }

  private void healthz(HttpExchange exchange) throws IOException {
    boolean healthy = subject.isHealthy();
    send(exchange, healthy ? OK : UNAVAILABLE, "text/plain", healthy ? "OK" : "Not Available");
  }

  private void counts(HttpExchange exchange) throws IOException {
    send(exchange, OK, "application/json", Json.of(subject.counts().json()));
  }

  private void order(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      send(exchange, METHOD_NOT_ALLOWED, "text/plain", "Orders are given by POST\n");
      return;
    }
    Map<String, String> parameters = parameters(exchange.getRequestURI().getQuery());
    String name = parameters.getOrDefault("coordinator", subject.name());
    Orders orders = subject.find(name);
    if (orders == null) {
      send(exchange, NOT_FOUND, "text/plain", "No coordinator is named " + name + "\n");
      return;
    }
    String order = exchange.getRequestURI().getPath().substring("/orders/".length());
    if (order.equals("die")) {
      // Its own port dies with it, so the answer comes first.
      send(exchange, OK, "text/plain", "OK\n");
      orders.die();
      return;
    }
    try {
      boolean known = carryOut(orders, order, "true".equals(parameters.get("web")));
      send(
          exchange,
          known ? OK : BAD_REQUEST,
          "text/plain",
          known
              ? "OK\n"
              : "No such order: "
                  + order
                  + ", expected die, revive, stall, refuse, unhealthy or healthy\n");
    } catch (UncheckedIOException e) {
      send(exchange, INTERNAL_ERROR, "text/plain", e.getMessage() + "\n");
    }
  }

  private static boolean carryOut(Orders orders, String order, boolean web) {
    switch (order) {
      case "revive" -> orders.revive();
      case "stall" -> orders.stall(web);
      case "refuse" -> orders.refuse();
      case "unhealthy" -> orders.unhealthy();
      case "healthy" -> orders.healthy();
      default -> {
        return false;
      }
    }
    return true;
  }

  private static Map<String, String> parameters(@Nullable String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    Matcher parameter = PARAMETER.matcher(query == null ? "" : query);
    while (parameter.find()) {
      parameters.put(parameter.group(1), parameter.group(2));
    }
    return parameters;
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
      if (exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(status, -1);
      } else {
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }
}
