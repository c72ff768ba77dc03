package io.impalabalancer.it;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A bare Debian of its own, on the network of this machine: what a host has that nothing was
 * installed on, no Java above all. {@link #boot} starts its systemd. {@link #close} deletes it.
 */
final class BareRoot implements AutoCloseable {
  private static final Path PRISTINE =
      Path.of("..", "target", "bare-root").toAbsolutePath().normalize();
  private static final Duration SOON = Duration.ofMinutes(2);

  private final Path root = ChildProcess.newDirectory("root");
  private final StringBuilder mounts = new StringBuilder("mount -t proc proc \"$0/proc\" && ");

  /** What a command begins with to be run in the booted machine; empty before. */
  private List<String> machine = List.of();

  private @Nullable ChildProcess nspawn;

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

  /** Shows a directory of this machine at the same place in the root, to programs started later. */
  void mount(Path directory) {
    try {
      Files.createDirectories(path(directory.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    mounts.append("mount --bind %1$s \"$0%1$s\" && ".formatted(directory));
  }

  /** Has its systemd run as the first process of a machine of its own, and waits until it is up. */
  void boot() {
    Path program = Requirement.program("systemd-nspawn", "systemd-container");
    ChildProcess started =
        ChildProcess.start(
            "systemd-nspawn",
            ChildProcess.newDirectory("machine"),
            Map.of(),
            List.of(
                program.toString(),
                "--boot",
                "--keep-unit",
                "--register=no",
                "--resolv-conf=off",
                "--timezone=off",
                "--console=pipe",
                "--directory=" + root));
    nspawn = started;
    long first =
        await()
            .atMost(SOON)
            .until(() -> child(started.pid()), Optional::isPresent)
            .orElseThrow()
            .pid();
    machine =
        List.of("nsenter", "--target=" + first, "--mount", "--uts", "--ipc", "--pid", "--cgroup");
    await("boot")
        .atMost(SOON)
        .ignoreExceptions()
        .until(() ->
            run("sh", "-c", "systemctl is-system-running || true").matches("running|degraded"));
  }

  private static Optional<ProcessHandle> child(long pid) {
    return ProcessHandle.of(pid).stream().flatMap(ProcessHandle::children).findAny();
  }

  /**
   * Returns where a path of the root is for this process; a booted one has its own /run and /tmp.
   */
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
    // In a mount namespace of its own, so that nothing stays mounted; the process keeps its id.
    List<String> chroot =
        List.of("unshare", "-m", "sh", "-c", mounts + "exec chroot \"$0\" \"$@\"", root.toString());
    return Stream.concat((machine.isEmpty() ? chroot : machine).stream(), Stream.of(command))
        .toList();
  }

  @Override
  public void close() {
    if (nspawn != null) {
      // The end of its first process is the end of all; it would outlive systemd-nspawn.
      child(nspawn.pid()).ifPresent(ProcessHandle::destroyForcibly);
      nspawn.close();
    }
    Packages.run(List.of("rm", "-rf", "--one-file-system", root.toString()), SOON);
  }
}
