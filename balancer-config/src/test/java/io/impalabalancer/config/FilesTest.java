package io.impalabalancer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files, and what they include. */
class FilesTest {
  private static final String LISTENERS =
      "impala-balancer.listeners = [{ name = l, bind = \"127.0.0.1:0\", protocol = beeswax }]\n";

  @TempDir private Path dir;

  @Test
  void aFileThatIsNotThereIsNamed() {
    Path file = dir.resolve("none.conf");

    assertThat(problems(file)).containsExactly(file + ": no such file");
  }

  @Test
  void aDirectoryIsNoConfiguration() {
    assertThat(problems(dir))
        .containsExactly(dir + ": cannot be read: a directory, expected a file");
  }

  @Test
  void aFileThatCannotBeReadIsNamedWithTheReason() throws IOException {
    Path loop = Files.createSymbolicLink(dir.resolve("loop.conf"), Path.of("loop.conf"));

    assertThat(problems(loop))
        .singleElement()
        .asString()
        .startsWith(loop + ": cannot be read: Too many levels of symbolic links");
    assertThat(Hocon.reason(new AccessDeniedException("file")))
        .isEqualTo("cannot be read: permission denied");
  }

  @Test
  void aFileIncludesOthersBesideIt() throws Exception {
    Files.createDirectories(dir.resolve("sites"));
    write("sites/coordinators.conf", "impala-balancer.coordinators = [coord-1, coord-2]\n");
    Path file =
        write(
            "main.conf",
            "include \"sites/coordinators.conf\"\ninclude \"not-there.conf\"\n" + LISTENERS);

    assertThat(ConfigLoader.load(file).config().coordinators())
        .extracting(CoordinatorConfig::name)
        .containsExactly("coord-1", "coord-2");
  }

  @Test
  void aProblemInAnIncludedFileIsNamedThere() throws IOException {
    Path included = write("coordinators.conf", "\nimpala-balancer.coordinators = [\"a b\"]\n");
    Path file = write("main.conf", "include \"coordinators.conf\"\n" + LISTENERS);

    assertThat(problems(file))
        .containsExactly(
            included
                + ":2: coordinators[#1]: found \"a b\", expected a host name or an IPv4 or IPv6"
                + " address");
  }

  @Test
  void aRequiredIncludeThatIsMissingIsNamed() throws IOException {
    Path file = write("main.conf", LISTENERS + "include required(\"none.conf\")\n");

    assertThat(problems(file))
        .containsExactly(file + ":2: the included file \"none.conf\" is missing or cannot be read");
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  private static List<String> problems(Path file) {
    ConfigException refusal =
        catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(file));
    assertThat(refusal).as("the file is refused").isNotNull();
    return refusal.problems().stream().map(Problem::toString).toList();
  }
}
