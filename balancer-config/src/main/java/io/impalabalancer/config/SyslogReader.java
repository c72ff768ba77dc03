package io.impalabalancer.config;

import io.impalabalancer.config.SyslogConfig.Transport;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code log.syslog}. */
final class SyslogReader {
  private static final String EXPECTED_ADDRESS =
      "\"udp://host:port\", \"tcp://host:port\" or \"unix:/path\"";
  private static final Pattern NETWORK =
      Pattern.compile("(udp|tcp)://([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+]):([1-9]\\d{0,4})");
  private static final Pattern UNIX = Pattern.compile("unix:(/.+)");

  /** HAProxy's words, in the order of syslog's numbers. */
  private static final List<String> FACILITIES =
      List.of(
          "kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, auth2, ftp, ntp, audit,"
              .concat(
                  " alert, cron2, local0, local1, local2, local3, local4, local5, local6, local7")
              .split(", ", -1));

  /** HAProxy's words, in the order of syslog's numbers. */
  private static final List<String> SEVERITIES =
      List.of("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug");

  private SyslogReader() {}

  static SyslogConfig read(Section section) {
    Transport transport = Transport.UNIX;
    String host = "";
    int port = 0;
    Value address = section.get("address");
    String text = address.text(EXPECTED_ADDRESS);
    Matcher network = NETWORK.matcher(text == null ? "" : text);
    Matcher unix = UNIX.matcher(text == null ? "" : text);
    if (network.matches() && Integer.parseInt(network.group(3)) <= 65535) {
      transport = network.group(1).equals("udp") ? Transport.UDP : Transport.TCP;
      host = network.group(2).replaceAll("[\\[\\]]", "");
      port = Integer.parseInt(network.group(3));
    } else if (unix.matches()) {
      host = unix.group(1);
    } else if (text != null) {
      address.unexpected(EXPECTED_ADDRESS);
    }
    Value hostname = section.get("hostname");
    String name = hostname.is("auto") ? "" : hostname.name();
    String tag = section.get("tag").name();
    return new SyslogConfig(
        transport,
        host,
        port,
        section
            .get("format")
            .word(SyslogConfig.Format.values(), f -> f.name().toLowerCase(Locale.ROOT)),
        index(FACILITIES, section.get("facility")),
        index(SEVERITIES, section.get("severity")),
        name == null ? "" : name,
        tag == null ? "" : tag);
  }

  private static int index(List<String> words, Value value) {
    return words.indexOf(value.word(words.toArray(String[]::new), Function.identity()));
  }
}
