package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** How the program starts, and how it ends: its lines, its signals and its exit status. */
class LifeIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Path LAUNCHER = Path.of("..", "impala-balancer").toAbsolutePath();

  @TempDir Path directory;

  private final int port = FreePort.next();
  @RegisterExtension private final Opened opened = new Opened();
  private ServerSocket coordinator;

  @BeforeEach
  void listen() throws IOException {
    coordinator = opened.keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
  }

  @Test
  void theReadyLineNamesTheAddressesAndReadyzSaysYes() {
    BalancerProcess balancer = run("");
    assertThat(balancer.process().lines())
        .anySatisfy(line ->
            assertThat(line.text())
                .contains("event=ready listeners=\"impala 127.0.0.1:" + port + "\" stats=")
                .contains(" coordinators=1/1 took="));
    assertThat(balancer.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(balancer.get("/healthz").body()).isEqualTo("OK\n");
    assertThat(balancer.get("/").body()).contains("/metrics");
  }

  @Test
  void afterTermASessionLivesForGraceAndIsThenClosed() throws IOException {
    BalancerProcess balancer = run("shutdown.grace = 3s");
    try (Session session = new Session()) {
      session.exchange();
      balancer.process().signal("TERM");
      await().untilAsserted(() -> assertThat(readiness(balancer)).isEqualTo("503 shutting down"));
      await().untilAsserted(this::assertRefused);
      session.exchange();
      assertThat(session.readByClient()).isEqualTo(-1);
    }
    assertThat(balancer.process().awaitExit(SOON)).isZero();
    assertThat(SessionLine.among(balancer.process().lines()))
        .filteredOn(line -> line.bytes() > 0) // those that only tried to connect say nothing
        .singleElement()
        .satisfies(line -> assertThat(line.letters()).isEqualTo("KD"))
        .satisfies(line -> assertThat(line.word()).isEqualTo("shutdown"));
  }

  @Test
  void theLastSessionEndsTheGrace() throws IOException {
    BalancerProcess balancer = run("shutdown.grace = 10m");
    try (Session session = new Session()) {
      session.exchange();
      balancer.process().signal("INT");
      await().untilAsserted(this::assertRefused);
      session.exchange();
    }
    assertThat(balancer.process().awaitExit(SOON)).isZero();
    assertThat(SessionLine.among(balancer.process().lines()))
        .filteredOn(line -> line.bytes() > 0) // those that only tried to connect say nothing
        .singleElement()
        .satisfies(line -> assertThat(line.letters()).isEqualTo("--"));
  }

  @Test
  void aSecondTermEndsAtOnce() throws IOException {
    BalancerProcess balancer = run("shutdown.grace = 10m");
    try (Session session = new Session()) {
      session.exchange();
      balancer.process().signal("TERM");
      await().untilAsserted(this::assertRefused);
      balancer.process().signal("TERM");
      assertThat(session.readByClient()).isEqualTo(-1);
      assertThat(balancer.process().awaitExit(SOON)).isZero();
    }
  }

  @Test
  void theDelayGoesOnAcceptingWhileReadyzSaysNo() throws IOException {
    BalancerProcess balancer = run("shutdown { delay = 10m, grace = 10m }");
    balancer.process().signal("TERM");
    await().untilAsserted(() -> assertThat(readiness(balancer)).isEqualTo("503 shutting down"));
    try (Session session = new Session()) {
      session.exchange();
      balancer.process().signal("TERM");
      assertThat(balancer.process().awaitExit(SOON)).isZero();
    }
  }

  @Test
  void usr1WaitsAsLongAsASessionLives() throws IOException {
    BalancerProcess balancer = run("shutdown.grace = 1ms");
    try (Session session = new Session()) {
      session.exchange();
      balancer.process().signal("USR1");
      await().untilAsserted(this::assertRefused);
      session.exchange();
    }
    assertThat(balancer.process().awaitExit(SOON)).isZero();
  }

  @Test
  void afterUsr1TermMeansGrace() throws IOException {
    BalancerProcess balancer = run("shutdown.grace = 1ms");
    try (Session session = new Session()) {
      session.exchange();
      balancer.process().signal("USR1");
      await().untilAsserted(this::assertRefused);
      balancer.process().signal("TERM");
      assertThat(session.readByClient()).isEqualTo(-1);
      assertThat(balancer.process().awaitExit(SOON)).isZero();
    }
  }

  @Test
  void hupReopensTheSessionLogAndNothingElseHappens() throws IOException {
    Path log = directory.resolve("sessions.log");
    BalancerProcess balancer =
        run("log { sessions = file, session-file = \"" + log + "\", roll-size = none }");
    try (Session session = new Session()) {
      session.exchange();
    }
    await().untilAsserted(() -> assertThat(Files.readString(log)).contains(" impala "));
    Path renamed = Files.move(log, directory.resolve("sessions.log.1"));
    balancer.process().signal("HUP");
    await().untilAsserted(() -> assertThat(log).exists());
    try (Session session = new Session()) {
      session.exchange();
    }
    await().untilAsserted(() -> assertThat(Files.readString(log)).contains(" impala "));
    assertThat(Files.readAllLines(renamed)).hasSize(1);
  }

  @Test
  void anAddressInUseIsNamedAndHasAStatusOfItsOwn() throws IOException {
    opened.keep(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
    ChildProcess process = start("run", "-c", write(config("")).toString());
    assertThat(process.awaitExit(SOON)).isEqualTo(3);
    assertThat(text(process))
        .contains("impala-balancer: listener impala: cannot bind 127.0.0.1:" + port + ": ");
  }

  @Test
  void aStatsAddressInUseIsNamedToo() throws IOException {
    ServerSocket other = opened.keep(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    String stats = "127.0.0.1:" + other.getLocalPort();
    ChildProcess process =
        start("run", "-c", write(config("stats.bind = \"" + stats + "\"")).toString());
    assertThat(process.awaitExit(SOON)).isEqualTo(3);
    assertThat(text(process)).contains("impala-balancer: stats: cannot bind " + stats + ": ");
  }

  @Test
  void aConfigurationIsRefusedWithEveryProblem() throws IOException {
    Path file = write(config("threads = 0\ncolour = red"));
    for (String command : List.of("run", "check")) {
      ChildProcess process = start(command, "-c", file.toString());
      assertThat(process.awaitExit(SOON)).isEqualTo(1);
      assertThat(text(process))
          .contains("1. " + file + ":")
          .contains("2. " + file + ":")
          .endsWith("2 problems");
    }
  }

  @Test
  void wrongUsageHasAStatusOfItsOwn() {
    for (List<String> arguments :
        List.of(List.<String>of(), List.of("chek"), List.of("run"), List.of("simulate", "-x"))) {
      ChildProcess process = start(arguments.toArray(String[]::new));
      assertThat(process.awaitExit(SOON)).isEqualTo(2);
      assertThat(text(process)).contains("impala-balancer");
    }
  }

  @Test
  void simulatedCoordinatorsRunUntilTerm() {
    int base = FreePort.next();
    ChildProcess process = start("simulate", "--coordinators", "1", "--base-port", "" + base);
    process.awaitLine(
        "its address", line -> line.text().contains("hiveserver2=" + (base + 1)), SOON);
    process.signal("TERM");
    assertThat(process.awaitExit(SOON)).isZero();
  }

  @Test
  void theDemoComparesBeforeAndAfterAndEndsInTime() {
    long start = System.nanoTime();
    ChildProcess process = start("demo", "--for", "12s");
    assertThat(process.awaitExit(Duration.ofSeconds(60))).isZero();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(10));
    assertThat(text(process))
        .contains("Result of this simulation")
        .containsPattern("(?m)^A  everyone on impala-1 +\\d+\\.\\d +\\d+\\.\\d\\d s")
        .containsPattern("(?m)^B  through the balancer +\\d+\\.\\d +\\d+\\.\\d\\d s")
        .containsPattern("(?m)^A +100 % +0 % +0 % +0 %$")
        .contains("impala-2 is killed")
        .containsPattern("B beside A: \\d+\\.\\d times the answers")
        .doesNotContain("\u001b");
  }

  @Test
  void theLauncherWorksThroughALinkAndSaysItsVersion() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("balancer"), LAUNCHER);
    ChildProcess process =
        opened.keep(
            ChildProcess.start(
                "link",
                ChildProcess.newDirectory("link"),
                Map.of("JAVA_HOME", System.getProperty("java.home")),
                List.of(link.toString(), "--version")));
    assertThat(process.awaitExit(SOON)).isZero();
    Files.delete(link);
    assertThat(text(process)).matches("impala-balancer \\d+\\.\\S+");
  }

  @Test
  void theWebPortGoesBehindTheRelayWhereBothWantTheProcessor() throws IOException {
    BalancerProcess balancer = run("");
    assertThat(balancer.get("/").statusCode()).isEqualTo(200);
    Map<String, Integer> nice = new TreeMap<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + balancer.mainPid() + "/task"))) {
      for (Path thread : (Iterable<Path>) threads::iterator) {
        String stat = Files.readString(thread.resolve("stat"));
        String[] rest = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        nice.put(name.replaceAll("-[0-9-]+", ""), Integer.parseInt(rest[16]));
      }
    }
    int relay = nice.getOrDefault("relay", 20);
    assertThat(nice)
        .containsEntry("web", Math.max(10, relay))
        .containsEntry("admin-pages", Math.max(10, relay))
        .containsEntry("admin", relay);
  }

  private String config(String more) {
    return """
    impala-balancer {
      coordinators = [{ name = c1, host = "127.0.0.1", ports { tcp = %d } }]
      listeners = [{ name = impala, bind = "127.0.0.1:%d", protocol = tcp }]
      check.type = none
      %s
    }
    """
        .formatted(coordinator.getLocalPort(), port, more);
  }

  private BalancerProcess run(String more) {
    return opened.keep(BalancerProcess.start(config(more)));
  }

  private Path write(String config) throws IOException {
    return Files.writeString(directory.resolve("b.conf"), config);
  }

  private ChildProcess start(String... arguments) {
    return opened.keep(BalancerProcess.launch(List.of(arguments)));
  }

  private static String text(ChildProcess process) {
    return String.join("\n", process.lines().stream().map(ChildProcess.Line::text).toList());
  }

  private static String readiness(BalancerProcess balancer) {
    var page = balancer.get("/readyz");
    return page.statusCode() + page.body().strip().replaceFirst("^not ready:", "");
  }

  private void assertRefused() {
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
        .isInstanceOf(ConnectException.class);
  }

  /** A client's connection to the balancer, and the coordinator's end of it. */
  private final class Session implements AutoCloseable {
    private final Socket client;
    private final Socket server;

    Session() throws IOException {
      client = new Socket(InetAddress.getLoopbackAddress(), port);
      client.setSoTimeout((int) SOON.toMillis());
      coordinator.setSoTimeout((int) SOON.toMillis());
      server = coordinator.accept();
      server.setSoTimeout((int) SOON.toMillis());
    }

    /** Sends a byte each way. */
    void exchange() throws IOException {
      client.getOutputStream().write('q');
      assertThat(server.getInputStream().read()).isEqualTo('q');
      server.getOutputStream().write('a');
      assertThat(client.getInputStream().read()).isEqualTo('a');
    }

    int readByClient() throws IOException {
      return client.getInputStream().read();
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }
}
