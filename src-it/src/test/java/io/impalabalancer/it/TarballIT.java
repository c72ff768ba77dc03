package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The tarballs, on a bare Debian: unpacked, started and asked a query. */
@Tag("packages")
@EnabledOnOs(OS.LINUX)
@EnabledForJreRange(min = JRE.JAVA_25, disabledReason = "the runtime inside is of a JDK 25")
class TarballIT {
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final int MIB = 1024 * 1024;
  private static final String CLASSES = "/tmp/classes";

  @RegisterExtension private final Opened opened = new Opened();
  private final int port = FreePort.next();

  @Test
  void theOneWithARuntimeServesAQueryFromAnyFolder() throws Exception {
    Path tarball = Packages.file("-linux-x86_64.tar.gz");
    assertThat(Files.size(tarball)).isLessThanOrEqualTo(60 * MIB);
    BareRoot root = opened.keep(new BareRoot());
    String program = unpack(tarball, root, "/srv/some where");
    assertThat(classOfARunThatServes(root, program, "")).contains("shared objects file");
  }

  @Test
  void theOneForAnyJavaKeepsTheClassesOfItsFirstRun() throws Exception {
    Path tarball = Packages.file("-any.tar.gz");
    Path newest = Path.of(System.getProperty("java.home"));
    for (List<Path> java : List.of(HiveServer2Process.jdkFiles(), List.of(newest))) {
      BareRoot root = opened.keep(new BareRoot());
      java.forEach(root::mount);
      String home = java.get(0).toString();
      String program = unpack(tarball, root, "/opt");
      assertThat(classOfARunThatServes(root, program, home)).contains("balancer-core");
      await().atMost(SOON).until(() -> kept(root.path(program)));
      assertThat(classOfARunThatServes(root, program, home)).contains("shared objects file");
    }
  }

  private static boolean kept(Path program) throws IOException {
    try (Stream<Path> files = Files.list(program)) {
      return files.anyMatch(
          file -> file.getFileName().toString().matches("start-[0-9.]+\\.(aot|jsa)"));
    }
  }

  /** Returns where it is for programs of the root. */
  private static String unpack(Path tarball, BareRoot root, String folder) throws IOException {
    Path directory = Files.createDirectories(root.path(folder));
    Packages.run(List.of("tar", "-C", directory.toString(), "-xf", tarball.toString()), SOON);
    try (Stream<Path> unpacked = Files.list(directory)) {
      return folder + "/" + unpacked.findAny().orElseThrow().getFileName();
    }
  }

  /** Starts a coordinator and the balancer, asks a query, and returns where a class was from. */
  private String classOfARunThatServes(BareRoot root, String program, String javaHome)
      throws Exception {
    int first = FreePort.next();
    try (ChildProcess coordinators =
        root.start(
            Map.of("JAVA_HOME", javaHome),
            program + "/impala-balancer",
            "simulate",
            "--coordinators",
            "1",
            "--base-port",
            "" + first)) {
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
          opened.keep(
              root.start(
                  Map.of(
                      "JAVA_HOME",
                      javaHome,
                      "IMPALA_BALANCER_JAVA_OPTS",
                      "-Xlog:class+load:file=" + CLASSES + "::filecount=0"),
                  program + "/impala-balancer",
                  "run",
                  "-c",
                  "/tmp/b.conf"));
      balancer.awaitLine("ready", line -> line.text().contains(" event=ready "), SOON);
      assertThat(answer()).isEqualTo("impala-1");
      balancer.signal("TERM");
      assertThat(balancer.awaitExit(SOON)).isZero();
    }
    return Files.readAllLines(root.path(CLASSES)).stream()
        .filter(line -> line.contains(" io.impalabalancer.core.Balancer "))
        .findAny()
        .orElseThrow();
  }

  private String answer() throws SQLException {
    try (JdbcDriver driver = new JdbcDriver();
        Connection connection = driver.connect("jdbc:hive2://127.0.0.1:" + port + "/;auth=noSasl");
        ResultSet rows = connection.createStatement().executeQuery("select coordinator()")) {
      rows.next();
      return rows.getString(1);
    }
  }
}
