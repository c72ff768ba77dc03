package io.impalabalancer.cli.doctor;

import com.google.gson.stream.JsonWriter;
import io.impalabalancer.cli.operation.Count;
import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.Problem;
import io.impalabalancer.discovery.Discovery;
import io.impalabalancer.health.WebAccess;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code doctor}: looks at names, ports, logins, certificates and web pages of all coordinators as
 * they are now, and names what is wrong. It needs no running balancer and changes nothing.
 */
@Command(
    name = "doctor",
    description = {
      "Looks at the coordinators of a configuration and names what is wrong, the worst first, with"
          + " the Impala flag or the key to change.",
      "It connects to each client port at most six times and never logs in; a coordinator logs"
          + " those as failed setups."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Exit status: 0 nothing is wrong, 1 configuration refused, 2 wrong usage, 5 warnings,",
      "6 errors."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class DoctorCommand implements Callable<Integer> {
  private static final int HEALTHY = 0;
  private static final int CONFIGURATION = 1;
  private static final int WARNINGS = 5;
  private static final int ERRORS = 6;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path file;

  @Option(
      names = "--client-name",
      paramLabel = "NAME",
      description =
          "The name that clients dial, which certificates have to hold; by default this machine's.")
  private @Nullable String clientName;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "How long to wait for an answer, ${DEFAULT-VALUE} by default.")
  private int timeoutSeconds;

  @Option(names = "--json", description = "Prints JSON.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (timeoutSeconds < 1 || timeoutSeconds > 300) {
      throw new ParameterException(
          spec.commandLine(), "--timeout is " + timeoutSeconds + ", expected 1 to 300");
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    BalancerConfig declared;
    try {
      declared = ConfigLoader.load(file).config();
    } catch (ConfigException e) {
      for (Problem problem : e.problems()) {
        err.println(problem.place() + ": " + problem.message());
      }
      return CONFIGURATION;
    }
    Discovery.State found = Discovery.once(declared.discover(), declared.check().web());
    BalancerConfig config = declared.with(found.found());
    int coordinators = config.coordinators().size();
    if (!json) {
      err.println("looking at " + Count.of(coordinators, "coordinator"));
    }
    Duration timeout = Duration.ofSeconds(timeoutSeconds);
    Examination seen;
    try (WebPages pages = new WebPages(WebAccess.of(config.check().web()), timeout)) {
      seen = Examination.of(config, dialled(), timeout, pages);
    }
    List<Finding> findings = Diagnosis.of(config, found.problems(), seen, Instant.now());
    if (json) {
      printJson(out, findings);
    } else {
      print(out, findings);
    }
    return findings.isEmpty() || findings.get(0).severity() == Severity.NOTE
        ? HEALTHY
        : findings.get(0).severity() == Severity.WARNING ? WARNINGS : ERRORS;
  }

  private String dialled() {
    if (clientName != null) {
      return clientName;
    }
    try {
      return InetAddress.getLocalHost().getCanonicalHostName();
    } catch (UnknownHostException e) {
      throw new ParameterException(
          spec.commandLine(),
          "this machine's own name does not resolve: give the name that clients dial by"
              + " --client-name",
          e);
    }
  }

  private void print(PrintWriter out, List<Finding> findings) {
    for (Finding finding : findings) {
      String word = finding.severity().word().toUpperCase(Locale.ROOT);
      String colour =
          switch (finding.severity()) {
            case ERROR -> "red";
            case WARNING -> "yellow";
            case NOTE -> "cyan";
          };
      String painted =
          spec.commandLine()
              .getColorScheme()
              .ansi()
              .string("@|" + colour + " " + "%-8s".formatted(word) + "|@");
      out.println(painted + finding.subject() + ": " + finding.found());
      out.println(" ".repeat(8) + "change: " + finding.change());
    }
    if (findings.isEmpty()) {
      out.println("nothing is wrong");
    } else {
      long errors = count(findings, Severity.ERROR);
      long warnings = count(findings, Severity.WARNING);
      out.println(Count.of(errors, "error") + ", " + Count.of(warnings, "warning"));
    }
    out.flush();
  }

  private static long count(List<Finding> findings, Severity severity) {
    return findings.stream().filter(finding -> finding.severity() == severity).count();
  }

  private static void printJson(PrintWriter out, List<Finding> findings) throws IOException {
    // Not closed: it would close the output.
    JsonWriter writer = new JsonWriter(out);
    writer.setIndent("  ");
    writer.beginArray();
    for (Finding finding : findings) {
      writer.beginObject();
      writer.name("severity").value(finding.severity().word());
      writer.name("subject").value(finding.subject());
      writer.name("found").value(finding.found());
      writer.name("change").value(finding.change());
      writer.endObject();
    }
    writer.endArray();
    writer.flush();
    out.println();
    out.flush();
  }
}
