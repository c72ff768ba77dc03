package io.impalabalancer.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;

/**
 * The image of {@code docker/Dockerfile}, made of the packages on {@code local/glibc}, once for all
 * tests. Beside it is {@code local/debian}, for other containers.
 */
final class Image {
  static final String NAME = "impala-balancer:it";
  private static final Path DOCKERFILE =
      Path.of("..", "docker", "Dockerfile").toAbsolutePath().normalize();

  private static boolean made; // guarded by the class

  private Image() {}

  static synchronized void make() {
    Requirement.of(
        Optional.of("").filter(any -> DockerClientFactory.instance().isDockerAvailable()),
        "a Docker engine, named by DOCKER_HOST if it is not the usual one");
    Requirement.program("docker", "docker.io");
    if (!made) {
      Packages.script("bare-root", BareRoot.pristine().toString(), "-i");
      build(
          NAME,
          DOCKERFILE,
          Packages.directory(),
          "--build-arg",
          "BUILD=local/debian",
          "--build-arg",
          "BASE=local/glibc");
      made = true;
    }
  }

  static void build(String name, Path dockerfile, Path context, String... options) {
    List<String> command =
        new ArrayList<>(List.of("docker", "build", "-q", "-t", name, "-f", dockerfile.toString()));
    command.addAll(List.of(options));
    command.add(context.toString());
    Packages.run(command, Duration.ofMinutes(5));
  }
}
