package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;

/** The packages, on a bare Debian: installed, started, asked a query, upgraded and taken off. */
@EnabledOnOs(OS.LINUX)
@EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "the runtime inside is of a JDK 25")
class PackageIT {
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final int MIB = 1024 * 1024;
  private static final String CONF = "/etc/impala-balancer/impala-balancer.conf";

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final int port = FreePort.next();

  @AfterEach
  void closeAll() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  private <T extends AutoCloseable> T keep(T each) {
    opened.add(each);
    return each;
  }

  @Test
  void theTarballWithARuntimeServesAQueryFromAnyFolder() throws Exception {
    Path tarball = Packages.file("-linux-x86_64.tar.gz");
    assertThat(Files.size(tarball)).isLessThanOrEqualTo(60 * MIB);
    BareRoot root = keep(new BareRoot());
    Path folder = Files.createDirectory(root.path("/srv/some where"));
    Packages.run(List.of("tar", "-C", folder.toString(), "-xf", tarball.toString()), SOON);
    String program;
    try (Stream<Path> unpacked = Files.list(folder)) {
      program = "/srv/some where/" + unpacked.findAny().orElseThrow().getFileName();
    }
    Path classes = root.path("/tmp/classes");
    int first = FreePort.next();
    ChildProcess coordinators =
        keep(
            root.start(
                Map.of(),
                program + "/impala-balancer",
                "simulate",
                "--coordinators",
                "1",
                "--base-port",
                "" + first));
    coordinators.awaitLine("its address", line -> line.text().contains("hiveserver2="), SOON);
    Files.writeString(
        root.path("/tmp/b.conf"),
        """
        impala-balancer {
          coordinators = [
            { name = c1, host = "127.0.0.1", ports { beeswax = %d, hiveserver2 = %d, web = %d } }
          ]
          listeners = [{ name = jdbc, bind = "127.0.0.1:%d", protocol = hiveserver2 }]
          stats.bind = none
        }
        """
            .formatted(first, first + 1, first + 2, port));
    ChildProcess balancer =
        keep(
            root.start(
                Map.of(
                    "IMPALA_BALANCER_JAVA_OPTS", "-Xlog:class+load:file=/tmp/classes::filecount=0"),
                program + "/impala-balancer",
                "run",
                "-c",
                "/tmp/b.conf"));
    balancer.awaitLine("ready", line -> line.text().contains(" event=ready "), SOON);
    assertThat(answer()).isEqualTo("impala-1");
    assertThat(Files.readAllLines(classes))
        .filteredOn(line -> line.contains(" io.impalabalancer.core.Balancer "))
        .singleElement()
        .satisfies(line -> assertThat(line).contains("source: shared objects file"));
    balancer.signal("TERM");
    assertThat(balancer.awaitExit(SOON)).isZero();
  }

  private String answer() throws SQLException {
    try (JdbcDriver driver = new JdbcDriver();
        Connection connection = driver.connect("jdbc:hive2://127.0.0.1:" + port + "/;auth=noSasl");
        ResultSet rows = connection.createStatement().executeQuery("select coordinator()")) {
      rows.next();
      return rows.getString(1);
    }
  }

