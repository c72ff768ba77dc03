package io.impalabalancer.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Phase;
import io.impalabalancer.core.Termination;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TcplogFormatTest {

  /** HAProxy's manual, "TCP log format", and our word after it. */
  private static final Pattern TCPLOG =
      Pattern.compile(
          "(?<client>[0-9a-f.:]+):(?<port>\\d+)"
              + " \\[(?<date>\\d{2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2}\\.\\d{3})]"
              + " (?<frontend>\\S+) (?<backend>[^/ ]+)/(?<server>\\S+)"
              + " (?<tw>-?\\d+)/(?<tc>-?\\d+)/(?<tt>\\d+) (?<bytes>\\d+) (?<letters>\\S\\S)"
              + " (?<actconn>\\d+)/(?<feconn>\\d+)/(?<beconn>\\d+)/(?<srvconn>\\d+)"
              + "/(?<retries>\\+?\\d+) (?<srvqueue>\\d+)/(?<backendqueue>\\d+)"
              + " (?<word>[a-z-]+)");

  private static final Pattern WORD_ROW =
      Pattern.compile("(?m)^\\| `([a-z-]+)` \\| ((?:`..`(?:, )?)+) \\|");

  private static final Balancer BALANCER =
      TestBalancer.withJdbc("aliases { c2 = symbolic_name_2 }");

  private final Listener jdbc = BALANCER.listeners().get(0);
  private final Coordinator c1 = BALANCER.coordinators().get(0);
  private final Coordinator c2 = BALANCER.coordinators().get(1);

  @AfterAll
  static void close() {
    BALANCER.close();
  }

  @Test
  void aSessionThatBothSidesEnded() {
    FakeSession session = new FakeSession(jdbc, c1);
    session.balancerSessions = 4;
    session.listenerSessions = 3;
    session.assignedSessions = 2;
    session.coordinatorSessions = 1;

    assertThat(line(session))
        .isEqualTo(
            "10.1.2.3:50001 [15/Jan/2027:08:00:00.123] jdbc jdbc/c1 0/1/250 3000 --"
                + " 4/3/2/1/0 0/0 completed");
  }

  @Test
  void aSessionThatLivesIsMarkedInItsNumbersAndItsWord() {
    FakeSession session = new FakeSession(jdbc, c1);
    session.termination = null;
    assertThat(line(session))
        .isEqualTo(
            "10.1.2.3:50001 [15/Jan/2027:08:00:00.123] jdbc jdbc/c1 0/1/+250 +3000 --"
                + " 1/1/0/0/0 0/0 alive");
  }

  @Test
  void theCoordinatorIsNamedByItsAliasAndARedispatchHasAPlus() {
    FakeSession session = new FakeSession(jdbc, c2);
    session.retries = 2;
    session.redispatched = true;

    assertThat(line(session))
        .isEqualTo(
            "10.1.2.3:50001 [15/Jan/2027:08:00:00.123] jdbc jdbc/symbolic_name_2 0/1/250 3000 --"
                + " 1/1/0/0/+2 0/0 completed");
  }

  @Test
  void aSessionWithoutACoordinatorSaysSoAndWhatItNeverReachedIsMinusOne() {
    FakeSession session =
        FakeSession.withoutCoordinator(jdbc, Termination.NONE_USABLE, Phase.CONNECT);
    session.durationNanos = 999_999;

    assertThat(line(session))
        .isEqualTo(
            "10.1.2.3:50001 [15/Jan/2027:08:00:00.123] jdbc jdbc/<NOSRV> -1/-1/0 0 SC"
                + " 1/1/0/0/0 0/0 none-usable");
  }

  @Test
  void aSessionThatGaveUpInTheQueueTellsItsWaitAndItsPlaceCountedFromOne() {
    FakeSession session =
        FakeSession.withoutCoordinator(jdbc, Termination.QUEUE_TIMEOUT, Phase.QUEUE);
    session.queueNanos = FakeSession.millis(30_000);
    session.durationNanos = FakeSession.millis(30_001);
    session.queuePosition = 0;

    assertThat(line(session)).contains(" 30000/-1/30001 0 sQ ").endsWith(" 0/1 queue-timeout");
  }

  @Test
  void aConnectThatFailedNamesTheLastCoordinatorTried() {
    FakeSession session = new FakeSession(jdbc, c1);
    session.termination = Termination.CONNECT_FAILED;
    session.phase = Phase.CONNECT;
    session.connectNanos = -1;
    session.bytesToClient = 0;
    session.retries = 3;

    assertThat(line(session)).contains(" jdbc/c1 0/-1/250 0 SC 1/1/0/0/3 0/0 connect-failed");
  }

  @Test
  void addressesOfIpv6AreShortAndWithoutBrackets() {
    FakeSession session = new FakeSession(jdbc, c1);
    session.client = new InetSocketAddress("2001:db8:0:0:0:0:0:5", 40000);
    assertThat(line(session)).startsWith("2001:db8::5:40000 [");

    session.client = new InetSocketAddress("fe80::1:0:0:2", 40001);
    assertThat(line(session)).startsWith("fe80::1:0:0:2:40001 [");

    session.client = new InetSocketAddress("::ffff:10.0.0.1", 40002);
    assertThat(line(session)).startsWith("10.0.0.1:40002 [");
  }

  @Test
  void datesAreOfTheZoneWithEnglishMonthsWhateverTheLocale() {
    FakeSession session = new FakeSession(jdbc, c1);
    StringBuilder months = new StringBuilder();
    for (int month = 1; month <= 12; month++) {
      ZonedDateTime date = ZonedDateTime.of(2026, month, 2, 3, 4, 5, 6_000_000, ZoneOffset.UTC);
      session.acceptedMillis = date.toInstant().toEpochMilli();
      String line = line(session);
      assertThat(line).contains("/2026:03:04:05.006] ");
      months.append(line, line.indexOf('/') + 1, line.indexOf('/') + 4).append(' ');
    }
    assertThat(months).hasToString("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ");

    StringBuilder summer = new StringBuilder();
    session.acceptedMillis = 1_782_000_000_000L;
    new TcplogFormat(ZoneId.of("Europe/Berlin")).append(session, summer);
    assertThat(summer).contains("[21/Jun/2026:02:00:00.000]");
  }

  @Test
  void everyEndingIsALineThatParsersOfTcplogUnderstand() {
    FakeSession session = new FakeSession(jdbc, c2);
    for (Termination termination : Termination.values()) {
      for (Phase phase : Phase.values()) {
        session.termination = termination;
        session.phase = phase;
        Matcher line = matched(line(session));
        assertThat(line.group("letters")).isEqualTo(termination.letters(phase));
        assertThat(line.group("word")).isEqualTo(termination.word());
      }
    }
  }

  /** Takes a line apart, which must be one. */
  static Matcher matched(String line) {
    Matcher matcher = TCPLOG.matcher(line);
    assertThat(matcher.matches()).as(line).isTrue();
    return matcher;
  }

  @Test
  void theManualListsEveryWordWithItsLetters() throws IOException {
    String manual = Files.readString(Path.of("../docs/log.md"));
    Map<String, String> documented = new TreeMap<>();
    WORD_ROW.matcher(manual).results().forEach(row -> documented.put(row.group(1), row.group(2)));

    Map<String, String> words = new TreeMap<>();
    for (Termination termination : Termination.values()) {
      words.put(termination.word(), letters(termination));
    }
    assertThat(documented.keySet()).isEqualTo(words.keySet());
    documented.forEach(
        (word, letters) -> assertThat(words.get(word)).as(word).contains(letters.split(", ")));
  }

  private static String letters(Termination termination) {
    StringBuilder letters = new StringBuilder();
    for (Phase phase : Phase.values()) {
      letters.append('`').append(termination.letters(phase)).append("` ");
    }
    return letters.toString();
  }

  private static String line(FakeSession session) {
    StringBuilder out = new StringBuilder();
    new TcplogFormat(ZoneOffset.UTC).append(session, out);
    return out.toString();
  }
}
