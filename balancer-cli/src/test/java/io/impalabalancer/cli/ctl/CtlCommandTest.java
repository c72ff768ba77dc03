package io.impalabalancer.cli.ctl;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What people see of {@code ctl}, and what it asks the balancer. */
@Timeout(60)
class CtlCommandTest {
  @TempDir private Path directory;

  /** The lines that the balancer was sent. */
  private final List<String> asked = new CopyOnWriteArrayList<>();

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<HttpServer> webPorts = new ArrayList<>();
  private ServerSocketChannel balancer;
  private volatile UnaryOperator<String> answers = line -> "";

  /** What web ports answer at paths, instead of what they answer else. */
  private volatile Map<String, String> answersOfApi = Map.of();

  @BeforeEach
  void listen() throws IOException {
    balancer = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    balancer.bind(UnixDomainSocketAddress.of(path()));
    Thread thread = new Thread(this::serve, "balancer");
    thread.setDaemon(true);
    thread.start();
  }

  @AfterEach
  void close() throws IOException {
    balancer.close();
    webPorts.forEach(server -> server.stop(0));
  }

  private Path path() {
    return directory.resolve("admin.sock");
  }

  private void serve() {
    while (balancer.isOpen()) {
      try (SocketChannel client = balancer.accept()) {
        ByteBuffer in = ByteBuffer.allocate(1024);
        while (in.position() == 0 || in.get(in.position() - 1) != '\n') {
          client.read(in);
        }
        String line = new String(in.array(), 0, in.position() - 1, UTF_8);
        asked.add(line);
        client.write(ByteBuffer.wrap((answers.apply(line) + "\n").getBytes(UTF_8)));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private int ctl(String... arguments) {
    CommandLine command = new CommandLine(new CtlCommand());
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    String[] all = new String[arguments.length + 2];
    all[0] = "--socket";
    all[1] = path().toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return command.execute(all);
  }

  private static final String STAT =
      """
      # pxname,svname,qcur,scur,smax,status,weight,lastchg,rate,check_status,last_chk,
      jdbc,FRONTEND,,3,9,OPEN,,,2,,,
      jdbc,c1,0,3,9,DOWN,100,90061,2,L7STS,"http status 503, expected 200",
      """;

  @Test
  void theStatusIsATable() {
    answers = line -> STAT;
    assertThat(ctl("status")).isZero();
    assertThat(asked).containsExactly("show stat");
    assertThat(out)
        .hasToString(
            """
            LISTENER  NAME      STATUS  WEIGHT  SESSIONS  MAX  QUEUED  RATE  FOR    CHECK
            jdbc      FRONTEND  OPEN            3         9            2
            jdbc      c1        DOWN    100     3         9    0       2     1d01h  L7STS http status 503, expected 200
            """);
  }

  @Test
  void theStatusIsJsonIfAsked() {
    answers = line -> STAT;
    assertThat(ctl("status", "--json")).isZero();
    assertThat(out.toString())
        .startsWith("[{\"listener\": \"jdbc\", \"name\": \"FRONTEND\", \"status\": \"OPEN\"")
        .contains("\"weight\": null, \"sessions\": 3")
        .endsWith("\"for\": 90061, \"check\": \"L7STS http status 503, expected 200\"}]\n");
  }

  @Test
  void sessionsAreATable() {
    answers =
        line ->
            "0x1f: proto=tcpv4 src=10.0.0.1:5000 fe=jdbc be=jdbc srv=c1 age=3s idle=1s phase=data"
                + " in=5 out=7 dst=10.0.0.2:1 local=10.0.0.2:2\n";
    assertThat(ctl("sessions")).isZero();
    assertThat(out)
        .hasToString(
            """
            ID    CLIENT         LISTENER  NAME  PHASE  AGE  IDLE  IN  OUT
            0x1f  10.0.0.1:5000  jdbc      c1    data   3s   1s    5   7
            """);
  }

  @Test
  void whoIsOnASessionIsATable() {
    answers =
        line ->
            "0x1f: proto=tcpv4 src=10.0.0.1:5000 srv=c1 local=10.0.0.2:2 user=alice delegated=bob"
                + " queries=2 sessions=a:b,c:d\n# c2: http status 401\n";
    assertThat(ctl("who", "5000")).isZero();
    assertThat(asked).containsExactly("who 5000");
    assertThat(out)
        .hasToString(
            """
            ID    CLIENT         NAME  LOCAL       USER   DELEGATED  QUERIES  IMPALA SESSIONS
            0x1f  10.0.0.1:5000  c1    10.0.0.2:2  alice  bob        2        a:b,c:d
            """);
    assertThat(err).hasToString("impala-balancer: c2: http status 401\n");
  }

  @Test
  void whoOfNobodyIsRefused() {
    answers = line -> "No such session.\n";
    assertThat(ctl("who", "5000")).isOne();
    assertThat(err).hasToString("impala-balancer: No such session.\n");
  }

  @Test
  void whyIsATableOfCandidates() {
    answers =
        line ->
            """
            # time client coordinator chosen score load sessions limit weight verdict why
            2026-01-01T00:00:00Z 10.0.0.1:5000 c1 no 6.000 5.000 0 60 1.000 open\s
            2026-01-01T00:00:00Z 10.0.0.1:5000 c2 yes 2.000 1.000 3 - 1.000 open least load for its weight
            """;
    assertThat(ctl("why", "jdbc")).isZero();
    assertThat(asked).containsExactly("show choices jdbc");
    assertThat(out.toString())
        .startsWith("TIME ")
        .contains("c1    no      6.000")
        .contains("least load for its weight");
  }

  @Test
  void whyOfAListenerThatIsNoneIsRefused() {
    answers = line -> "No such frontend.\n";
    assertThat(ctl("why", "nobody")).isOne();
    assertThat(err.toString()).contains("No such frontend.");
  }

  @Test
  void drainWaitsUntilNobodyIsLeft() {
    answers =
        line ->
            !line.equals("show coordinators")
                ? ""
                : "# name host status admin sessions\nc1 h UP DRAIN %d\nc2 h UP READY 9\n"
                    .formatted(Math.max(0, 4 - asked.size()));
    assertThat(ctl("drain", "c1", "--wait")).isZero();
    assertThat(asked.get(0)).isEqualTo("set coordinator c1 state drain");
    assertThat(out.toString().lines())
        .startsWith("c1 is in state drain now.", "2 sessions left", "1 session left")
        .endsWith("0 sessions left");
  }

  @Test
  void whatTheBalancerRefusesIsAnError() {
    answers = line -> "No such coordinator.\n";
    assertThat(ctl("ready", "nobody")).isEqualTo(1);
    assertThat(err).hasToString("impala-balancer: No such coordinator.\n");
    answers = line -> "Permission denied\n";
    assertThat(ctl("sessions")).isEqualTo(1);
  }

  @Test
  void aReloadThatIsRefusedSaysWhy() {
    answers = line -> "error: x\nThe configuration is refused; nothing has changed.\n";
    assertThat(ctl("reload")).isEqualTo(1);
    assertThat(err.toString()).startsWith("error: x\n");
    answers = line -> "change maxconn: 1 -> 2\nThe configuration would be taken over.\n";
    assertThat(ctl("reload", "--dry-run")).isZero();
    assertThat(asked).containsExactly("reload", "reload dry-run");
  }

  @Test
  void theSuccessorIsWaitedFor() {
    answers =
        line ->
            switch (line) {
              case "show info" -> "Name: x\nPid: %d\n".formatted(asked.size() < 5 ? 1 : 2);
              case "upgrade" -> "The upgrade has begun, 'show upgrade' tells how far it is.\n";
              case "show upgrade" -> "running, asked for by me\n";
              default -> "1.2.4\n";
            };
    assertThat(ctl("upgrade")).isZero();
    assertThat(out)
        .hasToString(
            "Process 2, version 1.2.4, has taken over; process 1 ends with its last session.\n");
  }

  @Test
  void anUpgradeThatFailsSaysWhy() {
    answers =
        line ->
            switch (line) {
              case "show info" -> "Pid: 1\n";
              case "upgrade" -> "The upgrade has begun, 'show upgrade' tells how far it is.\n";
              default -> "failed: it has ended\n";
            };
    assertThat(ctl("upgrade")).isEqualTo(1);
    assertThat(err.toString())
        .contains("the upgrade failed: it has ended; process 1 goes on, its log says more");
    answers = line -> line.equals("upgrade") ? "Another upgrade is under way.\n" : "Pid: 1\n";
    assertThat(ctl("upgrade")).isEqualTo(1);
  }

  /** Returns the port of something that answers as a web port does, and keeps what was asked. */
  private int webPort(int status, String answer) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 5);
    server.createContext(
        "/",
        exchange -> {
          String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
          asked.add(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestURI()
                  + " "
                  + body
                  + " "
                  + exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.sendResponseHeaders(status, 0);
          String path = exchange.getRequestURI().getPath();
          exchange.getResponseBody().write(answersOfApi.getOrDefault(path, answer).getBytes(UTF_8));
          exchange.close();
        });
    server.start();
    webPorts.add(server);
    return server.getAddress().getPort();
  }

  private Path password() throws IOException {
    return Files.writeString(directory.resolve("password"), "secret\n");
  }

  @Test
  void severalBalancersAreAskedEachByItsWebPortAndOneThatFailsIsToldOf() throws IOException {
    int good =
        webPort(200, "{\"coordinator\": {\"sessions\": 0, \"admin\": {\"value\": \"drain\"}}}");
    int bad = webPort(403, "refused: this needs a user with the role admin\n");
    int none;
    try (ServerSocket closed = new ServerSocket(0)) {
      none = closed.getLocalPort();
    }
    String hosts = "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d".formatted(none, bad, good);
    String file = password().toString();
    assertThat(ctl("drain", "c1", "--on", hosts, "--user", "ops", "--password-file", file))
        .isEqualTo(1);
    assertThat(asked)
        .contains("POST /api/v1/coordinators/c1/state {\"state\":\"drain\"} Basic b3BzOnNlY3JldA==")
        .hasSize(2);
    assertThat(out).hasToString("127.0.0.1:" + good + ": c1 is in state drain now.\n");
    assertThat(err.toString())
        .contains("127.0.0.1:" + bad + ": refused: this needs a user with the role admin\n")
        .contains("127.0.0.1:" + none + ": no balancer answers (Connection refused)");
    assertThat(ctl("ready", "c1", "--on", "127.0.0.1:" + none, "-u", "a", "--password-file", file))
        .isEqualTo(3);
    String one = "http://127.0.0.1:" + good + "/";
    assertThat(ctl("drain", "c1", "--wait", "--on", one, "-u", "ops", "--password-file", file))
        .isZero();
    assertThat(out.toString()).endsWith("0 sessions left\n");
  }

  @Test
  void aBalancerThatDoesNotSayHowManySessionsAreLeftIsNotTakenForDrained() throws IOException {
    HttpServer busy =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 5);
    busy.createContext(
        "/",
        exchange -> {
          boolean set = exchange.getRequestMethod().equals("POST");
          exchange.sendResponseHeaders(set ? 200 : 503, 0);
          String answer = set ? "{\"coordinator\": {\"admin\": {\"value\": \"drain\"}}}" : "busy";
          exchange.getResponseBody().write(answer.getBytes(UTF_8));
          exchange.close();
        });
    busy.start();
    webPorts.add(busy);
    String host = "127.0.0.1:" + busy.getAddress().getPort();
    String file = password().toString();
    assertThat(ctl("drain", "c1", "--wait", "--on", host, "-u", "ops", "--password-file", file))
        .isEqualTo(3);
    assertThat(err)
        .hasToString(
            "impala-balancer: " + host + " does not say how many sessions are left: busy\n");
  }

  @Test
  void aShareOfTheWeightIsAtMostTheMost() throws IOException {
    answersOfApi =
        Map.of(
            "/api/v1/listeners", "{\"listeners\": [{\"name\": \"jdbc\", \"pool\": \"all\"}]}",
            "/api/v1/coordinators",
                """
                {"coordinators": [{"name": "c1",
                  "weights": [{"pool": "all", "configured": 200}],
                  "listeners": [{"listener": "jdbc", "alias": "c1"}]}]}
                """);
    String host = "127.0.0.1:" + webPort(200, "{}");
    String file = password().toString();
    assertThat(ctl("weight", "jdbc/c1", "150%", "--on", host, "-u", "o", "--password-file", file))
        .isZero();
    assertThat(out).hasToString(host + ": The weight of jdbc/c1 is 256 now.\n");
  }

  @Test
  void withoutUserOrPasswordNobodyIsAsked() throws IOException {
    String one = "127.0.0.1:" + webPort(200, "{}");
    assertThat(ctl("maint", "c1", "--on", one)).isEqualTo(2);
    assertThat(err.toString()).contains("--on needs --user");
    assertThat(ctl("maint", "c1", "--on", one, "-u", "ops")).isEqualTo(2);
    assertThat(err.toString()).contains("--password-file FILE or IMPALA_BALANCER_PASSWORD");
    assertThat(ctl("weight", "l/c1", "5", "--on", one, "-u", "ops", "--password-file", "/none"))
        .isEqualTo(2);
    assertThat(asked).isEmpty();
  }

  @Test
  void helpNamesEveryCommandInTheOrderOfTheManual() throws IOException {
    assertThat(ctl("--help")).isZero();
    assertThat(out.toString().lines().filter(line -> line.matches("  [a-z]\\S* .*")))
        .extracting(line -> line.strip().split(" ", 2)[0])
        .startsWith("status", "top", "sessions")
        .endsWith("reload", "upgrade", "sync-check")
        .containsExactlyInAnyOrderElementsOf(
            new CommandLine(new CtlCommand()).getSubcommands().keySet());
  }

  @Test
  void aBalancerThatIsSilentIsNotWaitedForForEver() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    answers =
        line -> {
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return "";
        };
    assertThatThrownBy(() -> new ControlSocket(path(), Duration.ofMillis(100)).ask("show", "stat"))
        .isInstanceOf(ControlSocket.Unreachable.class)
        .hasMessageContaining("no balancer answers on " + path() + " (nothing came within 0 s)");
    over.countDown();
  }

  @Test
  void wordsCannotBecomeOtherCommands() {
    ctl("ready", "a;shutdown sessions coordinator b");
    assertThat(asked)
        .containsExactly("set coordinator a\\;shutdown\\ sessions\\ coordinator\\ b state ready");
  }

  @Test
  void whereNobodyAnswersItSaysWhatToDo() throws IOException {
    balancer.close();
    assertThat(ctl("status")).isEqualTo(3);
    assertThat(err.toString())
        .startsWith("impala-balancer: no balancer answers on " + path())
        .contains("--socket");
  }
}
