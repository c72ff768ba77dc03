package io.impalabalancer.it;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.it.HiveServer2Process.Authentication;
import io.impalabalancer.it.JdbcClients.Answer;
import io.impalabalancer.it.JdbcClients.Outcome;
import io.impalabalancer.it.JdbcClients.Question;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The main job on real input: real HiveServer2 processes, the real Hive JDBC driver, and one server
 * killed while queries run.
 *
 * <p>The system property {@code it.load.seconds} sets how long the load lasts at least.
 */
class RealHiveServer2IT {

  private static final int CLIENTS = 60;
  private static final long SHARE = CLIENTS / 3;
  private static final String VICTIM = "hs2";
  private static final List<String> NAMES = List.of("hs1", VICTIM, "hs3");

  private static final Duration INTER = Duration.ofMillis(500);
  private static final int RISE = 2;
  private static final int FALL = 3;

  /** For a thread to get its turn while queries keep all cores busy. */
  private static final Duration SLACK = Duration.ofSeconds(1);

  /** For every client to get its answer while queries keep all cores busy. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @RegisterExtension private final Opened opened = new Opened();
  private final JdbcDriver driver = opened.keep(new JdbcDriver());
  private final List<HiveServer2Process> servers = new ArrayList<>();

  @Test
  void onlyStatementsOnAKilledServerFail() throws SQLException {
    killOneUnderLoad(
        Authentication.NOSASL, Duration.ofSeconds(Integer.getInteger("it.load.seconds", 60)));
  }

  @Test
  void onlyStatementsOnAKilledServerFailUnderSaslPlain() throws SQLException {
    killOneUnderLoad(
        Authentication.NONE, Duration.ofSeconds(Integer.getInteger("it.load.seconds", 20)));
  }

  @Test
  void checksLogInToRealServersAndOut(@TempDir Path directory) throws IOException {
    Path password = Files.writeString(directory.resolve("password"), "any");
    servers.add(
        opened.keep(HiveServer2Process.start("open", FreePort.next(), Authentication.NOSASL)));
    servers.add(
        opened.keep(HiveServer2Process.start("sasl", FreePort.next(), Authentication.NONE)));
    servers.forEach(HiveServer2Process::awaitReady);
    assertLogsIn(servers.get(0), "auth = nosasl, user = balancer");
    assertLogsIn(
        servers.get(1),
        "auth = plain, user = balancer, password-file = \"%s\"".formatted(password));
  }

  /** They have no web port, so that nothing else says that they are UP. */
  private static void assertLogsIn(HiveServer2Process server, String login) {
    String config =
        """
        impala-balancer {
          coordinators = [
            { name = %1$s, host = "127.0.0.1", ports { hiveserver2 = %2$d, beeswax = none, \
        hiveserver2-http = none, web = none } }
          ]
          listeners = [{ name = jdbc, bind = "127.0.0.1:%3$d", protocol = hiveserver2 }]
          check { type = impala, timeout = 30s, login { %4$s } }
        }
        """
            .formatted(server.name(), server.port(), FreePort.next(), login);
    long start = System.nanoTime();
    try (BalancerProcess balancer = BalancerProcess.start(config)) {
      assertThat(balancer.awaitStatus(server.name(), "UP", start, PATIENCE).text())
          .contains("hiveserver2 logged in and out");
    }
  }

  private void killOneUnderLoad(Authentication authentication, Duration load) throws SQLException {
    for (String name : NAMES) {
      servers.add(opened.keep(HiveServer2Process.start(name, FreePort.next(), authentication)));
    }
    servers.forEach(HiveServer2Process::awaitReady);
    HiveServer2Process victim = servers.get(NAMES.indexOf(VICTIM));
    Map<Question, Answer> direct = askDirectly();

    int port = FreePort.next();
    long start = System.nanoTime();
    try (BalancerProcess balancer = BalancerProcess.start(config(port));
        JdbcClients clients = JdbcClients.start(driver, authentication.url(port), CLIENTS)) {
      await("all are connected and each server answers")
          .atMost(PATIENCE)
          .until(() ->
              serversOf(clients).size() == CLIENTS
                  && NAMES.stream().allMatch(name -> hasAnswered(clients, name, start)));
      assertThat(countsOf(serversOf(clients)))
          .as("leastconn gives each server the same number of sessions")
          .isEqualTo(NAMES.stream().collect(toMap(identity(), name -> SHARE)));
      awaitLoad(start, load.dividedBy(3));

      Map<Integer, String> before = clients.connected();
      long killed = System.nanoTime();
      victim.kill();
      long gone = System.nanoTime();
      long down = balancer.awaitStatus(VICTIM, "DOWN", killed, PATIENCE).nanos();
      assertThat(Duration.ofNanos(down - killed))
          .as("DOWN within %d checks", FALL)
          .isLessThan(INTER.multipliedBy(FALL).plus(SLACK));
      await("all are connected to the others")
          .atMost(PATIENCE)
          .until(
              () -> serversOf(clients).size() == CLIENTS && !serversOf(clients).contains(VICTIM));
      awaitLoad(start, load.multipliedBy(2).dividedBy(3));

      victim.restart();
      long listens = victim.awaitReady().nanos();
      long up = balancer.awaitStatus(VICTIM, "UP", down, PATIENCE).nanos();
      assertThat(Duration.ofNanos(up - listens))
          .as("UP within %d checks", RISE)
          .isLessThan(INTER.multipliedBy(RISE).plus(SLACK));
      clients.reconnect();
      await("the server that came back has its share of sessions")
          .atMost(PATIENCE)
          .until(() -> countsOf(serversOf(clients)).getOrDefault(VICTIM, 0L) >= SHARE - 5);
      await("it answers").atMost(PATIENCE).until(() -> hasAnswered(clients, VICTIM, up));
      awaitLoad(start, load);
      clients.stop(PATIENCE);

      List<Outcome> outcomes = clients.outcomes();
      assertOnlyVictimsFailed(outcomes, before, killed, gone);
      assertThat(outcomes.stream().filter(outcome -> outcome.answer() != null))
          .as("answers equal those of a direct run")
          .isNotEmpty()
          .allSatisfy(
              outcome -> assertThat(outcome.answer()).isEqualTo(direct.get(outcome.question())));

      await("no session is left")
          .until(() -> balancer.metric("impala_balancer_coordinator_sessions") == 0);
      Map<String, Long> ended = new TreeMap<>();
      for (String name : NAMES) {
        String label = "coordinator=\"" + name + "\"";
        ended.put(name, (long) balancer.metric("impala_balancer_sessions_ended_total", label));
      }
      balancer.process().signal("TERM");
      assertThat(balancer.process().awaitExit(Duration.ofSeconds(10))).isZero();
      List<SessionLine> lines = SessionLine.among(balancer.process().lines());
      assertSessionLog(lines, outcomes);
      assertThat(countsOf(lines.stream().map(SessionLine::server).toList())).isEqualTo(ended);
    }
  }

