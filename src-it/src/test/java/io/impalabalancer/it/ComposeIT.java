package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The quickstart, {@code docker/compose.yaml}, run whole but for Grafana, which is no package. */
@Tag("packages")
@EnabledOnOs(OS.LINUX)
@EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "the image is made by a JDK 25")
class ComposeIT {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final Path DOCKER = Path.of("..", "docker").toAbsolutePath().normalize();

  @TempDir private Path directory;
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeEach
  void start() throws IOException {
    Requirement.program("docker-compose", "docker-compose");
    Path prometheus = Requirement.program("prometheus", "prometheus");
    Image.make();
    Files.copy(prometheus, directory.resolve("prometheus"));
    Path dockerfile =
        Files.writeString(
            directory.resolve("Dockerfile"),
            """
            FROM local/glibc
            COPY prometheus /bin/
            ENTRYPOINT ["/bin/prometheus", "--config.file=/etc/prometheus/prometheus.yml"]
            """);
    Image.build("local/prometheus", dockerfile, directory);
    // Any free ports of this machine instead of the usual ones.
    Files.writeString(
        directory.resolve("compose.yaml"),
        Files.readString(DOCKER.resolve("compose.yaml"))
            .replaceAll("\"[0-9]+:([0-9]+)\"", "\"127.0.0.1::$1\""));
    compose("config", "--quiet");
    compose("up", "--detach", "impala", "balancer-1", "balancer-2", "prometheus");
  }

  @AfterEach
  void end() {
    // Where something is missing, nothing was brought up.
    if (Files.exists(directory.resolve("compose.yaml"))) {
      compose("down", "--volumes", "--timeout", "0");
    }
  }

  private String compose(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "IMPALA_BALANCER_IMAGE=" + Image.NAME,
                "PROMETHEUS_IMAGE=local/prometheus",
                "docker-compose",
                "--project-name=impala-balancer-it",
                "--project-directory=" + DOCKER,
                "--file=" + directory.resolve("compose.yaml")));
    command.addAll(List.of(arguments));
    return Packages.run(command, SOON);
  }

  private String address(String service, int port) {
    return compose("port", service, "" + port).strip();
  }

  @Test
  void bothBalancersServeTheFourCoordinatorsAndPrometheusTellsWhenOneDies() throws Exception {
    String prometheus = address("prometheus", 9090);
    await().atMost(SOON).ignoreExceptions().until(() -> answers(prometheus, "up == 1") == 2);
    for (String balancer : List.of("balancer-1", "balancer-2")) {
      String ready = "http://" + address(balancer, 25002) + "/readyz";
      await().atMost(SOON).ignoreExceptions().until(() -> get(ready).statusCode() == 200);
      assertThat(coordinatorsOfFourSessions(address(balancer, 21051)))
          .containsExactly("impala-1", "impala-2", "impala-3", "impala-4");
    }
    JsonObject rules = json("http://" + prometheus + "/api/v1/rules");
    assertThat(rules.getAsJsonObject("data").getAsJsonArray("groups")).isNotEmpty();

    String orders = "http://" + address("impala", 21002) + "/orders/";
    post(orders + "die?coordinator=impala-2");
    String down =
        "impala_balancer_coordinator_status{coordinator=\"impala-2\",state=\"down\"} == 1";
    await().atMost(SOON).until(() -> answers(prometheus, down) == 2);
  }

  private static Set<String> coordinatorsOfFourSessions(String address) throws Exception {
    Set<String> names = new TreeSet<>();
    List<Connection> open = new ArrayList<>();
    try (JdbcDriver driver = new JdbcDriver()) {
      for (int i = 0; i < 4; i++) {
        Connection connection = driver.connect("jdbc:hive2://" + address + "/;auth=noSasl");
        open.add(connection);
        try (ResultSet rows = connection.createStatement().executeQuery("select coordinator()")) {
          rows.next();
          names.add(rows.getString(1));
        }
      }
      for (Connection connection : open) {
        connection.close();
      }
    }
    return names;
  }

  /** Returns how many series a query gives now. */
  private int answers(String prometheus, String query) throws Exception {
    String uri =
        "http://%s/api/v1/query?query=%s"
            .formatted(prometheus, URLEncoder.encode(query, StandardCharsets.UTF_8));
    return json(uri).getAsJsonObject("data").getAsJsonArray("result").size();
  }

  private JsonObject json(String uri) throws Exception {
    return JsonParser.parseString(get(uri).body()).getAsJsonObject();
  }

  private HttpResponse<String> get(String uri) throws Exception {
    return send(HttpRequest.newBuilder(URI.create(uri)));
  }

  private void post(String uri) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri));
    assertThat(send(request.POST(HttpRequest.BodyPublishers.noBody())).statusCode()).isEqualTo(200);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(
        request.timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
  }
}
