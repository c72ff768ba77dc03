package io.impalabalancer.cli.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.cli.web.Route.Access;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.StatsConfig;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The web port over real sockets: what it answers, and to whom. */
class AdminServerTest {
  /** Of "secret", as cheap as can be. */
  private static final String USERS =
      """
      users = [
        { name = ops, role = admin,
          password = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW" }
        { name = guest, role = viewer,
          password = "$5$rounds=1000$abcdefgh$XIppta5rT8zJUu4vAOKQXrwq9uY4Ijlz6VjyOmkx5i4" }
      ]
      """;

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final CountDownLatch slowPage = new CountDownLatch(1);
  private final AtomicInteger documents = new AtomicInteger();
  private volatile String document = "{}";
  private AdminServer server;

  @BeforeEach
  void open() throws IOException {
    server = open("", Duration.ofSeconds(30));
  }

  @AfterEach
  void close() {
    slowPage.countDown();
    server.close();
    loop.shutdownGracefully(0, 5, java.util.concurrent.TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private AdminServer open(String settings, Duration deadline) throws IOException {
    return AdminServer.open(
        loop.next(),
        stats(settings),
        routes(),
        () -> {
          documents.incrementAndGet();
          return document;
        },
        deadline);
  }

  private static StatsConfig stats(String settings) {
    try {
      return ConfigLoader.parse(
              "test.conf",
              """
              impala-balancer {
                coordinators = [a, b]
                listeners = [{ name = jdbc, bind = "127.0.0.1:0", protocol = hiveserver2 }]
                stats { bind = "127.0.0.1:0", %s }
              }
              """
                  .formatted(settings))
          .config()
          .stats();
    } catch (ConfigException e) {
      throw new AssertionError(e.problems().toString(), e);
    }
  }

  private List<Route> routes() {
    return List.of(
        Route.get("/healthz", Access.HEALTH, request -> Page.plain(200, "OK")),
        Route.get("/readyz", Access.HEALTH, request -> Page.plain(503, "not ready: starting")),
        Route.get("/metrics", Access.METRICS, request -> Page.plain(200, "metrics")),
        Route.get("/who", Access.READ, request -> Page.plain(200, request.who())),
        Route.get("/login", Access.LOGIN, request -> Page.plain(200, request.who())),
        Route.get(
            "/names/{name}/x",
            Access.READ,
            request -> Page.plain(200, request.names() + " " + request.query())),
        Route.get("/stream", Access.READ, request -> Page.STREAM),
        Route.get("/;csv", Access.READ, request -> Page.plain(200, "csv")),
        Route.post("/act", request -> Page.plain(200, request.who() + " " + request.body())),
        Route.get(
            "/slow",
            Access.READ,
            request -> {
              awaitSlowPage();
              return Page.plain(200, "slow");
            }),
        Route.get(
            "/defect",
            Access.READ,
            request -> {
              throw new IllegalStateException("a defect");
            }));
  }

  private void awaitSlowPage() {
    try {
      slowPage.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aPageIsAnswered() throws IOException {
    assertThat(ask("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("content-type: text/plain; charset=utf-8")
        .contains("cache-control: no-store")
        .endsWith("\r\n\r\nOK\n");
  }

  @Test
  void thePagesStatusIsTheAnswers() throws IOException {
    assertThat(ask("GET /readyz HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 503 ")
        .endsWith("\r\n\r\nnot ready: starting\n");
  }

  @Test
  void theQueryDoesNotChangeThePage() throws IOException {
    assertThat(get("/healthz?x=1")).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void whatStandsInPathAndQueryIsDecoded() throws IOException {
    assertThat(get("/names/a%2Fb+c/x?q=%41+b&q=c")).endsWith("\r\n{name=a/b+c} {q=c}\n");
    assertThat(get("/names/a/y")).startsWith("HTTP/1.1 404 ");
    assertThat(get("/names/a%zz/x")).startsWith("HTTP/1.1 400 ").contains("two hex digits");
    assertThat(get("/healthz?%zz")).startsWith("HTTP/1.1 400 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/;csv",
        "/;csv;norefresh",
        "/?;csv",
        "/?stats;csv",
        "/haproxy?stats;csv",
        "/haproxy;csv",
        "/haproxy?stats;csv;norefresh",
        "/stats;csv",
        "/admin?stats;csv"
      })
  void theTableIsWhereScrapersOfHaproxyLookForIt(String path) throws IOException {
    assertThat(get(path)).endsWith("\r\ncsv\n");
  }

  @Test
  void headHasTheLengthAndNoBody() throws IOException {
    assertThat(ask("HEAD /healthz HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 200 ")
        .contains("content-length: 3\r\n")
        .endsWith("\r\n\r\n");
  }

  @Test
  void anUnknownPathIs404() throws IOException {
    assertThat(ask("GET /nothing HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 404 ")
        .contains("listed at /");
  }

  @Test
  void anotherMethodIs405AndSaysWhichAreAllowed() throws IOException {
    assertThat(ask("POST /healthz HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
        .startsWith("HTTP/1.1 405 ")
        .contains("allow: GET, HEAD");
    assertThat(get("/act")).startsWith("HTTP/1.1 405 ").contains("allow: POST\r\n");
  }

  @Test
  void nothingIsLoadedFromElsewhereOrFramed() throws IOException {
    assertThat(get("/who"))
        .contains("content-security-policy: default-src 'none'; script-src 'self';")
        .contains("frame-ancestors 'none'")
        .contains("x-content-type-options: nosniff");
  }

  @Test
  void withoutUsersEverybodyReadsAndNobodyActs() throws IOException {
    assertThat(get("/who")).endsWith("\r\nanonymous\n");
    assertThat(get("/who", basic("ops:secret"))).endsWith("\r\nanonymous\n");
    assertThat(post("/act", "X-Requested-With: test"))
        .startsWith("HTTP/1.1 403 ")
        .endsWith("this needs a user with the role admin, see stats.users\n");
  }

  @Test
  void withUsersReadingNeedsALogin() throws IOException {
    server.reload(stats(USERS));
    assertThat(get("/who"))
        .startsWith("HTTP/1.1 401 ")
        .contains("www-authenticate: Basic realm=\"impala-balancer\", charset=\"UTF-8\"");
    assertThat(get("/who", basic("ops:secret"))).endsWith("\r\nops\n");
    assertThat(get("/who", basic("guest:secret"))).endsWith("\r\nguest\n");
    assertThat(get("/who", "Authorization: Bearer abc")).startsWith("HTTP/1.1 401 ");
    assertThat(get("/who", "Authorization: Basic ~")).startsWith("HTTP/1.1 401 ");
  }

  @Test
  void metricsAndHealthNeedOneIfTheyAreClosed() throws IOException {
    server.reload(stats(USERS));
    assertThat(get("/healthz")).startsWith("HTTP/1.1 200 ");
    assertThat(get("/metrics")).startsWith("HTTP/1.1 200 ");
    server.reload(stats(USERS + "open-metrics = false"));
    assertThat(get("/readyz")).startsWith("HTTP/1.1 503 ");
    assertThat(get("/metrics")).startsWith("HTTP/1.1 401 ");
    server.reload(stats(USERS + "open-health = false"));
    assertThat(get("/healthz")).startsWith("HTTP/1.1 401 ");
    assertThat(get("/metrics")).startsWith("HTTP/1.1 200 ");
    assertThat(get("/healthz", basic("guest:secret"))).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void openToReadOneMayStillLogIn() throws IOException {
    server.reload(stats(USERS + "open = true"));
    assertThat(get("/who")).endsWith("\r\nanonymous\n");
    assertThat(get("/login")).startsWith("HTTP/1.1 401 ");
    assertThat(get("/login", basic("guest:secret"))).endsWith("\r\nguest\n");
    assertThat(post("/act", "X-Requested-With: test")).startsWith("HTTP/1.1 401 ");
  }

  @Test
  void onlyAnAdminActs() throws IOException {
    server.reload(stats(USERS));
    assertThat(post("/act", "X-Requested-With: test", basic("ops:secret")))
        .startsWith("HTTP/1.1 200 ")
        .endsWith("\r\nops body\n");
    assertThat(post("/act", "X-Requested-With: test", basic("guest:secret")))
        .startsWith("HTTP/1.1 403 ")
        .endsWith("refused: this needs a user with the role admin\n");
  }

  @Test
  void aPageOfAnotherSiteCannotAct() throws IOException {
    server.reload(stats(USERS));
    String admin = basic("ops:secret");
    String own = "X-Requested-With: test";
    assertThat(post("/act", admin)).startsWith("HTTP/1.1 403 ").contains("X-Requested-With");
    assertThat(post("/act", admin, own, "Host: b:1", "Origin: http://evil"))
        .startsWith("HTTP/1.1 403 ")
        .contains("another site");
    assertThat(post("/act", admin, own, "Host: b:1", "Origin: null")).startsWith("HTTP/1.1 403 ");
    assertThat(post("/act", admin, own, "Host: \\E(", "Origin: http://evil"))
        .startsWith("HTTP/1.1 403 ");
    assertThat(post("/act", admin, own, "Host: b:1", "Origin: http://b:1.evil"))
        .startsWith("HTTP/1.1 403 ");
    assertThat(post("/act", admin, own, "Sec-Fetch-Site: cross-site")).startsWith("HTTP/1.1 403 ");
    assertThat(
            post(
                "/act",
                admin,
                own,
                "Host: B:1",
                "Origin: https://b:1",
                "Sec-Fetch-Site: same-origin"))
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void afterAWrongPasswordTheAddressWaits() throws IOException {
    server.reload(stats(USERS + "failed-login-delay = 1m"));
    assertThat(get("/who", basic("ops:wrong")))
        .startsWith("HTTP/1.1 401 ")
        .endsWith("name or password is wrong\n");
    assertThat(get("/who", basic("ops:secret")))
        .startsWith("HTTP/1.1 429 ")
        .contains("retry-after: ");
    assertThat(get("/healthz", basic("ops:wrong"))).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void aDefectOfAPageIs500AndTheServerLives() throws IOException {
    assertThat(ask("GET /defect HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 500 ");
    assertThat(ask("GET /healthz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void whatIsNotHttpIs400AndTheConnectionEnds() throws IOException {
    assertThat(ask("\u0001\u0000\u0000\u0000\u0005PLAIN\r\n\r\n")).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void aLongRequestIsRefusedAndTheConnectionEnds() throws IOException {
    assertThat(ask("GET /" + "a".repeat(5000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 414 ");
    assertThat(ask("GET / HTTP/1.1\r\nX: " + "a".repeat(20000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431 ");
    assertThat(ask("GET / HTTP/1.0\r\nContent-Length: 100000\r\n\r\n")).startsWith("HTTP/1.1 413 ");
  }

  @Test
  void aRequestInManyPiecesIsAnswered() throws IOException {
    try (Socket client = connect()) {
      send(client, "GET /healthz HTTP/1.1\r\nX: " + "a".repeat(10_000));
      send(client, "\r\nConnection: ");
      send(client, "close\r\n\r\n");
      assertThat(read(client)).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void requestsOfOneConnectionAreAnsweredInOrder() throws IOException {
    String answers =
        ask(
            """
            GET /readyz HTTP/1.1

            GET /healthz HTTP/1.1

            GET /nothing HTTP/1.1
            Connection: close

            """
                .replace("\n", "\r\n"));
    assertThat(answers.split("HTTP/1.1 ", -1))
        .hasSize(4)
        .satisfies(parts -> assertThat(parts[1]).startsWith("503"))
        .satisfies(parts -> assertThat(parts[2]).startsWith("200"))
        .satisfies(parts -> assertThat(parts[3]).startsWith("404"));
  }

  @Test
  void aPageThatTakesLongDoesNotHoldTheLoop() throws IOException {
    try (Socket slow = connect()) {
      send(slow, "GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n");
      assertThat(ask("GET /nothing HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 404 ");
      slowPage.countDown();
      assertThat(read(slow)).endsWith("slow\n");
    }
  }

  @Test
  void aClientThatSendsNoWholeRequestIsClosedAtTheDeadline() throws IOException {
    try (AdminServer impatient = open("", Duration.ofMillis(100));
        Socket client = connect(impatient)) {
      send(client, "GET /healthz HT");
      assertThat(read(client)).isEmpty();
    }
  }

  @Test
  void oneThatDripsItsRequestIsClosedAtTheDeadlineToo() throws IOException {
    try (AdminServer impatient = open("", Duration.ofMillis(300));
        Socket client = connect(impatient)) {
      send(client, "GET /healthz HTTP/1.1\r\n");
      await()
          .pollInterval(Duration.ofMillis(10))
          .untilAsserted(() ->
              assertThatThrownBy(() -> send(client, "X: y\r\n")).isInstanceOf(IOException.class));
    }
  }

  @Test
  void aBrowserThatDoesNotReadIsSentNoMoreAndThenClosed() throws IOException {
    document = "x".repeat(1 << 20);
    server.reload(stats(USERS + "open = true"));
    try (Socket slow = new Socket()) {
      slow.setReceiveBufferSize(4096);
      slow.setSoTimeout(10_000);
      slow.connect(server.address());
      send(slow, "GET /stream HTTP/1.1\r\n\r\n");
      // Each change has a document made, as long as somebody watches.
      await()
          .atMost(Duration.ofMinutes(1))
          .pollInterval(Duration.ofMillis(1))
          .until(() -> {
            int before = documents.get();
            post("/act", "X-Requested-With: test", basic("ops:secret"));
            get("/who");
            return before > EventStream.MOST_MISSED && documents.get() == before;
          });
      // The end comes, after what the kernel held and one document.
      assertThat(read(slow).length()).isBetween(1 << 12, 15 << 20);
    }
  }

  @Test
  void moreBrowsersThanThereIsRoomForAreToldToComeBack() throws IOException {
    List<Socket> watching = new ArrayList<>();
    try {
      for (int i = 0; i < EventStream.MOST; i++) {
        watching.add(connect());
        send(watching.get(i), "GET /stream HTTP/1.1\r\n\r\n");
      }
      for (Socket each : watching) {
        assertThat(each.getInputStream().read()).isEqualTo('H');
      }
      assertThat(get("/stream")).startsWith("HTTP/1.1 503 ").contains("retry-after: ");
      watching.remove(0).close();
      await()
          .untilAsserted(() -> {
            try (Socket another = connect()) {
              send(another, "GET /stream HTTP/1.1\r\n\r\n");
              assertThat(
                      new String(another.getInputStream().readNBytes(12), StandardCharsets.UTF_8))
                  .isEqualTo("HTTP/1.1 200");
            }
          });
    } finally {
      for (Socket socket : watching) {
        socket.close();
      }
    }
  }

  @Test
  void aboveTheMostConnectionsOneIsClosedAndAPlaceThatIsLeftIsTaken() throws IOException {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < AdminServer.MAX_CONNECTIONS; i++) {
        idle.add(connect());
      }
      try (Socket surplus = connect()) {
        assertThat(read(surplus)).isEmpty();
      }
      idle.remove(0).close();
      await()
          .ignoreExceptions()
          .untilAsserted(
              () -> assertThat(ask("GET /healthz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 "));
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  @Test
  void anAddressInUseIsNamed() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress taken = (InetSocketAddress) other.getLocalSocketAddress();
      String bind = "bind = \"127.0.0.1:" + taken.getPort() + "\"";
      assertThatThrownBy(() -> open(bind, Duration.ofSeconds(30)))
          .isInstanceOf(BindException.class)
          .hasMessageStartingWith("stats: cannot bind 127.0.0.1:" + taken.getPort() + ": ");
    }
  }

  private String ask(String request) throws IOException {
    try (Socket socket = connect()) {
      send(socket, request);
      return read(socket);
    }
  }

  private String get(String path, String... headers) throws IOException {
    return ask("GET " + path + " HTTP/1.0\r\n" + lines(headers) + "\r\n");
  }

  private String post(String path, String... headers) throws IOException {
    return ask("POST " + path + " HTTP/1.0\r\nContent-Length: 4\r\n" + lines(headers) + "\r\nbody");
  }

  private static String lines(String... headers) {
    return Stream.of(headers).map(header -> header + "\r\n").collect(Collectors.joining());
  }

  private static String basic(String login) {
    return "Authorization: Basic "
        + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
  }

  private Socket connect() throws IOException {
    return connect(server);
  }

  private static Socket connect(AdminServer to) throws IOException {
    Socket socket = new Socket(to.address().getAddress(), to.address().getPort());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Reads to the end. */
  private static String read(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }
}
