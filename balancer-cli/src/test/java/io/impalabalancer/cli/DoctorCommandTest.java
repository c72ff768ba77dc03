package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.impalabalancer.simulator.Authentication;
import io.impalabalancer.simulator.Lie;
import io.impalabalancer.simulator.SimulatedCluster;
import io.impalabalancer.simulator.SimulatedCoordinator;
import io.impalabalancer.simulator.SimulatorOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One thing after the other is broken in a simulated cluster: it is named, and nothing else is. */
class DoctorCommandTest {
  private static final int WARNINGS = 5;
  private static final int ERRORS = 6;

  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private SimulatedCluster cluster;
  private String listener = "";
  private String coordinator = "";
  private String timeout = "60";

  @BeforeEach
  void startCluster() throws IOException {
    cluster = SimulatedCluster.start(options().coordinators(3).build());
  }

  @AfterEach
  void stopCluster() {
    cluster.close();
  }

  private static SimulatorOptions.Builder options() {
    return SimulatorOptions.builder().authentication(Authentication.NOSASL);
  }

  private SimulatedCoordinator second() {
    return cluster.coordinator(2);
  }

  @Test
  void ofAHealthyClusterNothingIsSaid() throws IOException {
    assertThat(doctor()).isEmpty();
    assertThat(run()).isEqualTo(ExitStatus.OK);
    assertThat(out.toString()).isEqualTo("nothing is wrong\n");
    assertThat(err.toString()).isEqualTo("looking at 3 coordinators\n");
  }

  @Test
  void aDeadCoordinatorIsNamedOnce() throws IOException {
    second().die();
    assertFinds("error coordinator impala-2: cannot be reached on any port");
  }

  @Test
  void anExecutorIsNamed() throws IOException {
    second().say("/", "is_coordinator", "false");
    assertFinds("error coordinator impala-2: is an executor");
  }

  @Test
  void aCoordinatorThatExecutesTooIsNamed() throws IOException {
    second().say("/", "is_executor", "true");
    assertFinds("warning coordinator impala-2: executes queries beside coordinating them");
  }

  @Test
  void aShutdownIsNamed() throws IOException {
    second().quiesce();
    assertFinds("warning coordinator impala-2: is shutting down");
  }

  @Test
  void closedClientPortsAreNamed() throws IOException {
    second().refuse();
    assertFinds(
        "error coordinator impala-2: hiveserver2 port "
            + second().hiveserver2Port()
            + " is closed");
  }

  @Test
  void aPortWhoseThreadsAreTakenIsNamed() throws IOException {
    timeout = "5";
    second().stall(false);
    assertFinds(
        "error coordinator impala-2: hiveserver2 port "
            + second().hiveserver2Port()
            + " takes connections, but says nothing within 5000 ms");
  }

  @Test
  void anotherVersionIsNamed() throws IOException {
    second().say("/", "version", "\"impalad version 3.4.0-RELEASE\"");
    assertFinds("warning coordinators: run different versions");
  }

  @Test
  void aCatalogThatStaysBehindIsNamed() throws IOException {
    second().say("/jsonmetrics", "catalog.curr-version", "1");
    cluster.coordinator(1).say("/jsonmetrics", "catalog.curr-version", "7");
    cluster.coordinator(3).say("/jsonmetrics", "catalog.curr-version", "7");
    assertFinds("warning coordinator impala-2: its catalog stays at version 1");
  }

  @Test
  void anotherCatalogServiceIsNamed() throws IOException {
    second().say("/jsonmetrics", "catalog.curr-serviceid", "\"0:1\"");
    assertFinds("error coordinators: follow different catalog services");
  }

  @Test
  void aLostStatestoreIsNamed() throws IOException {
    second().say("/jsonmetrics", "statestore-subscriber.connected", "false");
    assertFinds("error coordinator impala-2: has lost the statestore");
  }

  @Test
  void oneImpaladUnderTwoNamesIsNamed() throws IOException {
    second().say("/jsonmetrics", "statestore-subscriber.registration-id", "\"1:1\"");
    cluster.coordinator(1).say("/jsonmetrics", "statestore-subscriber.registration-id", "\"1:1\"");
    assertFinds("error coordinators: impala-1 and impala-2 are one impalad");
  }

  @Test
  void pagesThatCannotBeReadAreNamed() throws IOException {
    second().lie("/", Lie.HTML);
    assertFinds("warning coordinator impala-2: its web pages cannot be read");
  }

  @Test
  void moreClientsThanThreadsAreNamed() throws IOException {
    coordinator = "maxconn = 65";
    assertThat(doctor())
        .hasSize(3)
        .allSatisfy(found -> assertThat(found).contains(": its maxconn is 65, but"));
  }

  @Test
  void aTimeoutThatCutsLongQueriesIsNamed() throws IOException {
    listener = "timeouts { client = 50s }";
    assertFinds("warning listener jdbc: timeouts.client is 50 s");
  }

