package io.impalabalancer.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code .ci/package} makes of the built program, once for all tests; or what the environment
 * variable {@code IMPALA_BALANCER_PACKAGES} names.
 */
final class Packages {
  private static final Path TOP = Path.of("..").toAbsolutePath().normalize();
  private static final Duration LIMIT = Duration.ofMinutes(10);

  private static @Nullable Path made; // guarded by the class

  private Packages() {}

  /** Returns the directory of the packages. */
  static synchronized Path directory() {
    if (made == null) {
      String given = System.getenv().getOrDefault("IMPALA_BALANCER_PACKAGES", "");
      Path target = given.isEmpty() ? TOP.resolve("target").resolve("release") : Path.of(given);
      if (given.isEmpty()) {
        Requirement.program("dpkg-deb", "dpkg");
        script("package", target.toString());
      }
      made = target;
    }
    return made;
  }

  /** Returns the package whose name ends so. */
  static Path file(String end) {
    try (Stream<Path> files = Files.list(directory())) {
      return files.filter(file -> file.toString().endsWith(end)).findAny().orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a script of the project's, and returns what it printed. */
  static String script(String name, String... arguments) {
    List<String> command =
        Stream.concat(Stream.of(TOP.resolve(".ci").resolve(name).toString()), Stream.of(arguments))
            .toList();
    return run(command, LIMIT);
  }

  /**
   * Runs a program to its end, and returns what it printed.
   *
   * @throws AssertionError if it ended with another status than 0
   */
  static String run(List<String> command, Duration timeout) {
    try (ChildProcess process =
        ChildProcess.start(
            command.get(0),
            ChildProcess.newDirectory("run"),
            Map.of("JAVA_HOME", System.getProperty("java.home")),
            command)) {
      int status = process.awaitExit(timeout);
      String output =
          String.join("\n", process.lines().stream().map(ChildProcess.Line::text).toList());
      if (status != 0) {
        throw new AssertionError(command + " ended with status " + status + ":\n" + output);
      }
      return output;
    }
  }
}
