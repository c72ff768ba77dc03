package io.impalabalancer.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Phase;
import io.impalabalancer.core.Termination;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The JSON line of a session says what its tcplog line says. */
class JsonFormatTest {
  private static final Balancer BALANCER =
      TestBalancer.withJdbc("aliases { c2 = symbolic_name_2 }");

  private final Listener jdbc = BALANCER.listeners().get(0);

  @AfterAll
  static void close() {
    BALANCER.close();
  }

  private static Map<String, Object> json(FakeSession session) {
    StringBuilder line = new StringBuilder();
    new JsonFormat().append(session, line);
    assertThat(line.toString()).doesNotContain("\n");
    return ConfigFactory.parseString(
            line.toString(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON))
        .root()
        .unwrapped();
  }

  private void assertSaysTheSame(FakeSession session) {
    StringBuilder line = new StringBuilder();
    new TcplogFormat(ZoneOffset.UTC).append(session, line);
    Matcher tcplog =
        Pattern.compile(
                "(.*):(\\d+) \\[(.*)] (\\S+) \\S+/(\\S+) (\\S+)/(\\S+)/\\+?(\\S+) \\+?(\\d+) (..)"
                    + " (\\d+)/(\\d+)/(\\d+)/(\\d+)/(\\+?)(\\d+) 0/(\\d+) (\\S+)")
            .matcher(line);
    assertThat(tcplog.matches()).as(line.toString()).isTrue();
    Map<String, Object> json = json(session);
    String accepted =
        DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss.SSS", Locale.US)
            .format(Instant.parse(text(json, "accepted")).atOffset(ZoneOffset.UTC));
    String alias = text(json, "alias");
    String said =
        sameForm(
            text(json, "client"),
            text(json, "client_port"),
            accepted,
            text(json, "listener"),
            alias.equals("null") ? "<NOSRV>" : alias,
            millis(json, "queue_ms"),
            millis(json, "connect_ms"),
            millis(json, "duration_ms"),
            text(json, "bytes_to_client"),
            text(json, "letters"),
            text(json, "balancer_sessions"),
            text(json, "listener_sessions"),
            text(json, "assigned_sessions"),
            text(json, "coordinator_sessions"),
            text(json, "redispatched").equals("true") ? "+" : "",
            text(json, "retries"),
            text(json, "queue_place"),
            text(json, "termination"));
    Object[] groups = new Object[tcplog.groupCount()];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = tcplog.group(i + 1);
    }
    assertThat(said).isEqualTo(sameForm(groups));
  }

  private static String sameForm(Object... fields) {
    return "%s:%s [%s] %s %s %s/%s/%s %s %s %s/%s/%s/%s/%s%s %s %s".formatted(fields);
  }

  private static String text(Map<String, Object> json, String field) {
    assertThat(json).containsKey(field);
    return String.valueOf(json.get(field));
  }

  private static String millis(Map<String, Object> json, String field) {
    String text = text(json, field);
    return text.equals("null") ? "-1" : text;
  }

  @Test
  void everySessionSaysTheSameInBothForms() {
    FakeSession completed = new FakeSession(jdbc, BALANCER.coordinators().get(1));
    completed.balancerSessions = 4;
    completed.listenerSessions = 3;
    completed.assignedSessions = 2;
    completed.coordinatorSessions = 1;
    completed.retries = 2;
    completed.redispatched = true;
    completed.queueNanos = FakeSession.millis(7);
    completed.queuePosition = 5;
    completed.client = new InetSocketAddress("2001:db8::5", 7);
    assertSaysTheSame(completed);

    FakeSession alive = new FakeSession(jdbc, BALANCER.coordinators().get(0));
    alive.termination = null;
    assertSaysTheSame(alive);

    for (Termination each : Termination.values()) {
      assertSaysTheSame(FakeSession.withoutCoordinator(jdbc, each, Phase.FIRST_BYTES));
    }
  }

  @Test
  void theFieldsAreThoseThatAreDocumented() throws IOException {
    String document = Files.readString(Path.of("..", "docs", "log.md"));
    assertThat(json(new FakeSession(jdbc, null)).keySet())
        .allSatisfy(field -> assertThat(document).contains("| `" + field + "` |"));
  }

  @Test
  void whatTcplogDoesNotHaveIsThere() {
    FakeSession session = new FakeSession(jdbc, BALANCER.coordinators().get(1));
    assertThat(json(session))
        .containsEntry("coordinator", "c2")
        .containsEntry("alias", "symbolic_name_2")
        .containsEntry("bytes_to_coordinator", 10)
        .containsEntry("phase", "data");
  }
}