  @Test
  void otherLoginsAreNamed() throws IOException {
    try (SimulatedCluster other =
        SimulatedCluster.start(
            options().coordinators(1).authentication(Authentication.PLAIN).build())) {
      List<SimulatedCoordinator> mixed =
          List.of(cluster.coordinator(1), second(), other.coordinator(1));
      assertThat(doctor(mixed))
          .anySatisfy(found ->
              assertThat(found)
                  .startsWith("error listener jdbc: its coordinators take different logins: "));
    }
  }

  @Test
  void aHostThatDoesNotResolveIsNamed() throws IOException {
    Path file = write(cluster.coordinators());
    Files.writeString(
        file,
        Files.readString(file)
            .replaceFirst(
                "name = impala-2, host = \"127.0.0.1\"", "name = impala-2, host = \"no.invalid\""));
    assertThat(findings(file))
        .containsExactly("error coordinator impala-2: its host no.invalid does not resolve here");
  }

  @Test
  void coordinatorsThatNobodyDeclaresAreFoundAndLookedAt() throws IOException {
    second().quiesce();
    assertThat(findings(write(discovering(cluster.coordinator(1).webPort()))))
        .singleElement()
        .asString()
        .startsWith("warning coordinator impala-2:" + second().webPort() + ": is shutting down");
    int closed = cluster.coordinator(1).webPort();
    cluster.close();
    assertThat(findings(write(discovering(closed))))
        .singleElement()
        .asString()
        .startsWith("error discover: ")
        .contains("127.0.0.1:" + closed, "there is no coordinator");
  }

  private static String discovering(int webPort) {
    return """
    impala-balancer {
      discover.seeds = ["http://127.0.0.1:%d"]
      listeners = [{ name = jdbc, bind = "127.0.0.1:21051", protocol = hiveserver2 }]
      stats.bind = none
    }
    """
        .formatted(webPort);
  }

  @Test
  void aConfigurationThatIsRefusedIsSaidSo() throws IOException {
    listener = "balance = fair";
    assertThat(run()).isEqualTo(ExitStatus.CONFIGURATION);
    assertThat(err.toString()).contains("fair");
  }

  @Test
  void theStatusTellsOfTheWorst() throws IOException {
    second().quiesce();
    assertThat(run()).isEqualTo(WARNINGS);
    assertThat(out.toString())
        .startsWith("WARNING coordinator impala-2: is shutting down (")
        .endsWith("0 errors, 1 warning\n");
    second().say("/", "is_coordinator", "false");
    assertThat(run()).isEqualTo(ERRORS);
  }

  /** One thing is found, and nothing else. */
  private void assertFinds(String start) throws IOException {
    assertThat(doctor()).hasSize(1).allSatisfy(found -> assertThat(found).startsWith(start));
  }

  private List<String> doctor() throws IOException {
    return doctor(cluster.coordinators());
  }

  private List<String> doctor(List<SimulatedCoordinator> coordinators) throws IOException {
    return findings(write(coordinators));
  }

  private List<String> findings(Path file) {
    int status =
        Main.run(
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            "doctor",
            "--json",
            "--timeout",
            timeout,
            "--client-name",
            "localhost",
            "-c",
            file.toString());
    assertThat(out.toString()).as(err.toString()).startsWith("[");
    JsonArray array = JsonParser.parseString(out.toString()).getAsJsonArray();
    List<String> findings = new ArrayList<>();
    for (JsonElement element : array) {
      JsonObject finding = element.getAsJsonObject();
      assertThat(finding.get("change").getAsString()).isNotEmpty();
      String found = finding.get("found").getAsString();
      findings.add(
          finding.get("severity").getAsString()
              + " "
              + finding.get("subject").getAsString()
              + ": "
              + found);
    }
    assertThat(status == ExitStatus.OK).isEqualTo(array.isEmpty());
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return findings;
  }

  private int run() throws IOException {
    return Main.run(
        new PrintWriter(out, true),
        new PrintWriter(err, true),
        "doctor",
        "--timeout",
        timeout,
        "--client-name",
        "localhost",
        "-c",
        write(cluster.coordinators()).toString());
  }

  private Path write(List<SimulatedCoordinator> coordinators) throws IOException {
    StringBuilder list = new StringBuilder();
    int number = 1;
    for (SimulatedCoordinator each : coordinators) {
      list.append(
          "{ name = impala-%d, host = \"%s\", %s ports { beeswax = none, hiveserver2-http = none, hiveserver2 = %d, web = %d } }\n"
              .formatted(
                  number++,
                  each.host(),
                  coordinator.isEmpty() ? "" : coordinator + ",",
                  each.hiveserver2Port(),
                  each.webPort()));
    }
    String text =
        """
        impala-balancer {
          coordinators = [ %s ]
          listeners = [
            { name = jdbc, bind = "127.0.0.1:21051", protocol = hiveserver2, %s }
          ]
          stats.bind = none
        }
        """
            .formatted(list, listener);
    return write(text);
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("b.conf"), text);
  }
}
