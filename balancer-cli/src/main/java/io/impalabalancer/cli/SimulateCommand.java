package io.impalabalancer.cli;

import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatorOptions;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code simulate}: simulated coordinators alone, until a signal ends them. The simulator's types
 * stay out of its signatures: the command line looks at those without the simulator, too.
 */
@Command(
    name = "simulate",
    description = "Runs simulated Impala coordinators until SIGTERM or SIGINT.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    versionProvider = Main.Version.class)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class SimulateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(names = "--coordinators", paramLabel = "N", description = "How many.")
  private int coordinators = 4;

  @Option(names = "--host", paramLabel = "ADDRESS", description = "Where they listen.")
  private String host = "127.0.0.1";

  @Option(
      names = "--base-port",
      paramLabel = "PORT",
      description =
          "The first has its beeswax, hiveserver2 and web port at PORT, PORT + 1 and PORT + 2, the"
              + " next one ten higher, and so on; 0 chooses free ports.")
  private int basePort = 0;

  @Option(
      names = "--fe-service-threads",
      paramLabel = "N",
      description = "Connections that one port of a coordinator serves at once.")
  private int feServiceThreads = 64;

  @Option(
      names = "--work-units",
      paramLabel = "N",
      description = "Queries of a coordinator that run at full speed at once; more share it.")
  private int workUnits = 4;

  @Option(
      names = "--max-queries",
      paramLabel = "N",
      description = "Queries that a coordinator has memory for at once; more fail.")
  private int maxQueries = 1000;

  @Override
  public Integer call() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    Signals.handle("TERM", ended::countDown);
    Signals.handle("INT", ended::countDown);
    LogSetup.setLevel("warn");
    try (SimulatedCluster cluster =
        SimulatedCluster.start(
            SimulatorOptions.builder()
                .coordinators(coordinators)
                .host(host)
                .basePort(basePort)
                .feServiceThreads(feServiceThreads)
                .workUnits(workUnits)
                .maxQueries(maxQueries)
                .build())) {
      spec.commandLine().getOut().println(cluster);
      spec.commandLine().getOut().flush();
      ended.await();
      return ExitStatus.OK;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      spec.commandLine().getErr().println("impala-balancer: " + e.getMessage());
      return ExitStatus.BIND;
    } finally {
      LogSetup.flush();
    }
  }
}
