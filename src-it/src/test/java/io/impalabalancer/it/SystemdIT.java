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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The unit of the .deb under a systemd that runs: a Debian that was booted. */
@Tag("packages")
@EnabledOnOs(OS.LINUX)
@EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "the runtime inside is of a JDK 25")
class SystemdIT {
  private static final Duration SOON = Duration.ofMinutes(1);

  @RegisterExtension private final Opened opened = new Opened();
  private final int port = FreePort.next();
  private BareRoot root;
  private InstalledService service;

  @BeforeEach
  void installAndStart() throws Exception {
    root = opened.keep(new BareRoot());
    root.boot();
    service = new InstalledService(root, opened.keep(new EchoServer()));
    root.run("dpkg", "-i", service.copy(".deb"));
    service.configure(port);
    root.run("systemctl", "enable", "--now", "impala-balancer");
  }

  private Socket session() throws IOException {
    Socket client = opened.keep(new Socket(InetAddress.getLoopbackAddress(), port));
    client.setSoTimeout((int) SOON.toMillis());
    exchange(client);
    return client;
  }

  private static void exchange(Socket client) throws IOException {
    client.getOutputStream().write('?');
    assertThat(client.getInputStream().read()).isEqualTo('?');
  }

  @Test
  void itIsReadyTellsWhatItDoesReloadsAndIsConfined() throws Exception {
    assertThat(service.property("ActiveState")).isEqualTo("active");
    service.awaitProperty("StatusText", "2 of 2 coordinators UP, 0 sessions, 0 waiting");
    Socket session = session();
    service.awaitProperty("StatusText", "2 of 2 coordinators UP, 1 session, 0 waiting");

    assertThat(service.journal()).contains("event=ready").doesNotContain("WARN");

    int other = FreePort.next();
    service.configure(port, other);
    service.systemctl("reload");
    service.awaitJournal("event=reload result=ok by=SIGHUP changes=1");
    new Socket(InetAddress.getLoopbackAddress(), other).close();
    Files.writeString(root.path(InstalledService.CONF), "impala-balancer { listeners = 5 }");
    service.systemctl("reload");
    service.awaitJournal("event=reload result=refused by=SIGHUP");
    assertThat(service.journal("-p", "warning"))
        .as("the journal knows the severity")
        .contains("event=reload-problem")
        .doesNotContain("event=ready");
    service.awaitProperty("ActiveState", "active");
    exchange(session);

    String main = service.property("MainPID");
    assertThat(root.run("cat", "/proc/" + main + "/status"))
        .containsPattern("NoNewPrivs:\\s+1\n")
        .containsPattern("Seccomp:\\s+2\n")
        .containsPattern("CapBnd:\\s+0+\n");
    assertThatThrownBy(() -> root.run("nsenter", "-t", main, "-m", "touch", "/usr/touched"))
        .hasMessageContaining("Read-only file system");
    String sum = root.run("systemd-analyze", "security", "impala-balancer");
    assertThat(Double.parseDouble(sum.replaceFirst("(?s).*Overall.*: ([0-9.]+) .*", "$1")))
        .isLessThanOrEqualTo(2.5);
    for (String directory : List.of("/var/lib", "/var/log", "/run")) {
      assertThat(root.run("stat", "-c", "%U", directory + "/impala-balancer"))
          .isEqualTo("impala-balancer");
    }
  }

  @Test
  void anUpgradeIsFollowedAndADeadOrHungProcessIsStartedAnew() throws Exception {
    Socket session = session();
    String old = service.property("MainPID");
    assertThat(root.run("impala-balancer", "ctl", "upgrade")).contains("has taken over");
    String successor = service.property("MainPID");
    assertThat(successor).isNotEqualTo(old);
    exchange(session);
    session().close();
    session.close();
    await().atMost(SOON).until(() -> !exists(old));
    assertThat(service.property("ActiveState")).isEqualTo("active");
    assertThat(service.property("NRestarts")).isEqualTo("0");
    String fed = service.property("WatchdogTimestampMonotonic");
    await().atMost(SOON).until(() -> !service.property("WatchdogTimestampMonotonic").equals(fed));

    kill("KILL", successor);
    service.awaitProperty("NRestarts", "1");
    service.awaitProperty("ActiveState", "active");
    session().close();

    Path dropIn = root.path("/etc/systemd/system/impala-balancer.service.d/watchdog.conf");
    Files.createDirectories(dropIn.getParent());
    Files.writeString(dropIn, "[Service]\nWatchdogSec=5s\n");
    root.run("systemctl", "daemon-reload");
    service.systemctl("restart");
    assertThat(service.property("NRestarts")).isEqualTo("0");
    kill("STOP", service.property("MainPID"));
    service.awaitJournal("Watchdog timeout");
    service.awaitProperty("NRestarts", "1");
    service.awaitProperty("ActiveState", "active");
    Socket ofBefore = session();
    root.run("impala-balancer", "ctl", "upgrade");
    exchange(ofBefore);
    kill("KILL", service.property("MainPID"));
    service.awaitProperty("NRestarts", "2");
    service.awaitProperty("ActiveState", "active");
    session().close();
  }

