package io.impalabalancer.simulator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@link Orders} by {@code POST /orders/NAME?key=value}, to the coordinator that the port is of or
 * to another of its cluster.
 */
final class WebOrders implements HttpHandler {
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int INTERNAL_ERROR = 500;
  private static final String EXPECTED =
      "die, revive, restart, stall, refuse, unhealthy, healthy, quiesce, lag, fill-threads,"
          + " slow-catalog, restart-catalog, lie, say or truth";

  private final String name;
  private final Function<String, @Nullable Orders> coordinators;

  /**
   * Makes one.
   *
   * @param name the coordinator that obeys if no other is named
   * @param coordinators finds those of the cluster, by name
   */
  WebOrders(String name, Function<String, @Nullable Orders> coordinators) {
    this.name = name;
    this.coordinators = coordinators;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      send(exchange, METHOD_NOT_ALLOWED, "Orders are given by POST");
      return;
    }
    Map<String, String> parameters;
    try {
      parameters = parameters(exchange.getRequestURI().getRawQuery());
    } catch (IllegalArgumentException e) {
      send(exchange, BAD_REQUEST, String.valueOf(e.getMessage()));
      return;
    }
    String who = parameters.getOrDefault("coordinator", name);
    Orders orders = coordinators.apply(who);
    if (orders == null) {
      send(exchange, NOT_FOUND, "No coordinator is named " + who);
      return;
    }
    String order = exchange.getRequestURI().getPath().substring("/orders/".length());
    if (order.equals("die") || order.equals("restart")) {
      // Its own port and thread die with it.
      send(exchange, OK, "OK");
      new Thread(() -> carryOut(orders, order, parameters), name + "-order").start();
      return;
    }
    try {
      carryOut(orders, order, parameters);
      send(exchange, OK, "OK");
    } catch (IllegalArgumentException e) {
      send(exchange, BAD_REQUEST, String.valueOf(e.getMessage()));
    } catch (UncheckedIOException e) {
      send(exchange, INTERNAL_ERROR, String.valueOf(e.getMessage()));
    }
  }

  private static void carryOut(Orders orders, String order, Map<String, String> parameters) {
    switch (order) {
      case "die" -> orders.die();
      case "revive" -> orders.revive();
      case "restart" -> orders.restart();
      case "stall" -> orders.stall("true".equals(parameters.get("web")));
      case "refuse" -> orders.refuse();
      case "unhealthy" -> orders.unhealthy();
      case "healthy" -> orders.healthy();
      case "quiesce" -> {
        String deadline = parameters.get("deadline");
        if (deadline == null) {
          orders.quiesce();
        } else {
          orders.quiesce(Duration.ofSeconds(number("deadline", deadline)));
        }
      }
      case "lag" -> orders.lag();
      case "fill-threads" -> orders.fillThreads();
      case "slow-catalog" ->
          orders.slowCatalog(Duration.ofMillis(number("ms", required(parameters, "ms"))));
      case "restart-catalog" -> orders.restartCatalog();
      case "lie" -> orders.lie(parameters.getOrDefault("page", ""), lie(parameters));
      case "say" ->
          orders.say(
              required(parameters, "page"),
              required(parameters, "key"),
              parameters.getOrDefault("value", ""));
      case "truth" -> orders.truth();
      default ->
          throw new IllegalArgumentException("No such order: " + order + ", expected " + EXPECTED);
    }
  }

  private static Lie lie(Map<String, String> parameters) {
    String how = required(parameters, "how");
    return Arrays.stream(Lie.values())
        .filter(lie -> lie.word().equals(how))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "No such lie: "
                    + how
                    + ", expected one of "
                    + Arrays.stream(Lie.values())
                        .map(Lie::word)
                        .collect(Collectors.joining(", "))));
  }

  private static String required(Map<String, String> parameters, String key) {
    String value = parameters.get(key);
    if (value == null) {
      throw new IllegalArgumentException("The order needs " + key + "=");
    }
    return value;
  }

  private static long number(String key, String value) {
    if (!value.matches("\\d{1,9}")) {
      throw new IllegalArgumentException(
          key + " is " + value + ", expected a number from 0 to 999999999");
    }
    return Long.parseLong(value);
  }

  private static Map<String, String> parameters(@Nullable String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String parameter : query == null ? new String[0] : query.split("&", -1)) {
      int equals = parameter.indexOf('=');
      if (equals > 0) {
        parameters.put(
            parameter.substring(0, equals),
            URLDecoder.decode(parameter.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return parameters;
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    WebPort.send(
        exchange,
        status,
        "text/plain; charset=UTF-8",
        (text + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
