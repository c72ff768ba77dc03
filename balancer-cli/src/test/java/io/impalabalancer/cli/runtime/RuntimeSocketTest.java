package io.impalabalancer.cli.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.impalabalancer.cli.operation.Events;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.RuntimeConfig;
import io.impalabalancer.config.RuntimeConfig.Level;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.health.HealthChecker;
import io.impalabalancer.metrics.HaproxyStats;
import io.impalabalancer.who.Whois;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The runtime socket as its clients see it. Texts are what HAProxy 2.6.12 says. */
@Timeout(60)
class RuntimeSocketTest {
  private static final String CONFIG =
      """
      impala-balancer {
        stats.bind = none, threads = 1, check.type = none
        coordinators = [
          { name = c1, host = 127.0.0.1, maxconn = 60 }
          { name = c2, host = 127.0.0.2 }
        ]
        listeners = [
          { name = impala, bind = "127.0.0.1:0", protocol = beeswax, aliases { c2 = two } }
          { name = jdbc, bind = "127.0.0.1:0", protocol = hiveserver2 }
        ]
      }
      """;

  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Events events = new Events();
  private Balancer balancer;
  private HealthChecker health;
  private Path path;
  private RuntimeSocket socket;

  @BeforeEach
  void start() throws Exception {
    BalancerConfig config = ConfigLoader.parse("test.conf", CONFIG).config();
    balancer = new Balancer(config);
    health = HealthChecker.of(balancer, loop);
    health.start().toCompletableFuture().get(10, TimeUnit.SECONDS);
    balancer.open();
    path = directory.resolve("admin.sock");
    socket = open(Level.ADMIN);
    balancer.addListener(events);
  }

  private RuntimeSocket open(Level level) throws IOException {
    return open(level, false);
  }

  private RuntimeSocket open(Level level, boolean takeOver) throws IOException {
    return RuntimeSocket.open(
        loop.next(),
        path,
        new RuntimeConfig(Optional.of(path), 0640, level),
        new Target(
            balancer,
            health,
            new HaproxyStats(balancer, "1.2.3"),
            new Whois(c -> CompletableFuture.failedFuture(new IOException("not asked"))),
            events,
            new ToldReloads(),
            Upgrades.NONE,
            "1.2.3"),
        takeOver);
  }

