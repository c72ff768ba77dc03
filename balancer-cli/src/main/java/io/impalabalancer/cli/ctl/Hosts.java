package io.impalabalancer.cli.ctl;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that have a change made by several balancers, each over its web port. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class Hosts {
  private static final String PASSWORD = "IMPALA_BALANCER_PASSWORD";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--on",
      split = ",",
      paramLabel = "HOST[:PORT]",
      description =
          "The balancers that do it, each over its web port (port 25002 by default; https://HOST:PORT"
              + " for one behind TLS), instead of the one of --socket.")
  private List<String> hosts = List.of();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "NAME",
      description = "The user of their stats.users, with the role admin.")
  private @Nullable String user;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description =
          "Has the user's password in its first line. Without it, the environment variable "
              + PASSWORD
              + " has it.")
  private @Nullable Path passwordFile;

  /** Set when they are first asked for. */
  private @Nullable Map<String, WebPort> balancers;

  /** What is asked of each; returns what came of it. */
  interface Work {
    String on(WebPort balancer) throws IOException;
  }

  boolean given() {
    return !hosts.isEmpty();
  }

  /** Returns the balancers by the names that were given. */
  private Map<String, WebPort> balancers() {
    Map<String, WebPort> known = balancers;
    if (known == null) {
      if (user == null) {
        throw wrong("--on needs --user, expected a user of stats.users with the role admin");
      }
      String name = user;
      String password = password();
      Map<String, WebPort> made = new LinkedHashMap<>();
      hosts.forEach(host -> made.put(host, new WebPort(host, name, password)));
      known = made;
      balancers = made;
    }
    return known;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private String password() {
    if (passwordFile != null) {
      try {
        return Files.readString(passwordFile).lines().findFirst().orElse("");
      } catch (IOException e) {
        throw wrong("cannot read --password-file " + passwordFile + ": " + e.getMessage());
      }
    }
    String given = System.getenv(PASSWORD);
    if (given == null) {
      throw wrong("--on needs a password, expected --password-file FILE or " + PASSWORD);
    }
    return given;
  }

  /**
   * Asks each, also after one has failed, and says for each what came of it.
   *
   * @return the exit status: done by all, else refused by one, else one is unreachable
   * @throws ParameterException if user or password are missing
   */
  int each(Work work, PrintWriter out, PrintWriter err) {
    boolean refused = false;
    boolean unreachable = false;
    for (Map.Entry<String, WebPort> each : balancers().entrySet()) {
      try {
        out.println(each.getKey() + ": " + work.on(each.getValue()));
      } catch (WebPort.Refused e) {
        refused = true;
        err.println("impala-balancer: " + each.getKey() + ": " + e.getMessage());
      } catch (IOException | IllegalArgumentException e) {
        unreachable = true;
        err.println(
            "impala-balancer: %s: no balancer answers (%s); is this its stats.bind?"
                .formatted(each.getKey(), e.getMessage()));
      }
      out.flush();
    }
    return refused ? CtlCommand.REFUSED : unreachable ? CtlCommand.UNREACHABLE : CtlCommand.DONE;
  }

  /**
   * Returns the sessions of a coordinator on all of them; one that runs no more has none.
   *
   * @throws ControlSocket.Unreachable if one does not say
   */
  long sessions(String coordinator) {
    long sum = 0;
    for (Map.Entry<String, WebPort> each : balancers().entrySet()) {
      try {
        sum += each.getValue().sessions(coordinator);
      } catch (ConnectException gone) {
        // Its sessions are gone with it.
      } catch (IOException e) {
        throw new ControlSocket.Unreachable(
            each.getKey() + " does not say how many sessions are left: " + e.getMessage(), e);
      }
    }
    return sum;
  }
}
