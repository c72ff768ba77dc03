package io.impalabalancer.cli;

import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.LoadedConfig;
import io.impalabalancer.config.Problem;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code check}: judges a configuration and says everything that is wrong with it. */
@Command(
    name = "check",
    description = "Judges a configuration; names every problem at once.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class CheckCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path file;

  @Option(
      names = "--here",
      description =
          "Also warns of what is wrong on this machine: names, ports, descriptors; and says which"
              + " coordinators are found.")
  private boolean here;

  @Option(names = "--print", description = "Prints every value in force, with where it comes from.")
  private boolean print;

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    LoadedConfig loaded;
    try {
      loaded = ConfigLoader.load(file);
    } catch (ConfigException e) {
      ProblemList.errors(err, e.problems());
      return ExitStatus.CONFIGURATION;
    }
    FoundNow found = FoundNow.NOBODY;
    List<Problem> warnings = new ArrayList<>(loaded.warnings());
    if (here) {
      warnings.addAll(Machine.warnings(loaded.config()));
      LogSetup.setLevel("error");
      found = FoundNow.of(loaded.config());
      warnings.addAll(found.problems());
    }
    ProblemList.warnings(err, warnings);
    if (print) {
      out.println(loaded.effective());
    } else {
      found.lines().forEach(out::println);
      out.println("configuration is valid");
    }
    return ExitStatus.OK;
  }
}
