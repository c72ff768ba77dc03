package io.impalabalancer.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A bare Debian of its own, on the network of this machine: what a host has that nothing was
 * installed on, no Java above all. {@link #close} deletes it.
 */
final class BareRoot implements AutoCloseable {
  private static final Path PRISTINE =
      Path.of("..", "target", "bare-root").toAbsolutePath().normalize();
  private static final Duration SOON = Duration.ofMinutes(1);

  /** In a mount namespace of its own, so that nothing stays mounted; the process keeps its id. */
  private static final List<String> ENTER =
      List.of(
          "unshare",
          "-m",
          "sh",
          "-c",
          "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" \"$@\"");

  private final Path root = ChildProcess.newDirectory("root");

  BareRoot() {
    pristine();
    Packages.run(List.of("cp", "-a", PRISTINE + "/.", root.toString()), SOON);
  }

  /** Returns the root that others are copied from, made if it is missing. */
  static Path pristine() {
    Requirement.of(
        Optional.of("").filter(any -> "root".equals(System.getProperty("user.name"))),
        "the rights of root, to make a bare Debian");
    Requirement.program("debootstrap", "debootstrap");
    Packages.script("bare-root", PRISTINE.toString());
    return PRISTINE;
  }

  /** Returns where a path of the root is for this process. */
  Path path(String inside) {
    return Path.of(root + inside);
  }

  /** Runs a program in the root to its end, and returns what it printed. */
  String run(String... command) {
    return Packages.run(inside(command), SOON);
  }

  /** Starts a program in the root. */
  ChildProcess start(Map<String, String> environment, String... command) {
    return ChildProcess.start(
        "bare-root", ChildProcess.newDirectory("root-cwd"), environment, inside(command));
  }

  private List<String> inside(String... command) {
    return Stream.of(ENTER.stream(), Stream.of(root.toString()), Stream.of(command))
        .flatMap(words -> words)
        .toList();
  }

  @Override
  public void close() {
    Packages.run(List.of("rm", "-rf", "--one-file-system", root.toString()), SOON);
  }
}
