package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The .deb and the .rpm, on a bare Debian that runs: installed, upgraded and taken off. */
@Tag("packages")
@EnabledOnOs(OS.LINUX)
@EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "the runtime inside is of a JDK 25")
class PackageIT {
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final String CONF = InstalledService.CONF;

  @RegisterExtension private final Opened opened = new Opened();
  private final int port = FreePort.next();

  private BareRoot booted() {
    BareRoot root = opened.keep(new BareRoot());
    root.boot();
    return root;
  }

  @Test
  void theDebIsInstalledUpgradedWithoutALostSessionRemovedAndPurged() throws Exception {
    BareRoot root = booted();
    InstalledService service = new InstalledService(root, opened.keep(new EchoServer()));
    String deb = service.copy(".deb");
    root.run("dpkg", "-i", deb);
    assertThat(root.run("dpkg-query", "-W", "-f", "${Conffiles}", "impala-balancer").strip())
        .startsWith(CONF + " ")
        .doesNotContain("\n");
    assertInstalled(root, service);
    newerDeb(root, deb);
    String config = assertUpgrade(root, service, "dpkg", "-i", "/new.deb");
    assertThat(Files.readString(root.path(CONF))).isEqualTo(config);

    root.run("dpkg", "-r", "impala-balancer");
    assertRemoved(root, service);
    assertThat(root.path(CONF)).exists();
    root.run("dpkg", "-P", "impala-balancer");
    for (String gone : List.of("/etc", "/var/lib", "/var/log")) {
      assertThat(root.path(gone + "/impala-balancer")).doesNotExist();
    }
    assertThat(root.run("getent", "passwd", "impala-balancer")).isNotEmpty();
  }

  @Test
  void theRpmIsInstalledUpgradedWithoutALostSessionAndErased() throws Exception {
    Requirement.program("rpmbuild", "rpm");
    BareRoot root = booted();
    InstalledService service = new InstalledService(root, opened.keep(new EchoServer()));
    String rpm = service.copy(".rpm");
    root.run("rpm", "--nodeps", "-i", rpm);
    assertThat(root.run("rpm", "-q", "--configfiles", "impala-balancer")).endsWith(CONF);
    assertInstalled(root, service);
    newerRpm(root, rpm);
    String config = assertUpgrade(root, service, "sh", "-c", "rpm --nodeps -U /new/*.rpm");
    assertThat(Files.readString(root.path(CONF))).isEqualTo(config);

    root.run("rpm", "-e", "impala-balancer");
    assertRemoved(root, service);
    assertThat(root.path(CONF + ".rpmsave")).hasContent(config);
  }

  /** Nothing is started, and everything has its place. */
  private static void assertInstalled(BareRoot root, InstalledService service) throws Exception {
    assertThat(root.run("getent", "passwd", "impala-balancer")).endsWith("/nologin");
    assertThat(service.property("UnitFileState")).isEqualTo("disabled");
    assertThat(service.property("ActiveState")).isEqualTo("inactive");
    assertThat(root.run("impala-balancer", "check", "-c", CONF)).contains("valid");
    assertThat(service.systemctl("cat"))
        .contains("ExecStart=/usr/bin/impala-balancer run -c " + CONF + "\n")
        .contains("file:///usr/share/doc/impala-balancer/operations.md\n")
        .doesNotContain("/opt");
    assertThat(root.path("/usr/share/doc/impala-balancer/operations.md")).exists();
    assertThat(root.path("/etc/logrotate.d/impala-balancer")).doesNotExist();
    root.run("bash", "-n", "/usr/share/bash-completion/completions/impala-balancer");
    assertThat(root.path("/usr/share/man/man8/impala-balancer.8.gz")).exists();
  }

  /** Starts the service, and upgrades it under traffic; returns its configuration. */
  private String assertUpgrade(BareRoot root, InstalledService service, String... upgrade)
      throws Exception {
    String config = service.configure(port);
    root.run("systemctl", "enable", "--now", "impala-balancer");
    String old = service.property("MainPID");
    try (Traffic traffic = new Traffic(port, 50)) {
      traffic.awaitExchanges(50);
      root.run(upgrade);
      service.awaitJournal("event=upgrade result=ok by=SIGUSR2");
      traffic.awaitExchanges(traffic.exchanges() + 100);
      assertThat(traffic.failures()).isEmpty();
    }
    await().atMost(SOON).until(() -> !root.run("ls", "/proc").lines().anyMatch(old::equals));
    assertThat(service.property("MainPID")).isNotEqualTo(old);
    assertThat(service.property("ActiveState")).isEqualTo("active");
    assertThat(service.property("NRestarts")).isEqualTo("0");
    assertThat(service.journal())
        .as("the old process went on without its jars")
        .doesNotContain("ERROR")
        .doesNotContain("Exception");
    return config;
  }

  private static void assertRemoved(BareRoot root, InstalledService service) {
    assertThat(service.property("LoadState")).isEqualTo("not-found");
    assertThat(service.property("ActiveState")).isEqualTo("inactive");
    assertThat(service.journal())
        .endsWith(
            "Stopped impala-balancer.service - Load balancer for Apache Impala coordinators.");
    assertThat(root.path("/usr/lib/impala-balancer")).doesNotExist();
    assertThat(root.path("/etc/systemd/system/multi-user.target.wants"))
        .isDirectoryNotContaining("glob:**impala*");
  }

  /** Makes /new.deb: a higher version, whose jars have other names. */
  private static void newerDeb(BareRoot root, String deb) {
    root.run(
        "sh",
        "-c",
        """
        set -e
        dpkg-deb -R "$0" /new
        sed -i 's/^Version: /Version: 9/' /new/DEBIAN/control
        rm /new/DEBIAN/md5sums
        %s
        dpkg-deb --root-owner-group -Znone -b /new /new.deb
        """
            .formatted(OTHER_JARS),
        deb);
  }

  /** Makes /new/*.rpm: as {@link #newerDeb}. */
  private static void newerRpm(BareRoot root, String rpm) throws Exception {
    Files.copy(Path.of("..", ".ci", "impala-balancer.spec"), root.path("/impala-balancer.spec"));
    root.run(
        "sh",
        "-c",
        """
        set -e
        rpm --root /new --nodeps --noscripts -i "$0"
        rm -rf /new/var /new/root
        %s
        rpmbuild --quiet -bb --target x86_64 --define '_rpmdir /out' --define 'tree /new' \\
          --define 'version 9' --define '_binary_payload w0.gzdio' /impala-balancer.spec
        rm -r /new
        mv /out/x86_64 /new
        """
            .formatted(OTHER_JARS),
        rpm);
  }

  private static final String OTHER_JARS =
      """
      rm /new/usr/lib/impala-balancer/start-*
      for jar in /new/usr/lib/impala-balancer/lib/*.jar; do mv "$jar" "${jar%.jar}-9.jar"; done
      """;

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
}
