package io.impalabalancer.cli;

import io.impalabalancer.simulator.Authentication;
import io.impalabalancer.simulator.ImpalaVersion;
import io.impalabalancer.simulator.Keytab;
import io.impalabalancer.simulator.Role;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatorOptions;
import io.impalabalancer.simulator.WebProtection;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--executors",
      paramLabel = "N",
      description = "How many executors beside them; they have only a web port.")
  private int executors = 0;

  @Option(names = "--host", paramLabel = "ADDRESS", description = "Where they listen.")
  private String host = "127.0.0.1";

  @Option(
      names = "--base-port",
      paramLabel = "PORT",
      description =
          "The first has its beeswax, hiveserver2, web and hiveserver2-http port at PORT, PORT + 1,"
              + " + 2 and + 3, the next one ten higher, and so on; 0 chooses free ports.")
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

  @Option(
      names = "--impala-version",
      paramLabel = "3.4|4.5",
      description = "Which Impala the web pages are like.")
  private String impalaVersion = "4.5";

  @Option(names = "--executor-too", description = "The coordinators are executors, too.")
  private boolean executorToo = false;

  @Option(
      names = "--auth",
      paramLabel = "any|nosasl|plain|gssapi:PRINCIPAL:KEYTAB",
      description =
          "How clients log in; plain takes any user and password, gssapi a Kerberos ticket.")
  private String auth = "any";

  @Option(
      names = "--web-auth",
      paramLabel = "none|basic:USER:PASSWORD|digest:USER:PASSWORD|spnego:PRINCIPAL:KEYTAB",
      description = "Who may read the web pages.")
  private String webAuth = "none";

  @Option(
      names = "--web-keystore",
      paramLabel = "FILE:PASSWORD",
      description = "Makes the web ports speak TLS, with the key in that PKCS12 file.")
  private @Nullable String webKeystore;

  @Option(
      names = "--statestore-update-frequency",
      paramLabel = "MS",
      description = "How often the others learn of a change of the catalog.")
  private int statestoreUpdateFrequency = 2000;

  @Option(
      names = "--catalog-load",
      paramLabel = "MS",
      description = "How long a process that starts waits for the catalog.")
  private int catalogLoad = 0;

  @Option(
      names = "--shutdown-grace-period",
      paramLabel = "S",
      description = "How long a shutdown goes on at least.")
  private int shutdownGracePeriod = 120;

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
                .executors(executors)
                .version(Choices.version(impalaVersion))
                .role(executorToo ? Role.COORDINATOR_AND_EXECUTOR : Role.COORDINATOR)
                .authentication(Choices.authentication(auth))
                .keytab(Choices.keytab(auth))
                .webProtection(Choices.webProtection(webAuth))
                .webTls(Choices.webTls(webKeystore))
                .statestoreUpdateFrequency(Duration.ofMillis(statestoreUpdateFrequency))
                .catalogLoad(Duration.ofMillis(catalogLoad))
                .gracePeriod(Duration.ofSeconds(shutdownGracePeriod))
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

  /** Turns what was given into the simulator's types. */
  private static final class Choices {
    private Choices() {}

    static ImpalaVersion version(String impalaVersion) {
      return switch (impalaVersion) {
        case "3.4" -> ImpalaVersion.V3_4;
        case "4.5" -> ImpalaVersion.V4_5;
        default -> throw unexpected("--impala-version", impalaVersion, "3.4 or 4.5");
      };
    }

    static @Nullable Keytab keytab(String auth) {
      String[] parts = auth.split(":", 3);
      return parts[0].equals("gssapi") && parts.length == 3
          ? new Keytab(parts[1], Path.of(parts[2]))
          : null;
    }

    static Authentication authentication(String auth) {
      if (keytab(auth) != null) {
        return Authentication.GSSAPI;
      }
      return switch (auth) {
        case "any" -> Authentication.ANY;
        case "nosasl" -> Authentication.NOSASL;
        case "plain" -> Authentication.PLAIN;
        default ->
            throw unexpected("--auth", auth, "any, nosasl, plain or gssapi:PRINCIPAL:KEYTAB");
      };
    }

    static WebProtection webProtection(String webAuth) {
      String[] parts = webAuth.split(":", 3);
      String kind = parts.length == 3 || webAuth.equals("none") ? parts[0] : "";
      return switch (kind) {
        case "none" -> new WebProtection.None();
        case "basic" -> new WebProtection.Basic(parts[1], parts[2]);
        case "digest" -> new WebProtection.Digest(parts[1], parts[2]);
        case "spnego" -> new WebProtection.Spnego(parts[1], Path.of(parts[2]));
        default ->
            throw unexpected(
                "--web-auth",
                webAuth,
                "none, basic:USER:PASSWORD, digest:USER:PASSWORD or spnego:PRINCIPAL:KEYTAB");
      };
    }

    static @Nullable SSLContext webTls(@Nullable String given) throws IOException {
      if (given == null) {
        return null;
      }
      String[] parts = given.split(":", 2);
      if (parts.length < 2) {
        throw unexpected("--web-keystore", given, "FILE:PASSWORD");
      }
      char[] password = parts[1].toCharArray();
      try {
        KeyStore keys = KeyStore.getInstance(Path.of(parts[0]).toFile(), password);
        KeyManagerFactory factory =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, password);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(factory.getKeyManagers(), null, null);
        return tls;
      } catch (GeneralSecurityException e) {
        throw new IOException(parts[0] + " is no keystore of use: " + e.getMessage(), e);
      }
    }

    static IllegalArgumentException unexpected(String option, String given, String expected) {
      return new IllegalArgumentException(option + " is " + given + ", expected " + expected);
    }
  }
}
