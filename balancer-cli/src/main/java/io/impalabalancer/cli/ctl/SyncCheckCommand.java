package io.impalabalancer.cli.ctl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code ctl sync-check}: whether several balancers run the same configuration. */
@Command(
    name = "sync-check",
    description = "Whether several balancers run the same configuration, by their /metrics.",
    mixinStandardHelpOptions = true,
    footer = {"", "Exit status: 0 they do, 1 they do not, 2 wrong usage, 3 one does not answer."})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class SyncCheckCommand implements Callable<Integer> {
  private static final int TIMEOUT_MILLIS = 5000;

  private static final Pattern HASH =
      Pattern.compile("impala_balancer_config_info\\{[^}]*\\bhash=\"([^\"]*)\"");
  private static final Pattern VERSION =
      Pattern.compile("impala_balancer_build_info\\{[^}]*\\bversion=\"([^\"]*)\"");
  private static final Pattern REFUSED =
      Pattern.compile("(?m)^impala_balancer_last_reload_success 0");

  @Spec private CommandSpec spec;

  @ParentCommand private CtlCommand ctl;

  @Parameters(
      arity = "1..*",
      paramLabel = "HOST",
      description = "stats.bind of each: HOST, HOST:PORT or URL; the port is 25002 unless given.")
  private List<String> hosts;

  @Override
  public Integer call() {
    Table table = new Table("HOST", "CONFIG", "VERSION", "LAST RELOAD");
    Set<String> hashes = new LinkedHashSet<>();
    boolean allAnswer = true;
    PrintWriter err = spec.commandLine().getErr();
    for (String host : hosts) {
      try {
        String metrics = metrics(host);
        String hash = find(HASH, metrics);
        if (hash.isEmpty()) {
          throw new IOException(
              "what answers is no balancer: it has no impala_balancer_config_info");
        }
        hashes.add(hash);
        boolean refused = REFUSED.matcher(metrics).find();
        table.add(host, hash, find(VERSION, metrics), refused ? "refused" : "ok");
      } catch (IOException e) {
        allAnswer = false;
        table.add(host, "", "", "");
        err.println("impala-balancer: " + host + ": " + e.getMessage());
      }
    }
    ctl.show(table);
    if (hashes.size() > 1) {
      err.println("impala-balancer: they do not run the same configuration");
      return CtlCommand.REFUSED;
    }
    return allAnswer ? CtlCommand.DONE : CtlCommand.UNREACHABLE;
  }

  private static String find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  private static String metrics(String host) throws IOException {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(WebPort.base(host) + "/metrics").toURL().openConnection();
      connection.setConnectTimeout(TIMEOUT_MILLIS);
      connection.setReadTimeout(TIMEOUT_MILLIS);
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        throw new IOException(
            "/metrics answers with status "
                + status
                + (status == HttpURLConnection.HTTP_UNAUTHORIZED
                    ? ": it needs a login there; stats.open-metrics = true opens it"
                    : ""));
      }
      try (InputStream in = connection.getInputStream()) {
        return new String(in.readAllBytes(), UTF_8);
      }
    } catch (IllegalArgumentException | ClassCastException e) {
      throw new IOException("is no HOST, HOST:PORT or http address", e);
    }
  }
}
