package io.impalabalancer.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The npm package hive-driver, as it is published. {@code .ci/install-node-client} installs it;
 * without it the tests are skipped, or fail if IMPALA_BALANCER_REQUIRE_ALL is true.
 */
@Tag("clients")
class NodeClientTest {
  private static final String SCRIPT =
      """
      const hive = require('hive-driver');
      const { TCLIService, TCLIService_types } = hive.thrift;
      const [port, kind] = process.argv.slice(2);
      const login = { username: 'alice', password: 'secret' };
      const http = kind === 'HTTP';
      const connection =
          http ? new hive.connections.HttpConnection() : new hive.connections.TcpConnection();
      const authentication =
          http ? new hive.auth.PlainHttpAuthentication(login)
          : kind === 'PLAIN' ? new hive.auth.PlainTcpAuthentication(login)
          : new hive.auth.NoSaslAuthentication();
      (async () => {
        const client = new hive.HiveClient(TCLIService, TCLIService_types);
        const utils = new hive.HiveUtils(TCLIService_types);
        await client.connect(
            { host: '127.0.0.1', port: Number(port), options: http ? { path: '/cliservice' } : {} },
            connection, authentication);
        const session = await client.openSession(
            { client_protocol: TCLIService_types.TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V10 });
        for (const sql of ["select 1 + 1 as two, coordinator() as name, work(20) as w",
                           "select rows(3000, 5)"]) {
          const operation = await session.executeStatement(sql, { runAsync: true });
          await utils.waitUntilReady(operation, false, () => {});
          await utils.fetchAll(operation);
          const rows = utils.getResult(operation).getValue();
          console.log(rows.length, JSON.stringify(rows[0]));
          await operation.close();
        }
        await session.close();
        client.close();
        process.exit(0);
      })().catch(error => { console.error(error); process.exit(1); });
      """;

  private final Path directory;
  private final Path client;
  private final SimulatedCoordinator coordinator;

  NodeClientTest(@TempDir Path directory) throws Exception {
    this.directory = directory;
    String given =
        Objects.requireNonNullElse(
            System.getenv("IMPALA_BALANCER_NODE_CLIENT"), "../target/node-client");
    client = Path.of(given).toAbsolutePath().normalize();
    Path driver = client.resolve("node_modules").resolve("hive-driver");
    String missing = driver + " is missing, .ci/install-node-client installs it";
    if (Boolean.parseBoolean(System.getenv("IMPALA_BALANCER_REQUIRE_ALL"))) {
      assertThat(driver).as(missing).isDirectory();
    }
    Assumptions.assumeTrue(Files.isDirectory(driver), missing);
    coordinator = SimulatedCoordinator.start("impala-1", SimulatorOptions.builder().build());
  }

  @AfterEach
  void close() {
    coordinator.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOSASL", "PLAIN", "HTTP"})
  void statementsAreAnswered(String kind) throws Exception {
    Path script = Files.writeString(directory.resolve("client.js"), SCRIPT);
    Path out = directory.resolve("out");
    int port =
        kind.equals("HTTP") ? coordinator.hiveserver2HttpPort() : coordinator.hiveserver2Port();
    ProcessBuilder node =
        new ProcessBuilder("node", script.toString(), String.valueOf(port), kind)
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    node.environment().put("NODE_PATH", client.resolve("node_modules").toString());
    Process process = node.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Files.readString(out))
          .isEqualTo(
              """
              1 {"two":2,"name":"impala-1","w":20}
              3000 {"rows":"xxxxx"}
              """);
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
