package io.impalabalancer.cli;

import io.impalabalancer.cli.ctl.CtlCommand;
import io.impalabalancer.cli.doctor.DoctorCommand;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;

/** The program: reads the command line, runs the command, and ends with its {@link ExitStatus}. */
@Command(
    name = "impala-balancer",
    description = "One address in front of the coordinators of an Apache Impala cluster.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit status: 0 ended as asked, 1 configuration refused, 2 wrong usage,",
      "3 an address could not be bound, 4 internal.",
      "Later starts take half the time after: impala-balancer prepare",
      "Shell completion: source <(impala-balancer generate-completion)"
    })
public final class Main {

  private static final Map<String, Supplier<Object>> COMMANDS = commands();

  private Main() {}

  private static Map<String, Supplier<Object>> commands() {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("run", RunCommand::new);
    commands.put("check", CheckCommand::new);
    commands.put("convert", ConvertCommand::new);
    commands.put("doctor", DoctorCommand::new);
    commands.put("ctl", CtlCommand::new);
    commands.put("hash-password", HashPasswordCommand::new);
    commands.put("demo", DemoCommand::new);
    commands.put("simulate", SimulateCommand::new);
    return commands;
  }

  /** Runs the program and ends the process. */
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, arguments));
  }

  /** Runs the program and returns its exit status. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    // How a balancer is started nearly always: without picocli, which would take as long to look at
    // the command as the balancer takes to start.
    if (arguments.length == 3
        && arguments[0].equals("run")
        && (arguments[1].equals("-c") || arguments[1].equals("--config"))
        && !arguments[2].startsWith("-")) {
      try {
        return RunCommand.run(Path.of(arguments[2]), err);
      } catch (InterruptedException | RuntimeException e) {
        return internalError(e, err);
      }
    }
    // A command named first is the only one looked at: the others would lengthen each start.
    Supplier<Object> command = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
    CommandLine commandLine =
        command == null
            ? all()
            : new CommandLine(new Main()).addSubcommand(arguments[0], command.get());
    commandLine.setOut(out);
    commandLine.setErr(err);
    commandLine.setParameterExceptionHandler(Main::usageError);
    commandLine.setExecutionExceptionHandler(
        (error, line, parsed) -> internalError(error, line.getErr()));
    if (arguments.length == 0) {
      commandLine.usage(err);
      return ExitStatus.USAGE;
    }
    return commandLine.execute(arguments);
  }

  /** Returns the program with all its commands. */
  static CommandLine all() {
    CommandLine all = new CommandLine(new Main());
    COMMANDS.forEach((name, each) -> all.addSubcommand(name, each.get()));
    return all.addSubcommand(new GenerateCompletion());
  }

  /** Returns the version of the build. */
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** Returns how long ago the process became a JVM. */
  static Duration sinceStart() {
    return Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
  }

  private static int usageError(ParameterException error, String[] arguments) {
    CommandLine command = error.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("impala-balancer: " + error.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(error, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitStatus.USAGE;
  }

  private static int internalError(Exception error, PrintWriter err) {
    err.println("impala-balancer: internal error, please report it:");
    error.printStackTrace(err);
    return ExitStatus.INTERNAL;
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"impala-balancer " + version()};
    }
  }
}
