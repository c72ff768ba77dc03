package io.impalabalancer.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Simulated coordinators as a user starts them: {@code ./impala-balancer simulate}, on 127.0.0.1
 * and free ports.
 */
final class Simulator implements AutoCloseable {
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
  private static final Pattern PORT = Pattern.compile("\\b(beeswax|hiveserver2|web)=(\\d+)");

  private final ChildProcess process;
  private final List<Map<String, Integer>> ports = new ArrayList<>();

  private Simulator(ChildProcess process) {
    this.process = process;
  }

  /** Starts so many, {@code impala-1} and on, and waits until they listen. */
  static Simulator start(int coordinators) {
    Simulator simulator =
        new Simulator(
            BalancerProcess.launch(
                List.of("simulate", "--coordinators", Integer.toString(coordinators))));
    try {
      for (int i = 1; i <= coordinators; i++) {
        simulator.ports.add(simulator.awaitPorts("impala-" + i + " "));
      }
    } catch (AssertionError e) {
      simulator.close();
      throw e;
    }
    return simulator;
  }

  private Map<String, Integer> awaitPorts(String name) {
    String line =
        process
            .awaitLine("ports of " + name, each -> each.text().startsWith(name), READY_TIMEOUT)
            .text();
    Matcher port = PORT.matcher(line);
    Map<String, Integer> found = new HashMap<>();
    while (port.find()) {
      found.put(port.group(1), Integer.valueOf(port.group(2)));
    }
    return found;
  }

  /**
   * Returns the port of a coordinator.
   *
   * @param number from 1
   * @param kind {@code beeswax}, {@code hiveserver2} or {@code web}
   */
  int port(int number, String kind) {
    Integer port = ports.get(number - 1).get(kind);
    if (port == null) {
      throw new AssertionError("no " + kind + " in " + ports);
    }
    return port;
  }

  /** Returns the elements of a balancer's list of coordinators. */
  String coordinators() {
    StringBuilder out = new StringBuilder();
    for (int i = 1; i <= ports.size(); i++) {
      out.append(
          "{ name = impala-%d, host = 127.0.0.1, ports { beeswax = %d, hiveserver2 = %d, web = %d } }\n"
              .formatted(i, port(i, "beeswax"), port(i, "hiveserver2"), port(i, "web")));
    }
    return out.toString();
  }

  /**
   * Gives a coordinator an order.
   *
   * @param from by whose web port, which must live
   * @param order such as {@code die}, with what it needs behind a question mark
   */
  void order(int from, int number, String order) {
    URI uri =
        URI.create(
            "http://127.0.0.1:%d/orders/%s%scoordinator=impala-%d"
                .formatted(port(from, "web"), order, order.contains("?") ? "&" : "?", number));
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(uri)
                      .POST(HttpRequest.BodyPublishers.noBody())
                      .timeout(READY_TIMEOUT)
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new AssertionError(uri + ": " + answer.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
