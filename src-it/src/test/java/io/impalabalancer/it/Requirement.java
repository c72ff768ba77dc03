package io.impalabalancer.it;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/** Something that a test needs and a machine may not have. */
final class Requirement {

  private Requirement() {}

  /**
   * Returns what was found, or skips the running test and says so on standard error.
   *
   * @param what is needed and how to provide it, in the words of a user
   * @throws TestAbortedException if it was not found
   * @throws AssertionError instead, if the environment variable {@code IMPALA_BALANCER_REQUIRE_ALL}
   *     is {@code true}
   */
  static <T> T of(Optional<T> found, String what) {
    if (found.isEmpty()) {
      if ("true".equals(System.getenv("IMPALA_BALANCER_REQUIRE_ALL"))) {
        throw new AssertionError("missing: " + what);
      }
      System.err.println("SKIPPED, missing: " + what);
      throw new TestAbortedException("missing: " + what);
    }
    return found.get();
  }

  /**
   * Returns a program of the search path, or skips the running test as {@link #of}.
   *
   * @param debianPackage that has it
   */
  static Path program(String name, String debianPackage) {
    Optional<Path> found =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .map(directory -> Path.of(directory, name))
            .filter(Files::isExecutable)
            .findFirst();
    return of(found, name + " (Debian's package " + debianPackage + ")");
  }
}
