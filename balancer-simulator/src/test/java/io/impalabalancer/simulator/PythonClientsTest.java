package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * impala-shell and impyla, as they are published. {@code .ci/install-python-clients} installs them;
 * without them the tests are skipped, or fail if IMPALA_BALANCER_REQUIRE_ALL is true.
 */
@Tag("clients")
class PythonClientsTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final Path directory;
  private final Path bin;
  private final SimulatedCoordinator coordinator;

  private record Ended(int status, String out, String err) {}

  PythonClientsTest(@TempDir Path directory) throws Exception {
    this.directory = directory;
    String clients =
        Objects.requireNonNullElse(
            System.getenv("IMPALA_BALANCER_PYTHON_CLIENTS"), "../target/python-clients");
    this.bin = Path.of(clients).toAbsolutePath().normalize().resolve("bin");
    requireClients();
    this.coordinator = SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().build());
  }

  private void requireClients() {
    Path shell = bin.resolve("impala-shell");
    String missing = shell + " is missing, .ci/install-python-clients installs it";
    boolean found = Files.isExecutable(shell);
    if (Boolean.parseBoolean(System.getenv("IMPALA_BALANCER_REQUIRE_ALL"))) {
      assertThat(found).as(missing).isTrue();
    }
    Assumptions.assumeTrue(found, missing);
  }

  @AfterEach
  void close() {
    coordinator.close();
  }

  private Ended run(List<String> command) throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try {
      assertThat(process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }

  private int port(String protocol) {
    return switch (protocol) {
      case "beeswax" -> coordinator.beeswaxPort();
      case "hs2" -> coordinator.hiveserver2Port();
      default -> coordinator.hiveserver2HttpPort();
    };
  }

  private Ended shell(String protocol, boolean login, String statements) throws Exception {
    int port = port(protocol);
    List<String> command =
        new ArrayList<>(
            List.of(
                bin.resolve("impala-shell").toString(),
                "--impalad=127.0.0.1:" + port,
                "--protocol=" + protocol,
                "--user=alice",
                "--delimited",
                "--output_delimiter=|",
                "--query=" + statements));
    if (login) {
      command.addAll(
          List.of("--ldap", "--auth_creds_ok_in_clear", "--ldap_password_cmd=printf secret"));
    }
    return run(command);
  }

  @ParameterizedTest
  @CsvSource({
    "hs2, false",
    "hs2, true",
    "hs2-http, false",
    "hs2-http, true",
    "beeswax, false",
    "beeswax, true"
  })
  void impalaShellRunsStatements(String protocol, boolean login) throws Exception {
    Ended shell =
        shell(
            protocol,
            login,
            "show databases; use default; set mem_limit=1g;"
                + " create table t (a int, b string); insert into t values (7, 'x'), (8, 'y');"
                + " select * from t; drop table t;"
                + " select 1 + 1, coordinator(), user(), work(20); select rows(3000, 5);"
                + " profile; summary;");
    assertThat(shell.status()).as(shell.err()).isZero();
    assertThat(shell.out())
        .startsWith(
            """
            _impala_builtins|System database for Impala builtin functions
            default|Default Hive database
            Table has been created.
            7|x
            8|y
            Table has been dropped.
            2|impala-1|alice|20
            """);
    assertThat(shell.err()).contains("Modified 2 row(s)");
    assertThat(shell.out().lines().filter("xxxxx"::equals)).hasSize(3000);
    assertThat(shell.err()).contains("impalad version ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hs2", "hs2-http", "beeswax"})
  void impalaShellShowsAnError(String protocol) throws Exception {
    Ended shell = shell(protocol, false, "select a from nosuch");
    assertThat(shell.status()).isEqualTo(1);
    assertThat(shell.err()).contains("Could not resolve table reference: 'nosuch'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hs2", "hs2-http", "beeswax"})
  void impalaShellCancelsByCtrlC(String protocol) throws Exception {
    Process shell =
        new ProcessBuilder(
                bin.resolve("impala-shell").toString(),
                "--impalad=127.0.0.1:" + port(protocol),
                "--protocol=" + protocol,
                "--user=alice",
                "--query=select work(3600000)")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("out").toFile())
            .start();
    try {
      await().atMost(TIMEOUT).until(() -> coordinator.counts().queriesNow() == 1);
      // The shell installs its handler of the signal when it has begun to wait.
      await()
          .atMost(TIMEOUT)
          .pollInterval(Duration.ofMillis(500))
          .until(() -> {
            if (shell.isAlive()) {
              new ProcessBuilder("kill", "-INT", "" + shell.pid()).start().waitFor();
            }
            return coordinator.counts().queriesNow() == 0;
          });
      assertThat(shell.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(Files.readString(directory.resolve("out"))).contains("Cancelling Query");
    } finally {
      shell.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOSASL", "PLAIN", "HTTP"})
  void impylaRunsStatements(String mechanism) throws Exception {
    String script =
        """
        import sys
        from impala.dbapi import connect
        from impala.error import HiveServer2Error
        http = sys.argv[2] == 'HTTP'
        connection = connect('127.0.0.1', int(sys.argv[1]),
                             auth_mechanism='PLAIN' if http else sys.argv[2],
                             use_http_transport=http, http_path='cliservice',
                             user='alice', password='secret')
        cursor = connection.cursor()
        cursor.execute('select 1 + 1, 2.5, true, coordinator(), work(20) as w')
        print([column[0] for column in cursor.description], cursor.fetchall())
        cursor.execute('select rows(3000, 5)')
        print(len(cursor.fetchall()))
        cursor.get_databases()
        print(cursor.fetchall())
        cursor.get_tables()
        print(cursor.fetchall())
        print(cursor.ping())
        try:
            cursor.execute('select a from nosuch')
        except HiveServer2Error as error:
            print(error)
        cursor.close()
        connection.close()
        """;
    Ended python =
        run(
            List.of(
                bin.resolve("python").toString(),
                "-c",
                script,
                String.valueOf(port(mechanism.equals("HTTP") ? "hs2-http" : "hs2")),
                mechanism));
    assertThat(python.status()).as(python.err()).isZero();
    assertThat(python.out())
        .matches(
            """
            \\['1 \\+ 1', '2.5', 'TRUE', 'coordinator\\(\\)', 'w'\\] \\[\\(2, 2.5, True, 'impala-1', 20\\)\\]
            3000
            \\[\\('_impala_builtins', ''\\), \\('default', ''\\)\\]
            \\[\\]
            True
            Query [0-9a-f:]{33} failed:
            AnalysisException: Could not resolve table reference: 'nosuch'


            """);
  }
}
