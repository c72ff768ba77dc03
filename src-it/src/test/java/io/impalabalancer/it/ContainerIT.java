package io.impalabalancer.it;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.Capability;
import io.impalabalancer.it.HiveServer2Process.Authentication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** The image, between the Hive JDBC driver and real HiveServer2 in containers of their own. */
@Tag("packages")
@EnabledOnOs(OS.LINUX)
@EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "the image is made by a JDK 25")
class ContainerIT {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final int JDBC = 21051;
  private static final int HIVESERVER2 = 10000;
  private static final String CONF = "/etc/impala-balancer";

  private static final Map<String, GenericContainer<?>> servers = new TreeMap<>();
  private static Network network;
  private static JdbcDriver driver;

  @TempDir Path directory;
  private final List<GenericContainer<?>> balancers = new ArrayList<>();

  @BeforeAll
  static void startServers() {
    Image.make();
    driver = new JdbcDriver();
    network = Network.newNetwork();
    for (String name : List.of("hs1", "hs2")) {
      servers.put(name, server(name));
    }
    servers.values().parallelStream().forEach(GenericContainer::start);
  }

  @AfterAll
  static void endServers() {
    servers.values().forEach(GenericContainer::stop);
    servers.clear();
    if (network != null) {
      network.close();
      driver.close();
    }
  }

  @BeforeEach
  void letOthersRead() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void endBalancers() {
    balancers.forEach(GenericContainer::stop);
  }

  /** A HiveServer2 that runs on this machine's JDK 17 and jars. */
  private static GenericContainer<?> server(String name) {
    List<String> command =
        HiveServer2Process.command(
            name, "0.0.0.0", HIVESERVER2, Authentication.NOSASL, Path.of("/tmp"));
    GenericContainer<?> server = container("local/debian");
    Set<Path> mounted = new HashSet<>(HiveServer2Process.jdkFiles());
    HiveServer2Process.classPath().stream()
        .map(file -> file.toString().replaceFirst("(/repository)/.*", "$1"))
        .forEach(file -> mounted.add(Path.of(file)));
    mounted.forEach(
        path -> server.withFileSystemBind(path.toString(), path.toString(), BindMode.READ_ONLY));
    return server
        .withNetwork(network)
        .withNetworkAliases(name)
        .withExposedPorts(HIVESERVER2)
        .withCommand(command.toArray(String[]::new))
        .waitingFor(Wait.forLogMessage("READY .*", 1).withStartupTimeout(SOON));
  }

  private static GenericContainer<?> container(String image) {
    return new GenericContainer<>(DockerImageName.parse(image))
        .withImagePullPolicy(name -> false)
        .withLabel("impala-balancer", "it");
  }

