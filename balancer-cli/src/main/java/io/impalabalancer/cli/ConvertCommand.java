package io.impalabalancer.cli;

import io.impalabalancer.cli.convert.Conversion;
import io.impalabalancer.cli.web.PasswordHash;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code convert}: makes a configuration of HAProxy's, and says what became of each line. */
@Command(
    name = "convert",
    description = {
      "Makes a configuration of HAProxy's, and lists what became of each line.",
      "The lists go to standard error; nothing is written that check would refuse."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ConvertCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "HAPROXY.CFG",
      arity = "1..*",
      description = "HAProxy's files in their order, as after its -f; of a directory its *.cfg.")
  private List<Path> files;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where the configuration goes. Default: standard output.")
  private @Nullable Path output;

  @Option(names = "--force", description = "Overwrites FILE.")
  private boolean force;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    Path target = output;
    if (target != null && !force && Files.exists(target)) {
      throw exists(target);
    }
    List<Conversion.Source> sources = new ArrayList<>();
    for (Path file : files) {
      try {
        read(file, sources);
      } catch (IOException e) {
        err.println("impala-balancer: cannot read " + e.getMessage());
        return ExitStatus.CONFIGURATION;
      }
    }
    Conversion conversion = Conversion.of(sources, System.getenv(), ConvertCommand::hash);
    conversion.print(err);
    if (!conversion.errors().isEmpty()) {
      ProblemList.errors(err, conversion.errors());
      err.println("nothing was written");
      return ExitStatus.CONFIGURATION;
    }
    if (target == null) {
      spec.commandLine().getOut().print(conversion.result());
      spec.commandLine().getOut().flush();
      return ExitStatus.OK;
    }
    OpenOption[] options =
        force
            ? new OpenOption[] {
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE
            }
            : new OpenOption[] {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};
    try {
      Files.writeString(target, conversion.result(), options);
    } catch (FileAlreadyExistsException e) {
      throw exists(target);
    } catch (IOException e) {
      err.println("impala-balancer: cannot write " + e.getMessage());
      return ExitStatus.INTERNAL;
    }
    err.println("written to " + target);
    return ExitStatus.OK;
  }

  private static String hash(String password) {
    return PasswordHash.of(password.getBytes(StandardCharsets.UTF_8));
  }

  private ParameterException exists(Path target) {
    return new ParameterException(
        spec.commandLine(), target + " exists; --force overwrites it, and -o names another");
  }

  private static void read(Path file, List<Conversion.Source> sources) throws IOException {
    if (!Files.isDirectory(file)) {
      // A comment may be in any encoding: what is no UTF-8 is replaced, not refused.
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      sources.add(new Conversion.Source(file.toString(), text));
      return;
    }
    try (Stream<Path> entries = Files.list(file)) {
      for (Path each : entries.filter(ConvertCommand::isConfiguration).sorted().toList()) {
        read(each, sources);
      }
    }
  }

  private static boolean isConfiguration(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".cfg") && !name.startsWith(".") && Files.isRegularFile(file);
  }
}
