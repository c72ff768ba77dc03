package io.impalabalancer.it;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a start keeps for later ones, beside {@code lib}: it is used if it fits, made if it is
 * missing, and passed over without a word if it does not fit.
 */
class StartIT {
  private static final Path BUILT =
      Path.of("..", "balancer-cli", "target", "impala-balancer").toAbsolutePath().normalize();
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String JAVA = System.getProperty("java.home");
  private static final String NOBODY = "65534";

  /** A directory that is there, and where nobody can write. */
  private static final String NO_TEMPORARY_FILES = "-Djava.io.tmpdir=/proc";

  @TempDir private Path directory;

  @RegisterExtension private final Opened opened = new Opened();
  private Path program;

  @BeforeEach
  void copyTheProgram() throws IOException {
    // A path with a space is no matter, but Java 17 uses no archive of classes from one.
    program = directory.resolve(Runtime.version().feature() < 25 ? "program" : "the program");
    try (Stream<Path> files = Files.walk(BUILT)) {
      for (Path file : files.filter(f -> !isKept(f)).toList()) {
        Path copy = program.resolve(BUILT.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy, COPY_ATTRIBUTES);
        }
      }
    }
  }

  @Test
  void aPreparedProgramLoadsItsClassesFromWhatWasKept() throws IOException {
    prepare();
    assertThat(kept()).hasSize(1);
    assertThat(sessionClassOfAQuietRun(JAVA)).contains("source: shared objects file");
  }

  @Test
  void theFirstRunPreparesLaterOnes() throws IOException {
    assertThat(sessionClassOfAQuietRun(JAVA)).contains("balancer-core");
    await().atMost(SOON).until(() -> kept().size() == 1 && Files.size(kept().get(0)) > 0);
    assertThat(sessionClassOfAQuietRun(JAVA)).contains("source: shared objects file");
  }

  @Test
  void aProgramThatCannotBeWrittenToRunsAsWell() throws IOException {
    for (Path path : List.of(directory, program)) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r-xr-xr-x"));
    }
    try {
      assertThat(sessionClassOfAQuietRun(JAVA)).contains("balancer-core");
      ChildProcess prepare = start(JAVA, "", "prepare");
      assertThat(prepare.awaitExit(SOON)).isEqualTo(4);
      assertThat(text(prepare)).contains(program + " is not writable");
      assertThat(kept()).isEmpty();
    } finally {
      for (Path path : List.of(directory, program)) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    }
  }

  @Test
  void whatWasKeptOfOtherJarsIsNotUsedAndMadeAnew() throws IOException {
    prepare();
    Path old = kept().get(0);
    try (Stream<Path> jars = Files.list(program.resolve("lib"))) {
      Path jar = jars.filter(f -> f.toString().contains("balancer-core")).findAny().orElseThrow();
      Files.setLastModifiedTime(jar, FileTime.from(Instant.now().plusSeconds(1)));
    }
    FileTime made = Files.getLastModifiedTime(old);
    assertThat(sessionClassOfAQuietRun(JAVA)).contains("balancer-core");
    await().atMost(SOON).until(() -> Files.getLastModifiedTime(old).compareTo(made) > 0);
    assertThat(sessionClassOfAQuietRun(JAVA)).contains("source: shared objects file");
  }

  @Test
  void aFileThatIsNothingOfTheKindIsNotUsed() throws IOException {
    Files.writeString(program.resolve(keptName(JAVA)), "nothing of the kind");
    assertThat(sessionClassOfAQuietRun(JAVA)).contains("balancer-core");
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_18, disabledReason = "the other Java is a 17")
  void eachJavaKeepsItsOwn() throws IOException {
    String other = System.getProperty("test.jdk17.home");
    Requirement.of(
        Optional.of(other).filter(home -> Files.isDirectory(Path.of(home))),
        "a JDK 17, given with -Dtest.jdk17.home=");
    prepare();
    // What another Java made under this one's name, as after a change of vendor.
    Files.copy(program.resolve(keptName(JAVA)), program.resolve(keptName(other)));
    assertThat(sessionClassOfAQuietRun(other)).contains("balancer-core");
  }

  private void prepare() {
    assertThat(start(JAVA, "", "prepare").awaitExit(SOON)).isZero();
  }

  /**
   * Runs the balancer until it is ready, sees that nothing but its own lines comes, and returns
   * where the JVM had one of its classes from.
   */
  private String sessionClassOfAQuietRun(String java) throws IOException {
    int port = FreePort.next();
    Path config =
        Files.writeString(
            Files.createTempFile("impala-balancer-start", ".conf"),
            """
            impala-balancer {
              coordinators = [
                { name = c1, host = "127.0.0.1", ports { tcp = 1 } }
                { name = c2, host = "127.0.0.2", ports { tcp = 1 } }
              ]
              listeners = [{ name = impala, bind = "127.0.0.1:%d", protocol = tcp }]
              check.type = none
              stats.bind = none
            }
            """
                .formatted(port));
    Path classes = Files.createTempFile("impala-balancer-start", ".log");
    try {
      for (Path path : List.of(config, classes)) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
      }
      ChildProcess balancer =
          start(
              java,
              NO_TEMPORARY_FILES + " -Xlog:class+load:file=" + classes + "::filecount=0",
              "run",
              "-c",
              config.toString());
      balancer.awaitLine("ready", line -> line.text().contains(" event=ready "), SOON);
      balancer.signal("TERM");
      assertThat(balancer.awaitExit(SOON)).isZero();
      assertThat(balancer.lines())
          .allSatisfy(line -> assertThat(line.text()).matches("\\d{4}-\\d\\d-\\S+ INFO  .*"))
          .anySatisfy(line -> assertThat(line.text()).contains(" wire=epoll "));
      return Files.readAllLines(classes).stream()
          .filter(line -> line.contains(" io.impalabalancer.core.Balancer "))
          .findAny()
          .orElseThrow();
    } finally {
      Files.delete(config);
      Files.delete(classes);
    }
  }

  /** Starts the launcher; as a user who may not write everywhere, if the program is read-only. */
  private ChildProcess start(String java, String options, String... arguments) {
    List<String> command = new ArrayList<>();
    if (isRoot() && !isWritable()) {
      command.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--clear-groups"));
    }
    command.add(program.resolve("impala-balancer").toString());
    command.addAll(List.of(arguments));
    return opened.keep(
        ChildProcess.start(
            "impala-balancer",
            ChildProcess.newDirectory("start-cwd"),
            Map.of("JAVA_HOME", java, "IMPALA_BALANCER_JAVA_OPTS", options),
            command));
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private boolean isWritable() {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(program)).contains("w");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.list(program)) {
      return files.filter(StartIT::isKept).toList();
    }
  }

  private static boolean isKept(Path file) {
    return file.getFileName().toString().matches("start-[0-9.]+\\.(aot|jsa)");
  }

  private static String keptName(String java) throws IOException {
    String version =
        Files.readAllLines(Path.of(java, "release")).stream()
            .filter(line -> line.startsWith("JAVA_VERSION="))
            .findAny()
            .orElseThrow()
            .replaceAll("[^0-9.]", "");
    boolean aot = Integer.parseInt(version.replaceAll("\\..*", "")) >= 25;
    return "start-" + version + (aot ? ".aot" : ".jsa");
  }

  private static String text(ChildProcess process) {
    return String.join("\n", process.lines().stream().map(ChildProcess.Line::text).toList());
  }
}
