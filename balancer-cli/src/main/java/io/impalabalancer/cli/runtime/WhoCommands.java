package io.impalabalancer.cli.runtime;

import static io.impalabalancer.cli.runtime.Commands.done;

import io.impalabalancer.config.RuntimeConfig.Level;
import io.impalabalancer.core.SessionSnapshot;
import io.impalabalancer.health.page.SessionsPage.ImpalaSession;
import io.impalabalancer.who.Who;
import io.impalabalancer.who.Whois;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The commands that say who is on sessions. */
final class WhoCommands {
  private static final String EXPECTED =
      "Expected a port, or address:port, of a client or of the balancer's end of a coordinator"
          + " connection.\n";

  private final Target target;

  /** Prints a session, and behind it what is given. */
  private final BiFunction<SessionSnapshot, String, String> line;

  WhoCommands(Target target, BiFunction<SessionSnapshot, String, String> line) {
    this.target = target;
    this.line = line;
  }

  void addTo(Commands commands) {
    commands.add(
        "who",
        "who [<address>:]<port>",
        "say who is on the sessions of a client's port, or of the balancer's at a coordinator",
        Level.OPERATOR,
        (words, client) -> who(words));
  }

  private CompletionStage<String> who(List<String> words) {
    String text = words.isEmpty() ? "" : words.get(0);
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon).replaceAll("[\\[\\]]", "");
    String port = text.substring(colon + 1);
    if (!port.matches("\\d{1,5}") || words.size() > 1) {
      return done(EXPECTED);
    }
    int number = Integer.parseInt(port);
    return target
        .balancer()
        .snapshot()
        .thenCompose(sessions ->
            lines(
                sessions.stream()
                    .filter(each ->
                        is(each.clientAddress(), host, number)
                            || is(each.localAddress(), host, number))
                    .toList(),
                Whois.ONCE))
        .thenApply(lines -> lines.isEmpty() ? "No such session.\n" : lines);
  }

  private static boolean is(@Nullable InetSocketAddress address, String host, int port) {
    return address != null
        && address.getPort() == port
        && (host.isEmpty() || NetUtil.toAddressString(address.getAddress()).equals(host));
  }

  /** Returns a line for each session with who is on it, and what went wrong behind them. */
  CompletionStage<String> lines(List<SessionSnapshot> sessions, Duration mostAge) {
    return target
        .whois()
        .of(sessions, mostAge, Whois.LONG)
        .thenApply(answer ->
            sessions.stream()
                    .map(each -> line.apply(each, text(answer.sessions().get(each.id()))))
                    .collect(Collectors.joining())
                + answer.problems().entrySet().stream()
                    .sorted(java.util.Map.Entry.comparingByKey())
                    .map(each -> "# %s: %s\n".formatted(each.getKey(), each.getValue()))
                    .collect(Collectors.joining()));
  }

  private static String text(@Nullable Who who) {
    return who == null
        ? " user=<unknown>"
        : " user=%s delegated=%s queries=%d sessions=%s"
            .formatted(
                word(who.user()),
                word(who.delegatedUser()),
                who.queries(),
                word(
                    who.sessions().stream()
                        .map(ImpalaSession::id)
                        .collect(Collectors.joining(","))));
  }

  /** Returns a text as one word, for a name of LDAP may have blanks. */
  private static String word(String text) {
    return text.isEmpty() ? "<none>" : text.replaceAll("[\\s\\p{Cntrl}]", "_");
  }
}
