package io.impalabalancer.it;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.impalabalancer.simulator.SimulatedCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The balancer as a user runs it: {@code ./impala-balancer run -c FILE}, on the JDK of the tests.
 */
final class BalancerProcess implements AutoCloseable {

  private static final Pattern READY = Pattern.compile("\\bevent=ready\\b");
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);

  private static final Duration UPGRADE_TIMEOUT = Duration.ofMinutes(2);
  private static final Pattern TOLD_SUCCESSOR =
      Pattern.compile("Process (\\d+), version \\S+, has taken over");
  private static final Pattern SUCCESSOR = Pattern.compile("event=upgrade result=ok .*pid=(\\d+)");

  private final List<ProcessHandle> successors = new ArrayList<>();
  private final ChildProcess process;
  private final Path file;
  private final int statsPort;
  private final HttpClient http = HttpClient.newHttpClient();

  private BalancerProcess(ChildProcess process, Path file, int statsPort) {
    this.process = process;
    this.file = file;
    this.statsPort = statsPort;
  }

  /**
   * Starts the balancer and waits for its {@code ready} line.
   *
   * @param config the text of its configuration file, without {@code stats}, which is added
   */
  static BalancerProcess start(String config) {
    return start(config, List.of());
  }

  /**
   * As {@link #start(String)}, the launcher run by another program.
   *
   * @param wrapper that program and its arguments, to which the launcher's command line is added
   */
  static BalancerProcess start(String config, List<String> wrapper) {
    return start(config, wrapper, FreePort.next());
  }

  /** As {@link #start(String, List)}, with that port of {@code stats}. */
  static BalancerProcess start(String config, List<String> wrapper, int statsPort) {
    Path directory = ChildProcess.newDirectory("balancer");
    Path file = directory.resolve("impala-balancer.conf");
    write(file, config, statsPort);
    ChildProcess process =
        ChildProcess.start(
            "balancer",
            directory,
            Map.of("JAVA_HOME", System.getProperty("java.home")),
            Stream.concat(wrapper.stream(), Stream.of(launcher(), "run", "-c", file.toString()))
                .toList());
    try {
      process.awaitLine("ready", line -> READY.matcher(line.text()).find(), READY_TIMEOUT);
    } catch (AssertionError e) {
      process.close();
      throw e;
    }
    return new BalancerProcess(process, file, statsPort);
  }

  private static void write(Path file, String config, int statsPort) {
    try {
      // At once and whole: the balancer may read it just now.
      Path next = file.resolveSibling("next");
      Files.writeString(
          next, config + "\nimpala-balancer.stats.bind = \"127.0.0.1:" + statsPort + "\"\n");
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes another configuration, as {@link #start(String)} did the first. */
  void configure(String config) {
    write(file, config, statsPort);
  }

  /** Writes another configuration and sends SIGHUP; returns the line that says what came of it. */
  String reload(String config) {
    configure(config);
    long now = System.nanoTime();
    signal("HUP");
    return process
        .awaitLine(
            "what came of the reload",
            line -> line.nanos() - now > 0 && line.text().contains("event=reload result="),
            READY_TIMEOUT)
        .text();
  }

  /** Returns the process, for its lines, signals and exit status. */
  ChildProcess process() {
    return process;
  }

  /**
   * Waits for the log line that tells a coordinator's change to a status.
   *
   * @param status {@code UP} or {@code DOWN}
   * @param sinceNanos lines that came before are not looked at ({@link System#nanoTime})
   */
  ChildProcess.Line awaitStatus(
      String coordinator, String status, long sinceNanos, Duration timeout) {
    Pattern change =
        Pattern.compile("\\bcoordinator=" + coordinator + "\\b.*\\bto=" + status + "\\b");
    return process.awaitLine(
        coordinator + " is " + status,
        line -> line.nanos() - sinceNanos > 0 && change.matcher(line.text()).find(),
        timeout);
  }

  /**
   * Scrapes {@code /metrics} and returns the samples by what stands before the value, as in {@code
   * name{label="value",other="value"}}.
   */
  Map<String, Double> metrics() {
    HttpResponse<String> page = get("/metrics");
    if (page.statusCode() != 200) {
      throw new AssertionError("/metrics answered " + page.statusCode() + ": " + page.body());
    }
    Map<String, Double> samples = new LinkedHashMap<>();
    page.body()
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .forEach(line -> {
          int space = line.lastIndexOf(' ');
          samples.put(
              line.substring(0, space),
              Double.valueOf(line.substring(space + 1).replace("Inf", "Infinity")));
        });
    return samples;
  }

  /**
   * Scrapes and returns the sum of a metric's samples that have all these labels.
   *
   * @param labels each written {@code label="value"}
   * @throws AssertionError if there is no such sample
   */
  double metric(String name, String... labels) {
    Map<String, Double> samples = metrics();
    return samples.entrySet().stream()
        .filter(sample -> {
          String key = sample.getKey();
          return (key.equals(name) || key.startsWith(name + "{"))
              && Arrays.stream(labels).allMatch(key::contains);
        })
        .mapToDouble(Map.Entry::getValue)
        .reduce(Double::sum)
        .orElseThrow(() ->
            new AssertionError(
                "no sample of " + name + Arrays.toString(labels) + " in " + samples.keySet()));
  }

  /** Returns the names of the coordinators that are UP and not leaving. */
  Set<String> serving() {
    Set<String> names = new TreeSet<>();
    for (JsonElement each :
        JsonParser.parseString(get("/api/v1/coordinators").body())
            .getAsJsonObject()
            .getAsJsonArray("coordinators")) {
      JsonObject coordinator = each.getAsJsonObject();
      boolean up = coordinator.getAsJsonObject("status").get("value").getAsString().equals("up");
      if (up && !coordinator.get("leaving").getAsBoolean()) {
        names.add(coordinator.get("name").getAsString());
      }
    }
    return names;
  }

  /** Returns the address of a page of the stats address. */
  String url(String path) {
    return "http://127.0.0.1:" + statsPort + path;
  }

  /** Gets a page of the stats address. */
  HttpResponse<String> get(String path) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(url(path))).timeout(Duration.ofSeconds(10)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /**
   * Has the balancer upgrade itself, and returns the line that says what came of it. From then on
   * the successor, if there is one, is the main process.
   */
  String upgrade() {
    long now = System.nanoTime();
    signal("USR2");
    String result =
        process
            .awaitLine(
                "what came of the upgrade",
                line -> line.nanos() - now > 0 && line.text().contains("event=upgrade result="),
                UPGRADE_TIMEOUT)
            .text();
    follow(SUCCESSOR.matcher(result));
    return result;
  }

  private void follow(Matcher successor) {
    if (successor.find()) {
      successors.add(ProcessHandle.of(Long.parseLong(successor.group(1))).orElseThrow());
    }
  }

  /** What a command gave: its exit status, and all that it wrote. */
  record Output(int status, String text) {}

  /**
   * Runs {@code impala-balancer ctl}. A successor that it tells of is the main process from then
   * on.
   */
  Output ctl(String... arguments) {
    List<String> command = new ArrayList<>(List.of("ctl"));
    command.addAll(List.of(arguments));
    Output output = program(command);
    follow(TOLD_SUCCESSOR.matcher(output.text()));
    return output;
  }

  /** Runs a command of {@code impala-balancer} until it ends by itself. */
  static Output program(List<String> arguments) {
    try (ChildProcess process = launch(arguments)) {
      int status = process.awaitExit(UPGRADE_TIMEOUT);
      String text =
          process.lines().stream().map(ChildProcess.Line::text).collect(Collectors.joining("\n"));
      return new Output(status, text);
    }
  }

  /** Starts a command of {@code impala-balancer}, on the JDK of the tests. */
  static ChildProcess launch(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(launcher()));
    command.addAll(arguments);
    return ChildProcess.start(
        "impala-balancer",
        ChildProcess.newDirectory("program"),
        Map.of("JAVA_HOME", System.getProperty("java.home")),
        command);
  }

  /** Declares simulated coordinators, by their ports for HiveServer2 and pages. */
  static String declare(SimulatedCluster cluster) {
    return "coordinator-defaults.ports { beeswax = none, hiveserver2-http = none }\n"
        + cluster.coordinators().stream()
            .map(each ->
                "{ name = %s, host = 127.0.0.1, ports { hiveserver2 = %d, web = %d } }"
                    .formatted(each.name(), each.hiveserver2Port(), each.webPort()))
            .collect(Collectors.joining("\n", "coordinators = [\n", "\n]"));
  }

  private static String launcher() {
    return Path.of("..", "impala-balancer").toAbsolutePath().normalize().toString();
  }

  /** Returns the id of the main process. */
  long mainPid() {
    return successors.isEmpty() ? process.pid() : successors.get(successors.size() - 1).pid();
  }

  /** Sends a signal to the main process. */
  void signal(String name) {
    ChildProcess.signal(name, mainPid());
  }

  @Override
  public void close() {
    // They write to the same output, whose end is waited for.
    successors.forEach(ProcessHandle::destroyForcibly);
    process.close();
  }
}
