package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the quickstart's Prometheus and Grafana ask, asked of a real Prometheus. */
@Timeout(180)
class MonitoringIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Path DOCKER = Path.of("..", "docker").toAbsolutePath().normalize();
  private static final Path PROMETHEUS = DOCKER.resolve("prometheus");
  private static final Pattern METRIC = Pattern.compile("impala_balancer_\\w+");

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void everyAlertIsRaisedByWhatItSaysAndByNothingElse() throws IOException {
    Path promtool = Requirement.program("promtool", "prometheus");
    run(promtool, "check", "rules", PROMETHEUS.resolve("rules.yml").toString());
    run(promtool, "test", "rules", PROMETHEUS.resolve("rules_test.yml").toString());
    run(promtool, "check", "config", PROMETHEUS.resolve("prometheus.yml").toString());
    assertThat(matches("alert: (\\w+)", PROMETHEUS.resolve("rules.yml")))
        .as("alerts, and those that are tested")
        .isEqualTo(matches("alertname: (\\w+)", PROMETHEUS.resolve("rules_test.yml")));
  }

  @Test
  void theConfigurationOfTheQuickstartIsValid() {
    run(
        Path.of("..", "impala-balancer").toAbsolutePath(),
        "check",
        "-c",
        DOCKER.resolve("compose.conf").toString());
  }

  @Test
  void everyQueryOfTheDashboardHasAnAnswer() throws Exception {
    Path program = Requirement.program("prometheus", "prometheus");
    JsonObject dashboard =
        JsonParser.parseString(
                Files.readString(DOCKER.resolve("grafana/dashboards/impala-balancer.json")))
            .getAsJsonObject();
    int port = FreePort.next();
    try (EchoServer coordinator = new EchoServer();
        BalancerProcess balancer = BalancerProcess.start(config(port, coordinator.port()))) {
      int prometheusPort = FreePort.next();
      try (ChildProcess prometheus = start(program, prometheusPort, balancer)) {
        String api = "http://127.0.0.1:" + prometheusPort + "/api/v1";
        await().atMost(SOON).ignoreExceptions().until(() -> isUp(api));
        List<String> queries = queries(dashboard);
        assertThat(queries).hasSizeGreaterThan(15);
        for (String query : queries) {
          await(query)
              .atMost(SOON)
              .pollInterval(Duration.ofMillis(200))
              .until(() -> {
                exchange(port);
                return answers(api, query) > 0;
              });
        }
        for (JsonElement variable :
            dashboard.getAsJsonObject("templating").getAsJsonArray("list")) {
          assertVariable(api, variable.getAsJsonObject());
        }
        await("all rules were tried").atMost(SOON).until(() -> rulesTried(api));
        assertThat(prometheus.lines()).noneMatch(line -> line.text().contains("level=error"));
      }
      Set<String> known =
          balancer.metrics().keySet().stream()
              .map(sample -> sample.replaceFirst("\\{.*", ""))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(known)
          .containsAll(matches(METRIC.pattern(), PROMETHEUS.resolve("rules.yml")))
          .containsAll(
              matches(METRIC.pattern(), DOCKER.resolve("grafana/dashboards/impala-balancer.json")));
    }
  }

  private static String config(int port, int coordinatorPort) {
    return """
    impala-balancer {
      coordinators = [{ name = impala-1, host = 127.0.0.1, ports {
        hiveserver2 = %d, beeswax = none, hiveserver2-http = none, web = none } }]
      listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
      check { type = tcp, inter = 500ms }
    }
    """
        .formatted(coordinatorPort, port);
  }

  /** Starts Prometheus as the quickstart does, with one balancer, and more haste. */
  private static ChildProcess start(Path program, int port, BalancerProcess balancer)
      throws IOException {
    Path directory = ChildProcess.newDirectory("prometheus");
    String config = Files.readString(PROMETHEUS.resolve("prometheus.yml"));
    String targets = "\"balancer-1:25002\", \"balancer-2:25002\"";
    assertThat(config).contains(targets, "_interval: 5s", "- rules.yml");
    Files.writeString(
        directory.resolve("prometheus.yml"),
        config
            .replace(targets, "\"" + URI.create(balancer.url("/")).getAuthority() + "\"")
            .replace("_interval: 5s", "_interval: 1s")
            .replace("- rules.yml", "- " + PROMETHEUS.resolve("rules.yml")));
    return ChildProcess.start(
        "prometheus",
        directory,
        Map.of(),
        List.of(
            program.toString(),
            "--config.file=" + directory.resolve("prometheus.yml"),
            "--storage.tsdb.path=" + directory.resolve("data"),
            "--web.listen-address=127.0.0.1:" + port));
  }

  private boolean isUp(String api) throws Exception {
    return answers(api, "up == 1") == 1;
  }

  /** Returns the queries of all panels as Grafana sends them. */
  private static List<String> queries(JsonObject dashboard) {
    return dashboard.getAsJsonArray("panels").asList().stream()
        .flatMap(panel -> panel.getAsJsonObject().getAsJsonArray("targets").asList().stream())
        .map(target ->
            target
                .getAsJsonObject()
                .get("expr")
                .getAsString()
                .replace("$__rate_interval", "30s")
                .replaceAll("\\$\\w+", ".*"))
        .toList();
  }

  /** Returns how many series a query gives now. */
  private int answers(String api, String query) throws Exception {
    JsonObject answer =
        get(api + "/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
    assertThat(answer.get("status").getAsString()).as("%s: %s", query, answer).isEqualTo("success");
    return answer.getAsJsonObject("data").getAsJsonArray("result").size();
  }

  private void assertVariable(String api, JsonObject variable) throws Exception {
    if (variable.get("type").getAsString().equals("query")) {
      MatchResult call =
          Pattern.compile("label_values\\((\\w+), (\\w+)\\)")
              .matcher(variable.getAsJsonObject("query").get("query").getAsString())
              .results()
              .findFirst()
              .orElseThrow();
      assertThat(
              get(api + "/label/" + call.group(2) + "/values?match%5B%5D=" + call.group(1))
                  .getAsJsonArray("data"))
          .as(call.group())
          .isNotEmpty();
    }
  }

  private boolean rulesTried(String api) throws Exception {
    JsonObject group =
        get(api + "/rules")
            .getAsJsonObject("data")
            .getAsJsonArray("groups")
            .get(0)
            .getAsJsonObject();
    return group.getAsJsonArray("rules").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .allMatch(rule -> rule.get("health").getAsString().equals("ok"));
  }

  private JsonObject get(String uri) throws IOException, InterruptedException {
    return JsonParser.parseString(
            http.send(
                    HttpRequest.newBuilder(URI.create(uri)).timeout(SOON).build(),
                    HttpResponse.BodyHandlers.ofString())
                .body())
        .getAsJsonObject();
  }

  private static void exchange(int port) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.getOutputStream().write(new byte[100]);
      client.shutdownOutput();
      client.getInputStream().readAllBytes();
    }
  }

  private static Set<String> matches(String pattern, Path file) throws IOException {
    return Pattern.compile(pattern)
        .matcher(Files.readString(file))
        .results()
        .map(match -> match.group(match.groupCount()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void run(Path program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    try (ChildProcess process =
        ChildProcess.start("promtool", ChildProcess.newDirectory("promtool"), Map.of(), command)) {
      int status = process.awaitExit(SOON);
      assertThat(status)
          .as(
              process.lines().stream()
                  .map(ChildProcess.Line::text)
                  .collect(Collectors.joining("\n")))
          .isZero();
    }
  }
}
