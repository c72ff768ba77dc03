package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.it.HiveServer2Process.Authentication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients as docs/clients.md has them, its own lines with another address, through the packaged
 * balancer: against simulated coordinators, and against real HiveServer2.
 */
@Timeout(180)
class ClientsIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Path DOCUMENT = Path.of("..", "docs", "clients.md");
  private static final String HOST = "impala-balancer.example.com";
  private static final int COORDINATORS = 2;

  private static final int SHELL = FreePort.next();
  private static final Map<String, Integer> PORTS =
      Map.of("simulator", FreePort.next(), "hiveserver2", FreePort.next());

  private static Simulator simulator;
  private static HiveServer2Process hiveServer2;
  private static BalancerProcess balancer;

  @BeforeAll
  static void start() {
    hiveServer2 = HiveServer2Process.start("hs1", FreePort.next(), Authentication.NOSASL);
    simulator = Simulator.start(COORDINATORS);
    hiveServer2.awaitReady();
    balancer =
        BalancerProcess.start(
            """
            impala-balancer {
              coordinator-defaults.ports.hiveserver2-http = none
              coordinators = [
                %s
                { name = hs1, host = 127.0.0.1, ports {
                  hiveserver2 = %d, beeswax = none, web = none } }
              ]
              pools { impala = [impala-1, impala-2], hive = [hs1] }
              listeners = [
                { name = shell, bind = "127.0.0.1:%d", protocol = beeswax, pool = impala }
                { name = simulator, bind = "127.0.0.1:%d", protocol = hiveserver2, pool = impala }
                { name = hiveserver2, bind = "127.0.0.1:%d", protocol = hiveserver2, pool = hive }
              ]
            }
            """
                .formatted(
                    simulator.coordinators(),
                    hiveServer2.port(),
                    SHELL,
                    PORTS.get("simulator"),
                    PORTS.get("hiveserver2")));
  }

  @AfterAll
  static void stop() {
    Stream.of(balancer, simulator, hiveServer2)
        .filter(Objects::nonNull)
        .forEach(each -> {
          try {
            each.close();
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
  }

  /** Returns the blocks of a section that are said to be run by a test, for one listener. */
  private static List<String> blocks(String section, String listener) throws IOException {
    String text =
        Stream.of(Files.readString(DOCUMENT).split("\n## ", -1))
            .filter(each -> each.startsWith(section + "\n"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no section " + section));
    Matcher block =
        Pattern.compile("\\*Run by a test[^`]*```\\w*\n(.*?)```", Pattern.DOTALL).matcher(text);
    List<String> blocks = block.results().map(each -> each.group(1)).toList();
    assertThat(blocks).isNotEmpty();
    return blocks.stream()
        .map(each ->
            each.replace(HOST, "127.0.0.1")
                .replace("21051", String.valueOf(PORTS.get(listener)))
                .replace("25003", String.valueOf(SHELL)))
        .toList();
  }

  private static double assigned(String listener) {
    return balancer.metric(
        "impala_balancer_sessions_assigned_total", "listener=\"" + listener + "\"");
  }

  /** Runs a program, which has to end well, and returns what it printed. */
  private static String run(Map<String, String> environment, String... command) {
    try (ChildProcess process =
        ChildProcess.start(
            "client", ChildProcess.newDirectory("client"), environment, List.of(command))) {
      int status = process.awaitExit(SOON);
      String output =
          process.lines().stream().map(ChildProcess.Line::text).collect(Collectors.joining("\n"));
      assertThat(status).as(output).isZero();
      return output;
    }
  }

  private static Path python(String module) {
    Path directory =
        Path.of(
                Objects.requireNonNullElse(
                    System.getenv("IMPALA_BALANCER_PYTHON_CLIENTS"), "../target/python-clients"))
            .toAbsolutePath();
    Path python = directory.resolve("bin").resolve("python");
    boolean there = Files.isExecutable(python);
    if (there) {
      try (ChildProcess probe =
          ChildProcess.start(
              "probe",
              ChildProcess.newDirectory("probe"),
              Map.of(),
              List.of(python.toString(), "-c", "import " + module))) {
        there = probe.awaitExit(SOON) == 0;
      }
    }
    return Requirement.of(
        there ? Optional.of(python) : Optional.empty(),
        module + " for Python in " + directory + " (.ci/install-python-clients)");
  }

  private static void assertOne(String output) {
    assertThat(output.lines().map(String::strip)).as(output).contains("1");
  }

  @Test
  void impalaShell() throws IOException {
    String bin = python("impala_shell").resolveSibling("").toString();
    double shells = assigned("shell");
    double jdbc = assigned("simulator");
    List<String> commands = blocks("impala-shell", "simulator");
    assertThat(commands).hasSize(2);
    for (String command : commands) {
      assertOne(run(Map.of("PATH", bin + ":" + System.getenv("PATH")), "sh", "-c", command));
    }
    assertThat(assigned("shell")).isGreaterThan(shells);
    assertThat(assigned("simulator")).isGreaterThan(jdbc);
  }

  @ParameterizedTest
  @ValueSource(strings = {"simulator", "hiveserver2"})
  void impyla(String listener) throws IOException {
    runPython("impala", "impyla", listener);
  }

  @ParameterizedTest
  @ValueSource(strings = {"simulator", "hiveserver2"})
  void sqlAlchemy(String listener) throws IOException {
    runPython("sqlalchemy", "SQLAlchemy, Superset", listener);
  }

  private static void runPython(String module, String section, String listener) throws IOException {
    String python = python(module).toString();
    double before = assigned(listener);
    for (String script : blocks(section, listener)) {
      assertOne(run(Map.of(), python, "-c", script));
    }
    assertThat(assigned(listener)).isGreaterThan(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"simulator", "hiveserver2"})
  void hiveJdbc(String listener) throws Exception {
    double before = assigned(listener);
    try (JdbcDriver driver = new JdbcDriver();
        Connection connection = driver.connect(blocks("Hive JDBC", listener).get(0).strip());
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select 1")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getInt(1)).isEqualTo(1);
    }
    assertThat(assigned(listener)).isGreaterThan(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"simulator", "hiveserver2"})
  void node(String listener) throws IOException {
    Path node = Requirement.program("node", "nodejs");
    Path modules =
        Path.of(
                Objects.requireNonNullElse(
                    System.getenv("IMPALA_BALANCER_NODE_CLIENT"), "../target/node-client"))
            .toAbsolutePath()
            .normalize()
            .resolve("node_modules");
    Requirement.of(
        Optional.of(modules).filter(each -> Files.isDirectory(each.resolve("hive-driver"))),
        "hive-driver in " + modules + " (.ci/install-node-client)");
    double before = assigned(listener);
    assertOne(
        run(
            Map.of("NODE_PATH", modules.toString()),
            node.toString(),
            "-e",
            blocks("Node", listener).get(0)));
    assertThat(assigned(listener)).isGreaterThan(before);
  }
}