  @AfterEach
  void stop() {
    socket.close();
    health.close();
    balancer.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(path));
    return channel;
  }

  /** Sends bytes, and reads until the balancer closes. */
  private String ask(byte[] bytes) throws IOException {
    try (SocketChannel channel = connect()) {
      ByteBuffer out = ByteBuffer.wrap(bytes);
      try {
        while (out.hasRemaining()) {
          channel.write(out);
        }
      } catch (IOException closedAlready) {
        // What it said is read below.
      }
      return read(channel);
    }
  }

  private static String read(SocketChannel channel) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    ByteBuffer in = ByteBuffer.allocate(65536);
    while (channel.read(in) >= 0) {
      answer.write(in.array(), 0, in.position());
      in.clear();
    }
    return answer.toString(UTF_8);
  }

  private String ask(String line) throws IOException {
    return ask((line + "\n").getBytes(UTF_8));
  }

  private Coordinator coordinator(int index) {
    return balancer.coordinators().get(index);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "set server                              | Require 'backend/server'.",
        "set server x/c1 state drain             | No such backend.",
        "set server impala/x state drain         | No such server.",
        "set server impala/c1 weight 300         | Absolute weight can only be between 0 and 256 inclusive.",
        "set server impala/c1 weight             | Require <weight> or <weight%>.",
        "set server impala/c1 weight x           | Empty weight string empty or preceded by garbage",
        "get weight impala/c1                    | 100 (initial 100)",
        "get weight a/b                          | No such backend.",
        "enable frontend                         | A frontend name is expected.",
        "enable frontend foo                     | No such frontend.",
        "enable frontend impala                  | All sockets are already enabled.",
        "shutdown session                        | Session pointer expected (use 'show sess').",
        "shutdown session 0x1                    | No such session (use 'show sess').",
        "show sess 0x1                           | Session not found.",
        "who 1                                   | No such session.",
        "who [::1]:1                             | No such session.",
        "shutdown sessions server a/b            | No such backend.",
        "set maxconn frontend impala             | Integer value expected.",
        "set maxconn global                      | Expects an integer value.",
        "set maxconn server impala/c1            | Require <maxconn>.",
        "set maxconn global 999999999            | Value out of range.",
        "show servers state foo                  | Can't find backend.",
        "show servers conn foo                   | Can't find backend.",
        "show stat foo -1 -1                     | No such proxy.",
        "show cli level                          | admin",
        "show version                            | 1.2.3",
      })
  void answersAndErrorsAreHaproxys(String command, String answer) throws IOException {
    assertThat(ask(command)).isEqualTo(answer + "\n\n");
  }

  @Test
  void whoNeedsAPort() throws IOException {
    for (String words : new String[] {"", " x", " 1:", " 1 2", " 123456"}) {
      assertThat(ask("who" + words)).startsWith("Expected a port, or address:port, ");
    }
  }

  @Test
  void errorsWithQuotesAreHaproxysToo() throws IOException {
    assertThat(ask("set server impala/c1 state foo"))
        .isEqualTo("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n");
    assertThat(ask("set server impala/c1 health foo"))
        .isEqualTo("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n\n");
  }

  @Test
  void aStateHoldsForTheCoordinatorInAllItsListenersAndTheAnswerSaysSo() throws IOException {
    assertThat(ask("set server impala/two state drain"))
        .isEqualTo("c2 is in state drain now, in all its listeners: impala, jdbc.\n\n");
    assertThat(coordinator(1).adminState()).isEqualTo(AdminState.DRAIN);
    assertThat(coordinator(1).adminReason())
        .isEqualTo("set by " + System.getProperty("user.name") + " by runtime socket");
    assertThat(ask("show events"))
        .contains(" admin c2 READY -> DRAIN (set by ")
        .endsWith("by runtime socket)\n\n");
    assertThat(ask("show servers state jdbc")).contains("jdbc 2 c2 127.0.0.2 2 8 100 100 ");
  }

  @Test
  void choicesAreThoseOfOneListener() throws IOException {
    assertThat(ask("show choices jdbc")).startsWith("# time client coordinator chosen score ");
    assertThat(ask("show choices")).isEqualTo("No such frontend.\n\n");
  }

  @Test
  void severalCommandsInALineAreAnsweredInTurn() throws IOException {
    assertThat(ask("set server impala/c1 weight 50%;get weight impala/c1; get weight jdbc/c2"))
        .isEqualTo("\n50 (initial 100)\n\n100 (initial 100)\n\n");
  }

  @Test
  void aClientThatHasEndedItsSideIsAnswered() throws IOException {
    try (SocketChannel client = connect()) {
      client.write(ByteBuffer.wrap("show sess;get weight impala/c1\n".getBytes(UTF_8)));
      client.shutdownOutput();
      assertThat(read(client)).isEqualTo("\n100 (initial 100)\n\n");
    }
  }

  @Test
  void aClientThatDoesNotReadItsAnswerIsDisconnected() throws IOException {
    try (SocketChannel client = connect()) {
      String line = "set timeout cli 1" + ";help".repeat(3000) + "\n";
      client.write(ByteBuffer.wrap(line.getBytes(UTF_8)));
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThatThrownBy(() -> client.write(ByteBuffer.allocate(1)))
                  .isInstanceOf(IOException.class));
    }
  }

  @Test
  void withAPromptLinesAreAnsweredUntilQuit() throws IOException {
    assertThat(ask("prompt\nget weight impala/c1\n\nset timeout cli 30\nquit"))
        .isEqualTo("\n> 100 (initial 100)\n\n> \n> \n> ");
  }

  @Test
  void anUnknownCommandIsAnsweredWithThoseThatResembleIt() throws IOException {
    assertThat(ask("set maxconn foo"))
        .isEqualTo(
            """
            Unknown command, but maybe one of the following ones is a better match:
              set maxconn frontend <frontend> <value> : change a frontend's maxconn setting
              set maxconn global <value>              : change the per-process maxconn setting
              set maxconn server <bk>/<srv>           : change a server's maxconn setting
              help [<command>]                        : list matching or all commands
              prompt                                  : toggle interactive mode with prompt
              quit                                    : disconnect

            """);
    assertThat(ask(""))
        .startsWith("Unknown command. Please enter one of the following commands only:\n")
        .contains("\n  show stat [desc|json|no-maint|typed|up]*: report counters for each");
  }

  @Test
  void aLevelBelowAdminMayNotChangeAnything() throws IOException {
    assertThat(ask("operator;set server impala/c1 state drain"))
        .isEqualTo("\nPermission denied\n\n");
    assertThat(ask("user;show sess;clear counters;admin"))
        .startsWith("\nPermission denied\n\nPermission denied\n\nUnknown command");
    socket.close();
    socket = open(Level.USER);
    assertThat(ask("disable frontend impala")).isEqualTo("Permission denied\n\n");
    assertThat(ask("help")).doesNotContain("shutdown");
  }

  @Test
  void frontendsAreDisabledAndLimitsSet() throws IOException {
    assertThat(ask("disable frontend impala")).isEqualTo("\n");
    assertThat(ask("disable frontend impala")).isEqualTo("All sockets are already disabled.\n\n");
    assertThat(ask("show stat impala 1 -1")).contains("impala,FRONTEND,", ",PAUSED,");
    assertThat(ask("enable frontend impala")).isEqualTo("\n");
    assertThat(ask("set maxconn frontend impala 7;set maxconn server jdbc/c2 8")).isEqualTo("\n\n");
    assertThat(balancer.listeners().get(0).maxconn()).isEqualTo(7);
    assertThat(coordinator(1).maxconn()).isEqualTo(8);
  }

  @Test
  void whatPeopleDoIsAnEventOnce() throws IOException {
    ask("set coordinator c1 state maint;disable frontend jdbc;shutdown sessions coordinator c2");
    events.process("reload", "applied", "by SIGHUP, 0 changes");
    assertThat(ask("show events").lines())
        .hasSize(5)
        .satisfiesExactly(
            line -> assertThat(line).contains(" admin c1 READY -> MAINT (set by "),
            line -> assertThat(line).contains(" listener jdbc ENABLED -> DISABLED (set by "),
            line -> assertThat(line).contains(" cut c2 0 (all its sessions, set by "),
            line -> assertThat(line).endsWith("Z reload - applied (by SIGHUP, 0 changes)"),
            line -> assertThat(line).isEmpty());
  }

  @Test
  void anUpgradeIsBegunOnlyWhereThereCanBeOne() throws IOException {
    assertThat(ask("show upgrade")).isEqualTo("none\n\n");
    assertThat(ask("upgrade")).isEqualTo("Another upgrade is under way.\n\n");
    assertThat(ask("operator;upgrade")).isEqualTo("\nPermission denied\n\n");
  }

  /** Would reload, but does not. */
  private static final class ToldReloads implements Reloads {
    @Override
    public Result last() {
      return NONE.last();
    }

    @Override
    public Result reload(String by) {
      return new Result(Instant.EPOCH, by, false, List.of(), List.of("no"), "");
    }

    @Override
    public Result dryRun(String by) {
      return new Result(Instant.EPOCH, by, true, List.of("asked for by " + by), List.of(), "");
    }
  }

  @Test
  void aReloadIsSaidByWhom() throws IOException {
    assertThat(ask("reload dry-run"))
        .matches("asked for by .* by runtime socket\nThe configuration would be taken over.\n\n");
    assertThat(ask("reload"))
        .isEqualTo("error: no\nThe configuration is refused; nothing has changed.\n\n");
    assertThat(ask("operator;reload")).isEqualTo("\nPermission denied\n\n");
  }

  @Test
  void whatIsNoCommandIsRefusedWhateverItIs() throws IOException {
    byte[] binary = new byte[4096];
    for (int i = 0; i < binary.length; i++) {
      binary[i] = (byte) (i == 10 || i % 256 == 10 ? 1 : i);
    }
    binary[binary.length - 1] = '\n';
    assertThat(ask(binary)).startsWith("Unknown command.");
    assertThat(ask("x".repeat(1 << 20)))
        .isEqualTo("Command is too long, expected 16384 bytes at most.\n\n");
    try (SocketChannel half = connect()) {
      half.write(ByteBuffer.wrap("set server impala/c1 state dr".getBytes(UTF_8)));
      half.shutdownOutput();
      assertThat(read(half)).isEmpty();
    }
    assertThat(coordinator(0).adminState()).isEqualTo(AdminState.READY);
  }

  @Test
  void aHundredClientsAreAllAnswered() throws IOException {
    List<SocketChannel> clients = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      clients.add(connect());
    }
    for (SocketChannel client : clients) {
      client.write(ByteBuffer.wrap("show stat\n".getBytes(UTF_8)));
    }
    for (SocketChannel client : clients) {
      assertThat(read(client)).startsWith("# pxname,svname,").endsWith("\n\n");
      client.close();
    }
  }

  @Test
  void theSocketHasItsModeAndGoesWithTheBalancer() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-r-----");
    socket.close();
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void aSecondBalancerOnTheSameSocketIsRefused() throws IOException {
    assertThatThrownBy(() -> open(Level.ADMIN))
        .isInstanceOf(BindException.class)
        .hasMessageContaining(path + " is in use by a process that runs");
    assertThat(ask("get weight impala/c1")).isEqualTo("100 (initial 100)\n\n");
  }

  @Test
  void aSocketIsTakenBackFromASuccessorThatEndedHoweverItDid() throws IOException {
    try (SocketChannel client = connect()) {
      open(Level.ADMIN, true).close();
      assertThat(path).doesNotExist();
      socket.takeBack();
      assertThat(ask("get weight impala/c1")).isEqualTo("100 (initial 100)\n\n");
      Files.delete(path);
      try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        killed.bind(UnixDomainSocketAddress.of(path));
      }
      socket.takeBack();
      socket.takeBack();
      assertThat(ask("get weight impala/c1")).isEqualTo("100 (initial 100)\n\n");
      client.write(ByteBuffer.wrap("get weight impala/c1\n".getBytes(UTF_8)));
      assertThat(read(client)).as("who was connected").isEqualTo("100 (initial 100)\n\n");
    }
    socket.close();
    assertThat(directory).isEmptyDirectory();
    socket.takeBack();
    assertThat(directory).as("closed is closed").isEmptyDirectory();
  }

  @Test
  void aStaleSocketIsTakenOverAndAnythingElseIsRefused() throws IOException {
    socket.close();
    try (ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    socket = open(Level.ADMIN);
    assertThat(ask("get weight impala/c1")).isEqualTo("100 (initial 100)\n\n");
    socket.close();
    Files.writeString(path, "precious");
    assertThatThrownBy(() -> open(Level.ADMIN))
        .isInstanceOf(BindException.class)
        .hasMessageContaining("exists and is no socket");
    assertThat(path).hasContent("precious");
  }
}