  @Test
  void stopGivesSessionsOfBeforeAnUpgradeTheirTimeToo() throws Exception {
    Socket session = session();
    root.run("impala-balancer", "ctl", "upgrade");
    String main = service.property("MainPID");
    root.run("systemctl", "stop", "--no-block", "impala-balancer");
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThatThrownBy(() -> session().close()).isInstanceOf(ConnectException.class));
    await().atMost(SOON).during(Duration.ofSeconds(2)).untilAsserted(() -> exchange(session));
    assertThat(exists(main)).as("it goes on asking systemd for time").isTrue();
    session.close();
    service.awaitProperty("ActiveState", "inactive");
    assertThat(service.property("Result")).isEqualTo("success");
  }

  private void kill(String signal, String pid) {
    root.run("sh", "-c", "kill -" + signal + " " + pid);
  }

  private boolean exists(String pid) {
    return root.run("ls", "/proc").lines().anyMatch(pid::equals);
  }

  @Test
  void stopWaitsForSessionsAndTheLinesOfTheManualDoAsTheySay() throws Exception {
    List<String> lines =
        Files.readAllLines(Path.of("..", "docs", "operations.md")).stream()
            .filter(line -> line.matches(" {4}(systemctl|journalctl) .*"))
            .map(line -> line.replaceFirst(" +#.*", "").strip())
            .toList();
    assertThat(lines).hasSizeGreaterThan(5);
    for (String line : lines) {
      service.systemctl("start");
      root.run("sh", "-c", line);
    }
    service.awaitProperty("ActiveState", "inactive");

    service.systemctl("start");
    Socket session = session();
    root.run("systemctl", "stop", "--no-block", "impala-balancer");
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThatThrownBy(() -> session().close()).isInstanceOf(ConnectException.class));
    assertThat(service.property("ActiveState")).isEqualTo("deactivating");
    service.awaitProperty(
        "StatusText", "shutting down: 2 of 2 coordinators UP, 1 session, 0 waiting");
    exchange(session);
    session.close();
    service.awaitProperty("ActiveState", "inactive");
    assertThat(service.property("Result")).isEqualTo("success");
    assertThat(service.journal()).contains("event=stopped").doesNotContain("ERROR");
    assertThatARefusedConfigurationIsNotTriedAgainAndATakenAddressIs();
  }

  private void assertThatARefusedConfigurationIsNotTriedAgainAndATakenAddressIs() throws Exception {
    Files.writeString(root.path(InstalledService.CONF), "impala-balancer { listeners = 5 }");
    assertThatThrownBy(() -> service.systemctl("start")).isInstanceOf(AssertionError.class);
    assertThat(service.property("ActiveState")).isEqualTo("failed");
    assertThat(service.property("ExecMainStatus")).isEqualTo("1");
    assertThat(service.property("NRestarts")).isEqualTo("0");

    service.configure(port);
    try (ServerSocket taken = new ServerSocket(port, 5, InetAddress.getLoopbackAddress())) {
      assertThat(taken.isBound()).isTrue();
      assertThatThrownBy(() -> service.systemctl("start")).isInstanceOf(AssertionError.class);
      assertThat(service.property("ExecMainStatus")).isEqualTo("3");
      assertThat(service.journal()).contains("cannot bind 127.0.0.1:" + port);
    }
    service.awaitProperty("ActiveState", "active");
    session().close();
  }
}
