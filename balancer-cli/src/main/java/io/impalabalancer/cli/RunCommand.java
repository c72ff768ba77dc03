package io.impalabalancer.cli;

import io.impalabalancer.cli.web.AdminServer;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.LoadedConfig;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Listener;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run}: the balancer, until a signal ends it. */
@Command(
    name = "run",
    description = "Runs the balancer until a signal ends it.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "SIGTERM, SIGINT  accept no more, give sessions shutdown.grace, end; again: at once",
      "SIGUSR1          accept no more, end when the last session has ended",
      "SIGUSR2          hand over to a new process of the installed program, then as SIGUSR1",
      "SIGHUP           go over to what the configuration says now; reopen the session log"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class RunCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path file;

  @Override
  public Integer call() throws InterruptedException {
    return run(file, spec.commandLine().getErr());
  }

  /**
   * Runs the balancer and returns its exit status.
   *
   * @param err gets what is wrong with the configuration, or why it could not start
   */
  static int run(Path file, PrintWriter err) throws InterruptedException {
    ConfigWatch watch = new ConfigWatch(file);
    LoadedConfig loaded;
    try {
      loaded = ConfigLoader.load(file);
    } catch (ConfigException e) {
      ProblemList.errors(err, e.problems());
      return ExitStatus.CONFIGURATION;
    }
    LogSetup.setLevel(loaded.config().log().level());
    try {
      return run(file, loaded, watch);
    } catch (io.impalabalancer.core.BindException | java.net.BindException e) {
      return failed(err, e, ExitStatus.BIND);
    } catch (IOException e) {
      return failed(err, e, ExitStatus.INTERNAL);
    } finally {
      LogSetup.flush();
    }
  }

  private static int failed(PrintWriter err, IOException cause, int status) {
    LogSetup.flush();
    err.println("impala-balancer: " + cause.getMessage());
    return status;
  }

  private static int run(Path file, LoadedConfig loaded, ConfigWatch watch)
      throws IOException, InterruptedException {
    Logger log = LoggerFactory.getLogger(RunCommand.class);
    loaded
        .warnings()
        .forEach(warning ->
            log.warn(
                "event=config-warning place={} message=\"{}\"",
                warning.place(),
                warning.message()));
    Shutdown shutdown = new Shutdown();
    Signals.handle("TERM", () -> shutdown.order(Shutdown.Order.TERMINATE));
    Signals.handle("INT", () -> shutdown.order(Shutdown.Order.TERMINATE));
    Signals.handle("USR1", () -> shutdown.order(Shutdown.Order.SOFT_STOP));
    Signals.handle("HUP", () -> {});
    long pid = ProcessHandle.current().pid();
    try (Notify notify = Notify.of(System.getenv(), pid);
        Inheritance inheritance = Inheritance.take(System.getenv(), pid, loaded.config())) {
      BalancerServer server = new BalancerServer(loaded.config(), inheritance);
      Reloader reloader = new Reloader(file, loaded, server, notify);
      Upgrade upgrade =
          new Upgrade(
              successor(file), server, notify, () -> shutdown.order(Shutdown.Order.HANDED_OVER));
      server.start(inheritance, reloader, upgrade);
      Signals.handle(
          "HUP",
          () -> {
            server.reopenLog();
            reloader.signalled("SIGHUP");
          });
      // Java keeps SIGUSR2 for itself, unless it is told to take another: the launcher does.
      if (System.getenv("_JAVA_SR_SIGNUM") != null) {
        Signals.handle("USR2", () -> upgrade.begin("SIGUSR2"));
      }
      server.begin(notify);
      logReady(log, server);
      inheritance.ready();
      Upgrade.openJars();
      tellOfPredecessor(inheritance, server);
      watch.start(loaded.config().watch(), () -> reloader.reload("watch"), server::isEnding);
      shutdown.await(server, notify, inheritance);
    }
    return ExitStatus.OK;
  }

  /** Returns what starts a successor, empty if this process was not started by the launcher. */
  private static List<String> successor(Path file) {
    String launcher = System.getenv().getOrDefault(Upgrade.LAUNCHER, "");
    return launcher.isEmpty() ? List.of() : List.of(launcher, "run", "-c", file.toString());
  }

  private static void tellOfPredecessor(Inheritance inheritance, BalancerServer server) {
    KeptState state = inheritance.state();
    if (state != null) {
      String of = "from %s, asked for by %s".formatted(state.text("process"), state.text("by"));
      server.events().process("upgrade", "taken over", of);
    }
  }

  private static void logReady(Logger log, BalancerServer server) {
    Balancer balancer = server.balancer();
    InetSocketAddress stats = server.statsAddress();
    log.info(
        "event=ready listeners=\"{}\" stats={} wire={} coordinators={}/{} took={}ms",
        balancer.listeners().stream().map(RunCommand::addresses).collect(Collectors.joining(", ")),
        stats == null ? "none" : AdminServer.text(stats),
        balancer.wire(),
        server.coordinatorsUp(),
        balancer.coordinators().size(),
        Main.sinceStart().toMillis());
  }

  private static String addresses(Listener listener) {
    return listener.addresses().stream()
        .map(address -> listener.name() + " " + AdminServer.text(address))
        .collect(Collectors.joining(", "));
  }
}
