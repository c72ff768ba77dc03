package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The balancer as a service of systemd: its unit, and what the packaged program tells systemd. */
class ServiceIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Path UNIT = Path.of("..", "conf", "impala-balancer.service");

  @RegisterExtension private final Opened opened = new Opened();

  @Test
  void systemdHasNothingToSayOfTheUnit() throws IOException {
    Path systemdAnalyze = Requirement.program("systemd-analyze", "systemd");
    Path directory = ChildProcess.newDirectory("unit");
    Path launcher = Path.of("..", "impala-balancer").toAbsolutePath().normalize();
    String text =
        Files.readString(UNIT).replace("/opt/impala-balancer/impala-balancer", launcher.toString());
    Path unit = Files.writeString(directory.resolve("impala-balancer.service"), text);
    ChildProcess verify =
        run(directory, Map.of(), systemdAnalyze.toString(), "verify", unit.toString());
    int status = verify.awaitExit(SOON);
    // An unknown key leaves the status at 0 and is said on standard error.
    assertThat(texts(verify)).isEmpty();
    assertThat(status).isZero();
  }

  @Test
  void theManPageIsWellFormed() throws IOException {
    Path mandoc = Requirement.program("mandoc", "mandoc");
    Path page = Path.of("..", "docs", "impala-balancer.8").toAbsolutePath().normalize();
    ChildProcess lint =
        run(
            ChildProcess.newDirectory("man"),
            Map.of(),
            mandoc.toString(),
            "-T",
            "lint",
            "-W",
            "warning",
            page.toString());
    int status = lint.awaitExit(SOON);
    assertThat(texts(lint)).isEmpty();
    assertThat(status).isZero();
  }

  @Test
  void whatIsLeftOpenIsLittleAndExplained() throws IOException {
    Path systemdAnalyze = Requirement.program("systemd-analyze", "systemd");
    ChildProcess security =
        run(
            ChildProcess.newDirectory("unit"),
            Map.of("LC_ALL", "C.UTF-8"),
            systemdAnalyze.toString(),
            "security",
            "--offline=true",
            UNIT.toAbsolutePath().normalize().toString());
    assertThat(security.awaitExit(SOON)).isZero();
    List<String> open =
        texts(security).stream()
            .filter(line -> line.startsWith("✗"))
            .map(line -> line.replaceFirst("✗ (\\w+)=.*", "$1"))
            .distinct()
            .toList();
    String comments =
        String.join(
            "\n", Files.readAllLines(UNIT).stream().filter(line -> line.startsWith("#")).toList());
    assertThat(open).isNotEmpty().allSatisfy(item -> assertThat(comments).contains(item));
    String sum =
        texts(security).stream().filter(l -> l.contains("Overall")).findFirst().orElseThrow();
    assertThat(Double.parseDouble(sum.replaceFirst(".*: ([0-9.]+) .*", "$1")))
        .isLessThanOrEqualTo(2.5);
  }

  @Test
  void systemdIsToldOfTheLifeOfTheProcess() throws IOException {
    Path socat = Requirement.program("socat", "socat");
    Path directory = ChildProcess.newDirectory("systemd");
    Path socket = directory.resolve("notify");
    ChildProcess systemd =
        run(directory, Map.of(), socat.toString(), "-u", "UNIX-RECV:" + socket, "STDOUT");
    Awaitility.await().until(() -> Files.exists(socket));
    ServerSocket coordinator =
        opened.keep(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));
    int port = FreePort.next();
    BalancerProcess balancer =
        start(
            coordinator.getLocalPort(),
            port,
            List.of("env", "NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=1000000"));

    await(systemd, "READY=1");
    await(systemd, "STATUS=1 of 1 coordinators UP, 0 sessions, 0 waiting");
    await(systemd, "WATCHDOG=1");
    Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), port));
    await(systemd, "STATUS=1 of 1 coordinators UP, 1 session, 0 waiting");
    balancer.process().signal("USR1");
    await(systemd, "STOPPING=1");
    await(systemd, "STATUS=shutting down: 1 of 1 coordinators UP, 1 session, 0 waiting");
    await(systemd, "EXTEND_TIMEOUT_USEC=30000000");
    client.close();
    coordinator.accept().close();
    assertThat(balancer.process().awaitExit(SOON)).isZero();
  }

  @Test
  void systemdIsToldWhoTheMainProcessIsAfterAnUpgrade() throws IOException {
    Path socat = Requirement.program("socat", "socat");
    Path directory = ChildProcess.newDirectory("systemd");
    Path socket = directory.resolve("notify");
    ChildProcess systemd =
        run(directory, Map.of(), socat.toString(), "-u", "UNIX-RECV:" + socket, "STDOUT");
    Awaitility.await().until(() -> Files.exists(socket));
    BalancerProcess balancer = start(1, FreePort.next(), List.of("env", "NOTIFY_SOCKET=" + socket));
    await(systemd, "READY=1");
    systemd.forgetLines();
    assertThat(balancer.upgrade()).contains("result=ok");
    await(systemd, "READY=1");
    await(systemd, "MAINPID=" + balancer.mainPid());
    long before = balancer.process().pid();
    Awaitility.await()
        .until(() -> !ProcessHandle.of(before).map(ProcessHandle::isAlive).orElse(false));
    assertThat(texts(systemd)).as("of the old one").noneMatch(line -> line.startsWith("STOPPING"));
    balancer.signal("TERM");
    await(systemd, "STOPPING=1");
  }

  /** Does as systemd does: binds an address, and starts the program with that socket. */
  private static final String SOCKET_ACTIVATION =
      """
      import os, socket, sys
      listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
      listening.setblocking(sys.argv[2] == "blocking")
      descriptor = listening.detach()
      os.set_inheritable(descriptor, True)
      if descriptor != 3:
          os.dup2(descriptor, 3)
          os.close(descriptor)
      os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
      os.execv(sys.argv[3], sys.argv[3:])
      """;

  @Test
  void aSocketThatSystemdHasBoundIsServed() throws IOException {
    Path python = Requirement.program("python3", "python3");
    ServerSocket coordinator =
        opened.keep(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));
    int port = FreePort.next();
    List<String> systemd =
        List.of(python.toString(), "-c", SOCKET_ACTIVATION, Integer.toString(port));
    assertThatThrownBy(() -> start(1, port, with(systemd, "blocking")))
        .hasMessageContaining("blocks, expected NonBlocking=yes in the service's unit");
    BalancerProcess balancer =
        start(coordinator.getLocalPort(), port, with(systemd, "non-blocking"));
    // One socket listens there, and it is the one that was passed.
    String listening =
        Files.readAllLines(Path.of("/proc/net/tcp")).stream()
            .map(line -> line.strip().split("\\s+"))
            .filter(words -> words[1].endsWith(":%04X".formatted(port)) && words[3].equals("0A"))
            .map(words -> "socket:[" + words[9] + "]")
            .collect(Collectors.joining(", "));
    Path passed = Path.of("/proc/" + balancer.process().pid() + "/fd/3");
    assertThat(Files.readSymbolicLink(passed)).hasToString(listening);
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      client.setSoTimeout((int) SOON.toMillis());
      client.getOutputStream().write('q');
      Socket accepted = opened.keep(coordinator.accept());
      assertThat(accepted.getInputStream().read()).isEqualTo('q');
    }
  }

  private static List<String> with(List<String> some, String last) {
    return Stream.concat(some.stream(), Stream.of(last)).toList();
  }

  @Test
  void theJournalIsToldTheSeverityAndKeepsTheDateItself() {
    String asJournal = "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"";
    BalancerProcess journal = start(1, FreePort.next(), List.of("sh", "-c", asJournal, "sh"));
    Pattern wanted = Pattern.compile("<6>INFO  \\w+ event=ready .*");
    journal.process().awaitLine("ready", line -> wanted.matcher(line.text()).matches(), SOON);

    BalancerProcess other = start(1, FreePort.next(), List.of("env", "JOURNAL_STREAM=1:2"));
    Pattern dated = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\S+ INFO  \\w+ event=ready .*");
    other.process().awaitLine("ready", line -> dated.matcher(line.text()).matches(), SOON);
  }

  private static void await(ChildProcess systemd, String told) {
    systemd.awaitLine(told, line -> line.text().equals(told), SOON);
  }

  private BalancerProcess start(int coordinatorPort, int port, List<String> wrapper) {
    return opened.keep(
        BalancerProcess.start(
            """
            impala-balancer {
              coordinators = [{ name = c1, host = "127.0.0.1", ports { tcp = %d } }]
              listeners = [{ name = l, bind = "127.0.0.1:%d", protocol = tcp }]
              check.type = none
            }
            """
                .formatted(coordinatorPort, port),
            wrapper));
  }

  private ChildProcess run(Path directory, Map<String, String> environment, String... command) {
    return opened.keep(ChildProcess.start(command[0], directory, environment, List.of(command)));
  }

  private static List<String> texts(ChildProcess process) {
    return process.lines().stream().map(ChildProcess.Line::text).toList();
  }
}
