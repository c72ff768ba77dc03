package io.impalabalancer.cli.convert;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What single lines come to, by the words that a user reads. */
class ConversionTest {
  private static final String WHOLE =
      """
      global
        %s
      defaults
        mode tcp
        timeout client 12h
      listen jdbc
        bind *:21051
        %s
        server one 10.0.1.1:21050 check
        server two 10.0.1.2:21050 check %s
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          maxcon 5                 | haproxy.cfg:2  maxcon 5  -> unknown keyword "maxcon"; did you mean "maxconn"?
          nbthred 4                | did you mean "nbthread"?
          maxconn 12x              | haproxy.cfg:2: found "12x", expected a whole number from 1 to 10000000
          hard-stop-after soon     | haproxy.cfg:2: found "soon", expected a time such as 500ms, 30s, 5m or 1h
          tune.maxaccept 4         | haproxy.cfg:2  tune.maxaccept 4  -> the balancer chooses its buffers
          no memory-trimming       | unknown keyword "memory-trimming"
          log "127.0.0.1           | haproxy.cfg:2: found a quote " at column 7 that is not closed
          log "$X"                 | haproxy.cfg:2: the variable $X is not set
          log "${X"                | haproxy.cfg:2: found $ at column 8, expected $NAME
          log \\xzz                | haproxy.cfg:2: found \\xzz, expected \\x and two hex digits
          """)
  void aGlobalLineIsToldOf(String line, String expected) {
    assertThat(printed(line, "retries 1", "")).contains(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          balance leastcon         | balance leastcon looks into what is said; leastconn takes its place
          timeout clent 1h         | unknown keyword "clent"; did you mean "client"?
          timeout client 1hh       | haproxy.cfg:8: found "1hh", expected a time
          option tcplogg           | unknown keyword "tcplogg"; did you mean "tcplog"?
          option                   | unknown keyword ""
          mode health              | haproxy.cfg:8: found "health", expected tcp or http
          bind host.example.com:1  | haproxy.cfg:8: found "host.example.com", expected an address in numbers
          bind *:0                 | haproxy.cfg:8: found "*:0", expected a port from 1 to 65535
          bind 300.0.0.1:21052     | haproxy.cfg:8: found "300.0.0.1", expected an address in numbers
          bind *:21051             | haproxy.cfg:8: found 0.0.0.0:21051, which is taken at line 7
          bind *:21052 sl          | unknown keyword "sl"; did you mean "ssl"?
          bind /var/run/x.sock     | listeners have TCP addresses
          default_backend jdbcc    | haproxy.cfg:8: there is no backend "jdbcc"; did you mean "jdbc"?
          stick on hdr(host)       | clients are known by their address alone
          retries 500              | warning: found 500, the range is 0 to 100: 100
          timeout client 2000d     | warning: found "2000d", the most is 365d
          .if defined(X)           | haproxy.cfg:8: found ".if", and conditions are not evaluated
          """)
  void aLineOfAListenSectionIsToldOf(String line, String expected) {
    assertThat(printed("daemon", line, "")).contains(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          intr 2s                  | unknown keyword "intr"; did you mean "inter"?
          inter                    | haproxy.cfg:10: found "inter" at the end of the line, expected a value after it
          inter soon               | haproxy.cfg:10: found "soon", expected a time
          weight heavy             | haproxy.cfg:10: found "heavy", expected a whole number from 0 to 256
          on-error explode         | haproxy.cfg:10: found "explode", expected fastinter, fail-check
          observe layer7           | observe layer7: what is relayed is not looked into; layer4 is
          ssl verify none          | ssl: TLS is not begun here
          """)
  void anOptionOfAServerIsToldOf(String option, String expected) {
    assertThat(printed("daemon", "retries 1", option)).contains(expected);
  }

  @Test
  void aLineThatIsWrongLeavesNoResult() {
    Conversion conversion = Corpus.convert(WHOLE.formatted("maxconn x", "retries y", "weight z"));
    assertThat(conversion.result()).isEmpty();
    assertThat(conversion.errors()).hasSize(3);
  }

  @Test
  void aShortTimeoutIsToldWithWhatItDoesToLongQueries() {
    assertThat(printed("daemon", "timeout client 50s", ""))
        .contains("timeouts.client = 50s")
        .contains("waits for a long query is cut after 50s, and its query is lost");
  }

  @Test
  void aPasswordIsNeverPrinted() {
    String text =
        printed("daemon", "retries 1", "")
            + printed("stats auth a:sesame", "stats auth b:sesame", "")
            + Corpus.printed(
                Corpus.convert(
                    "userlist u\n user a insecure-password sesame\n user b password sesame\n"));
    assertThat(text).contains("stats auth a:***").doesNotContain("sesame");
  }

  @Test
  void aUserThatCannotBeCarriedOverDoesNotOpenThePage() {
    String page =
        "listen stats\n mode http\n bind *:25002\n stats enable\n stats auth a/b:sesame\n";
    Conversion conversion = Corpus.convert(WHOLE.formatted("daemon", "retries 1", "") + page);
    assertThat(conversion.errors()).isEmpty();
    assertThat(conversion.result()).contains("bind = none").doesNotContain("open = true");
  }

  @Test
  void namesOfOneHostInSeveralSectionsAreAliases() {
    String shell =
        "listen shell\n bind *:25003\n server one 10.0.1.2:21000\n server two 10.0.1.1:21000\n";
    Conversion conversion = Corpus.convert(WHOLE.formatted("daemon", "retries 1", "") + shell);
    assertThat(conversion.errors()).isEmpty();
    assertThat(conversion.result()).contains("\"10.0.1.1\" = one", "\"10.0.1.1\" = two");
  }

  private static String printed(String global, String listen, String option) {
    return Corpus.printed(Corpus.convert(WHOLE.formatted(global, listen, option)));
  }
}
