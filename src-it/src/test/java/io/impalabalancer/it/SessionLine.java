package io.impalabalancer.it;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of the session log: HAProxy's {@code tcplog}, see "TCP log format" in its manual, and the
 * balancer's word for the end behind it.
 *
 * @param client address and port of the client
 * @param server the coordinator's alias; {@code <NOSRV>} if none was chosen
 * @param queueMillis waited for a place; -1 if it never got so far, as in the two that follow
 * @param connectMillis taken to connect
 * @param totalMillis from accept to end
 * @param bytes from the coordinator to the client
 * @param letters how it ended
 * @param retries connection attempts after the first; a plus before it, which says that another
 *     server was tried, is not kept
 * @param word the termination; empty in a line of HAProxy
 */
record SessionLine(
    String client,
    String listener,
    String server,
    long queueMillis,
    long connectMillis,
    long totalMillis,
    long bytes,
    String letters,
    int retries,
    String word) {

  private static final Pattern FORMAT =
      Pattern.compile(
          "(\\S+:\\d+) \\[[^\\]]+\\] (\\S+) [^/ ]+/(\\S+) (-?\\d+)/(-?\\d+)/(\\d+) (\\d+) (\\S\\S)"
              + " \\d+/\\d+/\\d+/\\d+/\\+?(\\d+) \\d+/\\d+(?: (\\S+))?$");

  /** Returns the session lines among these, in their order. */
  static List<SessionLine> among(List<ChildProcess.Line> lines) {
    return lines.stream().flatMap(line -> parse(line.text()).stream()).toList();
  }

  private static Optional<SessionLine> parse(String text) {
    Matcher line = FORMAT.matcher(text);
    if (!line.find()) {
      return Optional.empty();
    }
    return Optional.of(
        new SessionLine(
            line.group(1),
            line.group(2),
            line.group(3),
            Long.parseLong(line.group(4)),
            Long.parseLong(line.group(5)),
            Long.parseLong(line.group(6)),
            Long.parseLong(line.group(7)),
            line.group(8),
            Integer.parseInt(line.group(9)),
            Objects.requireNonNullElse(line.group(10), "")));
  }
}