  /**
   * Each client of the killed server fails once, in a statement and soon; nobody else does. Until
   * the server is gone, its listening socket may still take a connection, which then fails too.
   */
  private static void assertOnlyVictimsFailed(
      List<Outcome> outcomes, Map<Integer, String> before, long killed, long gone) {
    List<Outcome> statements =
        outcomes.stream().filter(Outcome::hasFailed).filter(o -> !o.isConnect()).toList();
    assertThat(statements)
        .allSatisfy(outcome -> {
          assertThat(outcome.server()).isEqualTo(VICTIM);
          assertThat(Duration.ofNanos(outcome.endNanos() - killed))
              .isBetween(Duration.ZERO, Duration.ofSeconds(10));
        });
    List<Integer> victims =
        before.keySet().stream().filter(client -> VICTIM.equals(before.get(client))).toList();
    assertThat(statements.stream().map(Outcome::client))
        .containsExactlyInAnyOrderElementsOf(victims);

    assertThat(outcomes.stream().filter(Outcome::hasFailed).filter(Outcome::isConnect))
        .allSatisfy(outcome -> {
          assertThat(outcome.client()).isIn(victims);
          assertThat(Duration.ofNanos(outcome.endNanos() - killed)).isPositive();
          assertThat(Duration.ofNanos(outcome.startNanos() - gone)).isNegative();
        });
  }

  /** The log has one line a connection, names the server that it had, and tells how it ended. */
  private static void assertSessionLog(List<SessionLine> lines, List<Outcome> outcomes) {
    List<Outcome> connects = outcomes.stream().filter(Outcome::isConnect).toList();
    assertThat(
            lines.stream().filter(line -> !line.server().equals(VICTIM)).map(SessionLine::server))
        .containsExactlyInAnyOrderElementsOf(
            connects.stream()
                .map(Outcome::server)
                .filter(name -> !name.isEmpty() && !name.equals(VICTIM))
                .toList());
    assertThat(lines).hasSameSizeAs(connects);
    assertThat(lines)
        .allSatisfy(line -> {
          assertThat(line.listener()).isEqualTo("jdbc");
          String end = line.letters() + " " + line.word();
          if (line.server().equals(VICTIM)) {
            assertThat(end).isIn("-- completed", "SD coordinator-reset");
          } else {
            assertThat(end).isEqualTo("-- completed");
          }
        });
  }

  private static Collection<String> serversOf(JdbcClients clients) {
    return clients.connected().values();
  }

  private static Map<String, Long> countsOf(Collection<String> names) {
    return names.stream().collect(groupingBy(identity(), counting()));
  }

  private static boolean hasAnswered(JdbcClients clients, String server, long since) {
    return clients.outcomes().stream()
        .anyMatch(outcome ->
            outcome.answer() != null
                && outcome.server().equals(server)
                && outcome.startNanos() - since > 0);
  }

  private static void awaitLoad(long start, Duration load) {
    await("load for " + load)
        .atMost(load.plus(PATIENCE))
        .until(() -> System.nanoTime() - start >= load.toNanos());
  }

  private Map<Question, Answer> askDirectly() throws SQLException {
    Map<Question, Answer> answers = new HashMap<>();
    for (Question question : Question.all()) {
      answers.put(question, JdbcClients.ask(driver, servers.get(0).url(), question));
    }
    return answers;
  }

  private String config(int port) {
    String coordinators =
        servers.stream()
            .map(server ->
                """
                    { name = %s, host = "127.0.0.1", ports { hiveserver2 = %d, beeswax = none, \
                hiveserver2-http = none, web = none } }
                """
                    .formatted(server.name(), server.port()))
            .collect(joining());
    return """
    impala-balancer {
      coordinators = [
    %1$s  ]
      listeners = [
        { name = jdbc, bind = "127.0.0.1:%2$d", protocol = hiveserver2, balance = leastconn }
      ]
      check {
        type = tcp, inter = %5$dms, fastinter = %5$dms, downinter = %5$dms
        rise = %3$d, fall = %4$d, observe = none # so that DOWN is the work of checks alone
      }
      log { sessions = stdout }
    }
    """
        .formatted(coordinators, port, RISE, FALL, INTER.toMillis());
  }
}