  /** Starts the image as it should run: nothing writable, no capability, the default seccomp. */
  private GenericContainer<?> balancer() {
    GenericContainer<?> balancer =
        container(Image.NAME)
            .withNetwork(network)
            .withExposedPorts(JDBC)
            .withFileSystemBind(directory.toString(), CONF, BindMode.READ_ONLY)
            .withCreateContainerCmdModifier(create ->
                requireNonNull(create.getHostConfig())
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL))
            .waitingFor(Wait.forLogMessage(".* event=ready .*", 1).withStartupTimeout(SOON));
    balancers.add(balancer);
    balancer.start();
    return balancer;
  }

  private void configure(String more) {
    try {
      Path file =
          Files.writeString(
              directory.resolve("impala-balancer.conf"),
              """
              impala-balancer {
                coordinator-defaults.ports {
                  hiveserver2 = %d, beeswax = none, hiveserver2-http = none, web = none
                }
                coordinators = [{ name = hs1, host = hs1 }, { name = hs2, host = hs2 }]
                listeners = [
                  { name = jdbc, bind = "0.0.0.0:%d", protocol = hiveserver2, balance = roundrobin }
                ]
                check { type = tcp, inter = 500ms }
                stats.bind = "127.0.0.1:25002"
                %s
              }
              """
                  .formatted(HIVESERVER2, JDBC, more));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Connection connect(GenericContainer<?> balancer) throws SQLException {
    return driver.connect(Authentication.NOSASL.url(balancer.getMappedPort(JDBC)));
  }

  /** Returns the server behind a connection. */
  private static String server(Connection connection) throws SQLException {
    try (ResultSet rows =
        connection.createStatement().executeQuery(HiveServer2Process.NAME_QUERY)) {
      rows.next();
      return rows.getString(1);
    }
  }

  /** Returns the servers behind so many connections, one after the other. */
  private static List<String> servers(GenericContainer<?> balancer, int connections)
      throws SQLException {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      try (Connection connection = connect(balancer)) {
        names.add(server(connection));
      }
    }
    return names;
  }

  private static void signal(GenericContainer<?> balancer, String name) {
    balancer.getDockerClient().killContainerCmd(balancer.getContainerId()).withSignal(name).exec();
  }

  private static void awaitLog(GenericContainer<?> balancer, String text) {
    await().atMost(SOON).untilAsserted(() -> assertThat(balancer.getLogs()).contains(text));
  }

  private static ContainerState state(GenericContainer<?> container) {
    return container
        .getDockerClient()
        .inspectContainerCmd(container.getContainerId())
        .exec()
        .getState();
  }

  private static int shell(GenericContainer<?> balancer) throws Exception {
    return balancer.execInContainer("/bin/sh", "-c", "true").getExitCode();
  }

  private static void awaitEnd(GenericContainer<?> balancer) {
    await().atMost(SOON).until(() -> Boolean.FALSE.equals(state(balancer).getRunning()));
    assertThat(state(balancer).getExitCodeLong()).isZero();
  }

  @Test
  void itServesWithoutRootShellOrWritableFilesAndTurnsHealthy() throws Exception {
    configure("");
    GenericContainer<?> balancer = balancer();
    assertThat(servers(balancer, 2)).containsExactlyInAnyOrder("hs1", "hs2");
    var image = balancer.getDockerClient().inspectImageCmd(Image.NAME).exec();
    assertThat(image.getSize()).isLessThanOrEqualTo(120_000_000L);
    assertThat(requireNonNull(image.getConfig()).getUser()).isEqualTo("65534:65534");
    // The engine itself fails, or the command has its status 126 or 127.
    assertThatThrownBy(() -> assertThat(shell(balancer)).isZero()).isInstanceOf(Throwable.class);
    await().atMost(SOON).until(() -> "healthy".equals(state(balancer).getHealth().getStatus()));
    signal(balancer, "TERM");
    awaitEnd(balancer);
    assertThat(balancer.getLogs()).doesNotContain(" ERROR ").doesNotContain("Exception");
  }

  @Test
  void hupReloads() throws Exception {
    configure("");
    GenericContainer<?> balancer = balancer();
    try (Connection connection = connect(balancer)) {
      String name = server(connection);
      String other = name.equals("hs1") ? "hs2" : "hs1";
      configure("coordinators = [{ name = %1$s, host = %1$s }]".formatted(other));
      signal(balancer, "HUP");
      awaitLog(balancer, "event=reload result=ok by=SIGHUP");
      assertThat(servers(balancer, 2)).containsOnly(other);
      assertThat(server(connection)).as("its session lives on").isEqualTo(name);
    }
  }

  @Test
  void aKilledServerIsLeftAndComesBack() throws Exception {
    configure("check { inter = 500ms, downinter = 500ms }");
    GenericContainer<?> balancer = balancer();
    GenericContainer<?> victim = requireNonNull(servers.get("hs1"));
    signal(victim, "KILL");
    assertThat(servers(balancer, 2)).containsOnly("hs2");
    awaitChange(balancer, "UP", "DOWN");
    victim.getDockerClient().startContainerCmd(victim.getContainerId()).exec();
    awaitChange(balancer, "DOWN", "UP");
    assertThat(servers(balancer, 2)).containsExactlyInAnyOrder("hs1", "hs2");
  }

  private static void awaitChange(GenericContainer<?> balancer, String from, String to) {
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(balancer.getLogs())
                .containsPattern("coordinator=hs1 from=" + from + " to=" + to));
  }

  @Test
  void anotherContainerTakesOverWhileTheFirstDrains() throws Exception {
    configure("shutdown.grace = 1ms");
    GenericContainer<?> old = balancer();
    try (Connection connection = connect(old)) {
      String name = server(connection);
      signal(old, "USR2");
      awaitLog(old, "event=upgrade result=failed");
      assertThat(server(connection)).isEqualTo(name);
      GenericContainer<?> fresh = balancer();
      signal(old, "USR1");
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThatThrownBy(() -> connect(old).close()).isInstanceOf(SQLException.class));
      assertThat(servers(fresh, 2)).containsExactlyInAnyOrder("hs1", "hs2");
      assertThat(server(connection)).as("the session lives on").isEqualTo(name);
    }
    awaitEnd(old);
  }
}