  @Test
  void theDebIsInstalledUpgradedWithoutALostSessionRemovedAndPurged() throws Exception {
    BareRoot root = keep(new BareRoot());
    fakeSystemd(root);
    Files.copy(Packages.file(".deb"), root.path("/old.deb"));
    root.run("dpkg", "-i", "/old.deb");
    assertThat(root.run("getent", "passwd", "impala-balancer")).endsWith(":/usr/sbin/nologin");
    assertThat(root.run("dpkg-query", "-W", "-f", "${Conffiles}", "impala-balancer").strip())
        .startsWith(CONF + " ")
        .doesNotContain("\n");
    assertThat(systemctl(root)).as("nothing is started").containsExactly("daemon-reload");
    assertThat(root.run("impala-balancer", "check", "-c", CONF)).contains("valid");
    assertThat(Files.readString(root.path("/lib/systemd/system/impala-balancer.service")))
        .contains("ExecStart=/usr/bin/impala-balancer run -c " + CONF + "\n")
        .contains("file:///usr/share/doc/impala-balancer/operations.md\n")
        .doesNotContain("/opt");
    assertThat(root.path("/etc/logrotate.d/impala-balancer")).doesNotExist();
    root.run("bash", "-n", "/usr/share/bash-completion/completions/impala-balancer");
    assertThat(root.path("/usr/share/man/man8/impala-balancer.8.gz")).exists();

    EchoServer echo = keep(new EchoServer());
    String config =
        """
        impala-balancer {
          coordinators = [{ name = c1, host = "127.0.0.1", ports { tcp = %d } }]
          listeners = [{ name = l, bind = "127.0.0.1:%d", protocol = tcp }]
          check.type = none
          stats.bind = none
        }
        """
            .formatted(echo.port(), port);
    Files.writeString(root.path(CONF), config);
    ChildProcess balancer =
        keep(
            root.start(
                Map.of(),
                "setpriv",
                "--reuid=impala-balancer",
                "--regid=impala-balancer",
                "--clear-groups",
                "impala-balancer",
                "run",
                "-c",
                CONF));
    balancer.awaitLine("ready", line -> line.text().contains(" event=ready "), SOON);
    Files.writeString(root.path("/run/main.pid"), "" + balancer.pid());
    try (Traffic traffic = new Traffic(port, 50)) {
      traffic.awaitExchanges(50);
      newer(root);
      root.run("dpkg", "-i", "/new.deb");
      String line =
          balancer
              .awaitLine("upgrade", l -> l.text().contains("event=upgrade result="), SOON)
              .text();
      Matcher successor = Pattern.compile("result=ok .*pid=(\\d+)").matcher(line);
      assertThat(successor.find()).as(line).isTrue();
      long pid = Long.parseLong(successor.group(1));
      keep(() -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
      traffic.awaitExchanges(traffic.exchanges() + 100);
      assertThat(traffic.failures()).isEmpty();
    }
    await()
        .atMost(SOON)
        .until(() -> !ProcessHandle.of(balancer.pid()).map(ProcessHandle::isAlive).orElse(false));
    assertThat(balancer.lines())
        .as("the old process went on without its jars")
        .noneMatch(line -> line.text().contains("ERROR") || line.text().contains("Exception"));
    assertThat(systemctl(root))
        .containsExactly(
            "daemon-reload",
            "--quiet is-active impala-balancer",
            "kill --signal=USR2 --kill-who=main impala-balancer");
    assertThat(Files.readString(root.path(CONF))).isEqualTo(config);

    Files.createDirectories(root.path("/var/lib/impala-balancer"));
    Files.createDirectories(root.path("/var/log/impala-balancer"));
    root.run("dpkg", "-r", "impala-balancer");
    assertThat(systemctl(root))
        .containsExactly("--quiet disable --now impala-balancer", "daemon-reload");
    assertThat(root.path("/usr/lib/impala-balancer")).doesNotExist();
    assertThat(root.path(CONF)).exists();
    root.run("dpkg", "-P", "impala-balancer");
    for (String gone : List.of("/etc", "/var/lib", "/var/log")) {
      assertThat(root.path(gone + "/impala-balancer")).doesNotExist();
    }
    assertThat(root.run("getent", "passwd", "impala-balancer")).isNotEmpty();
  }

  @Test
  void lintianFindsNoErrorInTheDeb() {
    Path lintian = Requirement.program("lintian", "lintian");
    String output =
        Packages.run(
            List.of(
                lintian.toString(),
                "--allow-root",
                "--fail-on",
                "error",
                Packages.file(".deb").toString()),
            Duration.ofMinutes(3));
    assertThat(output).doesNotContain("E: ");
  }

  /** A systemctl that notes what it is asked, and sends its signals as systemd would. */
  private static void fakeSystemd(BareRoot root) throws IOException {
    Files.createDirectories(root.path("/run/systemd/system"));
    Path systemctl =
        Files.writeString(
            root.path("/usr/bin/systemctl"),
            """
            #!/bin/sh
            echo "$*" >>/run/systemctl.log
            if [ "$1" = kill ]; then kill -USR2 "$(cat /run/main.pid)"; fi
            """);
    Files.setPosixFilePermissions(systemctl, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Returns what systemctl was asked since the last time. */
  private static List<String> systemctl(BareRoot root) throws IOException {
    Path log = root.path("/run/systemctl.log");
    List<String> asked = Files.readAllLines(log);
    Files.delete(log);
    return asked;
  }

  /** Makes /new.deb of /old.deb: a higher version, whose jars have other names. */
  private static void newer(BareRoot root) {
    root.run(
        "sh",
        "-c",
        """
        set -e
        dpkg-deb -R /old.deb /new
        sed -i 's/^Version: /Version: 9/' /new/DEBIAN/control
        rm /new/DEBIAN/md5sums /new/usr/lib/impala-balancer/start-*
        for jar in /new/usr/lib/impala-balancer/lib/*.jar; do mv "$jar" "${jar%.jar}-9.jar"; done
        dpkg-deb --root-owner-group -Znone -b /new /new.deb
        """);
  }
}
