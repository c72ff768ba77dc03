package io.impalabalancer.cli.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.impalabalancer.cli.ctl.CtlCommand;
import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.discovery.Found;
import io.impalabalancer.health.HealthChecker;
import io.impalabalancer.metrics.BalancerMetrics;
import io.impalabalancer.metrics.HaproxyStats;
import io.impalabalancer.who.Whois;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The API of a running balancer over HTTP, held against its own description. */
class ApiTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String HASH = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final HttpClient http = HttpClient.newHttpClient();
  private final JsonNode description = json(Resources.text("openapi.json"));
  private ServerSocket coordinator;
  private Balancer balancer;
  private BalancerMetrics metrics;
  private HealthChecker health;
  private AdminServer server;

  /** What the coordinator's page of sessions says. */
  private volatile String sessionsPage = "";

  private final Whois whois =
      new Whois(
          c -> CompletableFuture.completedFuture(sessionsPage.getBytes(StandardCharsets.UTF_8)));

  @BeforeEach
  void open() throws Exception {
    coordinator = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    BalancerConfig config = config(coordinator.getLocalPort());
    balancer = new Balancer(config);
    metrics = new BalancerMetrics(balancer, "test", () -> 0);
    HaproxyStats stats = new HaproxyStats(balancer, "test");
    Events events = new Events();
    Site site =
        new Site(balancer, metrics, stats, events, "test", () -> "", ApiTest::discovery, whois);
    site.setOperations(new NothingToReload(), upgrades);
    balancer.addListener(events);
    balancer.addListener(stats);
    balancer.addListener(site);
    health = HealthChecker.of(balancer, loop);
    balancer.addListener(health);
    server = AdminServer.open(loop.next(), config.stats(), site);
    health.start().toCompletableFuture().get(10, TimeUnit.SECONDS);
    balancer.open();
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    health.close();
    balancer.close();
    metrics.close();
    loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    coordinator.close();
  }

  private static BalancerConfig config(int port) {
    try {
      return ConfigLoader.parse(
              "test.conf",
              """
              impala-balancer {
                coordinator-defaults.ports { beeswax = none, hiveserver2-http = none, web = none }
                coordinators = [
                  { name = c1, host = "127.0.0.1", ports.hiveserver2 = %1$d }
                  { name = c2, host = "127.0.0.1", ports.hiveserver2 = 1, state = maint }
                ]
                pools { bi = [c1, { coordinator = c2, backup = true }] }
                listeners = [
                  { name = jdbc, bind = "127.0.0.1:0", protocol = hiveserver2, pool = bi
                    aliases { c2 = two } }
                ]
                check.type = tcp
                stats { bind = "127.0.0.1:0", open = true, users = [
                  { name = ops, role = admin, password = "%2$s" }
                  { name = guest, role = viewer, password = "%2$s" }
                ] }
              }
              """
                  .formatted(port, HASH))
          .config();
    } catch (ConfigException e) {
      throw new AssertionError(e.problems().toString(), e);
    }
  }

  private static Discovery.State discovery() {
    CoordinatorConfig coordinator =
        new CoordinatorConfig("c3", "h", Map.of(), OptionalInt.of(25000), 100, 0, AdminState.READY);
    return new Discovery.State(
        true,
        List.of(new Found(coordinator, Optional.empty(), "http://seed:25000")),
        List.of("c3"),
        7,
        2,
        List.of("a problem"),
        1);
  }

  private static final class NothingToReload implements Reloads {
    @Override
    public Reloads.Result last() {
      return new Reloads.Result(Instant.EPOCH, "start", true, List.of(), List.of(), "hash");
    }

    @Override
    public Reloads.Result reload(String by) {
      return new Reloads.Result(Instant.EPOCH, by, true, List.of(), List.of("a problem"), "hash");
    }

    @Override
    public Reloads.Result dryRun(String by) {
      return new Reloads.Result(Instant.EPOCH, by, true, List.of("a change"), List.of(), "hash");
    }
  }

  /** One that begins and gets no further. */
  private final Upgrades upgrades =
      new Upgrades() {
        private Upgrades.Result last = Upgrades.Result.NONE;

        @Override
        public Upgrades.Result last() {
          return last;
        }

        @Override
        public boolean begin(String by) {
          boolean first = last.state() == State.NONE;
          last = new Upgrades.Result(Instant.EPOCH, by, State.RUNNING, 0, "");
          return first;
        }
      };

  private static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  private URI uri(String path) {
    return URI.create("http://" + AdminServer.text(server.address()) + "/api/v1" + path);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    String login =
        Base64.getEncoder().encodeToString("ops:secret".getBytes(StandardCharsets.UTF_8));
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Authorization", "Basic " + login)
            .header("X-Requested-With", "test")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Returns what an answer says, if it is as the description has it. */
  private JsonNode described(String route, String method, HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    ObjectNode schema = description.deepCopy();
    schema.put(
        "$ref",
        "#/paths/"
            + ("/api/v1" + route).replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
            + "/"
            + method
            + "/responses/200/content/application~1json/schema");
    JsonNode body = json(answer.body());
    Set<ValidationMessage> messages =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(schema)
            .validate(body);
    assertThat(messages).as(route).isEmpty();
    return body;
  }

  @Test
  void theDescriptionHasEveryRouteAndNoOther() {
    Set<String> described = new TreeSet<>();
    description
        .get("paths")
        .fields()
        .forEachRemaining(path ->
            path.getValue()
                .fieldNames()
                .forEachRemaining(method -> described.add(method + " " + path.getKey())));
    Set<String> served = new TreeSet<>();
    HaproxyStats stats = new HaproxyStats(balancer, "");
    Site site =
        new Site(balancer, metrics, stats, new Events(), "", () -> "", ApiTest::discovery, whois);
    for (Route route : site.routes()) {
      if (route.path().startsWith(Api.BASE)) {
        served.add(route.method().toLowerCase(java.util.Locale.ROOT) + " " + route.path());
      }
    }
    assertThat(described).isEqualTo(served);
  }

  @Test
  void whatIsReadIsAsDescribed() throws Exception {
    try (Socket client = connect()) {
      for (String route :
          List.of("/overview", "/info", "/me", "/coordinators", "/listeners", "/history")) {
        described(route, "get", get(route));
      }
      JsonNode found = described("/discovery", "get", get("/discovery")).get("discovery");
      assertThat(found.at("/found/0/source").asText()).isEqualTo("http://seed:25000");
      assertThat(found.at("/found/0/missing").asBoolean()).isTrue();
      described("/events", "get", get("/events?limit=5"));
      described("/sessions", "get", get("/sessions"));
      JsonNode c1 = described("/coordinators/{name}", "get", get("/coordinators/c1"));
      assertThat(c1.at("/coordinator/status/value").asText()).isEqualTo("up");
      assertThat(c1.at("/coordinator/check/kind").asText()).isEqualTo("tcp");
      assertThat(c1.at("/coordinator/sessions").asInt()).isEqualTo(1);
      JsonNode choices =
          described("/listeners/{name}/choices", "get", get("/listeners/jdbc/choices"));
      assertThat(choices.at("/choices/0/coordinator").asText()).isEqualTo("c1");
      assertThat(choices.at("/choices/0/candidates/0/sessions").asInt()).isZero();
      assertThat(get("/listeners/nobody/choices").statusCode()).isEqualTo(404);
      assertThat(client.isClosed()).isFalse();
    }
  }

  @Test
  void whoIsOnASessionIsSaidWhenItIsAskedFor() throws Exception {
    try (Socket client = connect()) {
      await().until(() -> session("").get("phase").asText().equals("data"));
      assertThat(session("").get("who").isNull()).isTrue();
      sessionsPage =
          """
          {"sessions":[{"session_id":"a:b","type":"HIVESERVER2","inflight_queries":2}],
           "connections":[{"user":"alice","delegated_user":"bob","network_address":"%s",
                           "session_ids":"a:b"}]}
          """
              .formatted(session("").get("local").asText());
      long now = System.currentTimeMillis();
      await().until(() -> System.currentTimeMillis() > now + 1);
      JsonNode who = session("?who=true").get("who");
      assertThat(who.get("user").asText()).isEqualTo("alice");
      assertThat(who.get("delegatedUser").asText()).isEqualTo("bob");
      assertThat(who.get("queries").asInt()).isEqualTo(2);
      assertThat(who.at("/sessions/0/id").asText()).isEqualTo("a:b");
      assertThat(client.isClosed()).isFalse();
    }
  }

  @Test
  void aCoordinatorThatDoesNotSayWhoIsNamed() throws Exception {
    try (Socket client = connect()) {
      await().until(() -> session("").get("phase").asText().equals("data"));
      sessionsPage = "<html>";
      JsonNode answer = described("/sessions", "get", get("/sessions?who=true"));
      assertThat(answer.at("/sessions/0/who").isNull()).isTrue();
      assertThat(answer.at("/whoProblems/c1").asText()).contains("begins with <html>");
      assertThat(client.isClosed()).isFalse();
    }
  }

  private JsonNode session(String query) throws Exception {
    return described("/sessions", "get", get("/sessions" + query)).at("/sessions/0");
  }

  @Test
  void aPointComesEveryFewSecondsAndStays() throws Exception {
    await()
        .until(
            () -> get("/history").body(),
            body -> !json(body).at("/coordinators/c1/sessions").isEmpty());
    described("/history", "get", get("/history"));
    assertThat(
            described("/coordinators", "get", get("/coordinators"))
                .at("/coordinators/0/point/sessions"))
        .hasSize(1);
  }

  @Test
  void anAdminDrainsAndTheEventSaysWho() throws Exception {
    JsonNode drained =
        described(
            "/coordinators/{name}/state",
            "post",
            post("/coordinators/c1/state", "{\"state\": \"drain\"}"));
    assertThat(drained.at("/coordinator/admin/value").asText()).isEqualTo("drain");
    assertThat(drained.at("/coordinator/admin/reason").asText()).isEqualTo("ops, web port");
    JsonNode event = described("/events", "get", get("/events?limit=1")).at("/events/0");
    assertThat(event.get("kind").asText()).isEqualTo("admin");
    assertThat(event.get("to").asText()).isEqualTo("DRAIN");
    assertThat(event.get("reason").asText()).isEqualTo("ops, web port");
  }

  @Test
  void aWeightIsSetInOnePoolOrInAll() throws Exception {
    String route = "/coordinators/{name}/weight";
    JsonNode set = described(route, "post", post("/coordinators/c1/weight", "{\"weight\": 7}"));
    assertThat(set.at("/coordinator/weights/0/weight").asInt()).isEqualTo(7);
    described(route, "post", post("/coordinators/c1/weight", "{\"weight\":0,\"pool\":\"bi\"}"));
    assertThat(post("/coordinators/c1/weight", "{\"weight\":1,\"pool\":\"etl\"}").body())
        .isEqualTo("refused: c1 is in no pool \"etl\" that a listener uses\n");
    assertThat(post("/coordinators/c1/weight", "{\"weight\":257}").body())
        .isEqualTo("refused: found weight \"257\", expected a number from 0 to 256\n");
  }

  @Test
  void ctlSetsAWeightOverTheApiAndSaysWhatIsRefused(@TempDir Path directory) throws Exception {
    Path password = Files.writeString(directory.resolve("password"), "secret\n");
    StringWriter told = new StringWriter();
    String host = AdminServer.text(server.address());
    UnaryOperator<String> set =
        memberAndWeight -> {
          String[] words = memberAndWeight.split(" ", -1);
          told.getBuffer().setLength(0);
          int status =
              new CommandLine(new CtlCommand())
                  .setOut(new PrintWriter(told, true))
                  .setErr(new PrintWriter(told, true))
                  .execute(
                      "weight",
                      words[0],
                      words[1],
                      "--on=" + host + ",http://" + host,
                      "--user=ops",
                      "--password-file=" + password);
          return status + " " + told;
        };
    assertThat(set.apply("jdbc/c1 7"))
        .isEqualTo(
            "0 %1$s: The weight of jdbc/c1 is 7 now.%nhttp://%1$s: The weight of jdbc/c1 is 7 now.%n"
                .formatted(host));
    assertThat(get("/coordinators/c1").body()).contains("\"weight\":7,\"configured\":100");
    assertThat(set.apply("jdbc/two 50%")).contains("The weight of jdbc/two is 50 now.");
    assertThat(get("/coordinators/c2").body()).contains("\"weight\":50,\"configured\":100");
    assertThat(set.apply("jdbc/c1 300"))
        .startsWith("1 ")
        .contains("refused: found weight \"300\", expected a number from 0 to 256");
    assertThat(set.apply("jdbc/c9 1")).contains("no coordinator \"c9\" in listener \"jdbc\"");
    assertThat(set.apply("c1 1")).contains("expected LISTENER/NAME");
    assertThat(get("/coordinators/c1").body()).contains("\"weight\":7,");
  }

  @Test
  void oneSessionIsCutAndThenAllOfACoordinator() throws Exception {
    try (Socket one = connect();
        Socket two = connect()) {
      JsonNode sessions = described("/sessions", "get", get("/sessions?search=C1&limit=1"));
      assertThat(sessions.get("total").asInt()).isEqualTo(2);
      long id = sessions.at("/sessions/0/id").asLong();
      String client = sessions.at("/sessions/0/client").asText();
      described("/sessions/{id}/cut", "post", post("/sessions/" + id + "/cut", "{}"));
      boolean first = client.endsWith(":" + one.getLocalPort());
      assertThat((first ? one : two).getInputStream().read()).isEqualTo(-1);
      JsonNode cut =
          described("/coordinators/{name}/cut", "post", post("/coordinators/c1/cut", ""));
      assertThat(cut.get("cut").asInt()).isBetween(1, 2);
      assertThat((first ? two : one).getInputStream().read()).isEqualTo(-1);
      assertThat(post("/sessions/" + id + "/cut", "{}").statusCode()).isEqualTo(404);
    }
    assertThat(get("/events?limit=1").body()).contains("all its sessions, ops, web port");
  }

  @Test
  void aReloadIsAskedForOrOnlyPlanned() throws Exception {
    JsonNode plan = described("/reload", "post", post("/reload", "{\"dryRun\": true}"));
    assertThat(plan.at("/reload/changes/0").asText()).isEqualTo("a change");
    JsonNode done = described("/reload", "post", post("/reload", ""));
    assertThat(done.at("/reload/problems/0").asText()).isEqualTo("a problem");
    assertThat(done.at("/reload/by").asText()).isEqualTo("ops, web port");
  }

  @Test
  void anUpgradeIsBegunAndASecondOneRefused() throws Exception {
    assertThat(get("/info").body()).contains("\"lastUpgrade\":{", "\"state\":\"none\"");
    JsonNode begun = described("/upgrade", "post", post("/upgrade", "")).get("upgrade");
    assertThat(begun.get("state").asText()).isEqualTo("running");
    assertThat(begun.get("by").asText()).isEqualTo("ops, web port");
    assertThat(described("/info", "get", get("/info")).at("/info/lastUpgrade")).isEqualTo(begun);
    assertThat(post("/upgrade", "").statusCode()).isEqualTo(409);
  }

  @Test
  void whatIsNotAsExpectedIsRefusedAndSaid() throws Exception {
    assertThat(post("/coordinators/c1/state", "{\"state\": \"off\"}").body())
        .isEqualTo("refused: found state \"off\", expected ready, drain or maint\n");
    for (String bad :
        List.of("", "{", "[]", "{'state':'drain'}", "{\"state\":{}}", "{\"state\":\"drain\"} x")) {
      HttpResponse<String> answer = post("/coordinators/c1/state", bad);
      assertThat(answer.statusCode()).as(bad).isEqualTo(400);
      assertThat(answer.body()).as(bad).contains("expected a JSON object with state");
    }
    assertThat(post("/coordinators/c1/state", "{\"stat\": 1}").body())
        .isEqualTo("refused: unknown key \"stat\", expected a JSON object with state\n");
    assertThat(post("/coordinators/c9/state", "{}").body())
        .isEqualTo("there is no coordinator \"c9\"\n");
    assertThat(get("/sessions?limit=501").statusCode()).isEqualTo(400);
    assertThat(get("/sessions?sort=name").body())
        .isEqualTo("sort: found \"name\", expected age, idle or bytes\n");
    assertThat(get("/events?limit=x").statusCode()).isEqualTo(400);
    assertThat(balancer.coordinators().get(0).adminState().word()).isEqualTo("ready");
  }

  @Test
  void theStreamTellsOfAChangeAtOnceAndOfUsersThatAreReplaced() throws Exception {
    HttpResponse<InputStream> stream =
        http.send(
            HttpRequest.newBuilder(uri("/stream")).build(),
            HttpResponse.BodyHandlers.ofInputStream());
    assertThat(stream.headers().firstValue("content-type")).contains("text/event-stream");
    try (java.io.BufferedReader lines =
        new java.io.BufferedReader(
            new java.io.InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
      assertThat(lines.readLine()).startsWith("data: {\"info\":").contains("\"name\":\"c1\"");
      post("/coordinators/c1/state", "{\"state\": \"maint\"}");
      String line = lines.readLine();
      while (!line.contains("\"admin\":{\"value\":\"maint\",\"reason\":\"ops")) {
        line = lines.readLine();
      }
      server.reload(balancer.config().stats());
      while (line != null) {
        line = lines.readLine();
      }
    }
  }

  /** Returns a client that has an answer of the coordinator. */
  private Socket connect() throws IOException {
    InetSocketAddress address = balancer.listeners().get(0).addresses().get(0);
    Socket client = new Socket(address.getAddress(), address.getPort());
    client.setSoTimeout(10_000);
    client.getOutputStream().write('q');
    Socket accepted = coordinator.accept();
    while (accepted.getInputStream().read() != 'q') {
      accepted.close(); // A check.
      accepted = coordinator.accept();
    }
    accepted.getOutputStream().write('a');
    assertThat(client.getInputStream().read()).isEqualTo('a');
    return client;
  }
}
