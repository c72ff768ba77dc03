package io.impalabalancer.cli.runtime;

import static io.impalabalancer.cli.runtime.Commands.done;

import io.impalabalancer.cli.operation.Events.Event;
import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.RuntimeConfig.Level;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.SessionSnapshot;
import io.impalabalancer.metrics.HaproxyStats;
import io.impalabalancer.metrics.StatRow;
import io.impalabalancer.who.Whois;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The commands that show something, in HAProxy's form. */
final class ShowCommands {
  private static final int MOST_EVENTS = 200;

  /** HAProxy's numbers of check results ("srv_check_status" of a state file). */
  private static final List<String> CHECK_STATUS =
      List.of(
          "UNK", "INI", "CHECKED", "HANA", "", "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK",
          "L6TOUT", "L6RSP", "L7TOUT", "L7RSP", "L57DATA", "L7OK", "L7OKC", "L7STS");

  private final Target target;
  private final Balancer balancer;
  private final HaproxyStats stats;
  private final WhoCommands who;

  ShowCommands(Target target) {
    this.target = target;
    balancer = target.balancer();
    stats = target.stats();
    who = new WhoCommands(target, ShowCommands::line);
  }

  void addTo(Commands commands) {
    who.addTo(commands);
    commands.add(
        "show info",
        "show info [desc|json|typed|float]*",
        "report information about the running process",
        Level.USER,
        (w, c) -> showInfo(w));
    commands.add(
        "show stat",
        "show stat [desc|json|no-maint|typed|up]*",
        "report counters for each proxy and server",
        Level.USER,
        (w, c) -> showStat(w));
    commands.add(
        "show sess",
        "show sess [<id>|all]",
        "report the list of current sessions; of this exact one, or of all, also who is on it",
        Level.OPERATOR,
        (w, c) -> showSessions(w));
    commands.add(
        "show servers state",
        "show servers state [<backend>]",
        "dump volatile server information (all or for a single backend)",
        Level.USER,
        (w, c) -> showServers(w, true));
    commands.add(
        "show servers conn",
        "show servers conn [<backend>]",
        "dump server connections status (all or for a single backend)",
        Level.USER,
        (w, c) -> showServers(w, false));
    commands.add(
        "show backend",
        "list backends in the current running config",
        Level.USER,
        (w, c) ->
            done(
                balancer.listeners().stream()
                    .map(listener -> listener.name() + "\n")
                    .collect(Collectors.joining("", "# name\n", ""))));
    commands.add("show events", "show what happened last", Level.USER, (w, c) -> showEvents());
    commands.add(
        "show upgrade",
        "show what came of the last upgrade",
        Level.USER,
        (w, c) -> done(text(target.upgrades().last())));
    commands.add(
        "show choices",
        "show choices <frontend>",
        "show why clients were given their coordinators",
        Level.USER,
        (w, c) -> showChoices(w));
    commands.add(
        "show coordinators",
        "list coordinators: state, sessions and who set it",
        Level.USER,
        (w, c) -> showCoordinators());
  }

  private CompletionStage<String> showEvents() {
    List<Event> events = new ArrayList<>(target.events().newest(MOST_EVENTS));
    Collections.reverse(events);
    return done(events.stream().map(ShowCommands::line).collect(Collectors.joining()));
  }

  private static String line(Event event) {
    String of =
        Stream.of(event.coordinator(), event.subject())
            .filter(word -> !word.isEmpty())
            .collect(Collectors.joining("/"));
    return "%s %s %s %s%s (%s)\n"
        .formatted(
            Instant.ofEpochMilli(event.atMillis()),
            event.kind(),
            of.isEmpty() ? "-" : of,
            event.from().isEmpty() ? "" : event.from() + " -> ",
            event.to(),
            event.reason());
  }

  private static String text(Upgrades.Result upgrade) {
    return switch (upgrade.state()) {
      case NONE -> "none\n";
      case RUNNING -> "running, asked for by %s\n".formatted(upgrade.by());
      case FAILED -> "failed: %s\n".formatted(upgrade.reason());
      case DONE -> "done: process %d has taken over\n".formatted(upgrade.pid());
    };
  }

  private CompletionStage<String> showChoices(List<String> words) {
    Listener listener = words.isEmpty() ? null : target.listener(words.get(0));
    return done(listener == null ? "No such frontend.\n" : ChoiceLines.of(listener));
  }

  private CompletionStage<String> showInfo(List<String> words) {
    if (words.contains("typed")) {
      return done(stats.infoTyped());
    }
    return done(words.contains("json") ? stats.infoJson() : stats.infoText());
  }

  private CompletionStage<String> showStat(List<String> words) {
    Predicate<StatRow> which = row -> true;
    if (words.size() >= 3) {
      String proxy = words.get(0);
      boolean number = proxy.matches("-?\\d{1,9}");
      if (!number && target.listener(proxy) == null) {
        return done("No such proxy.\n");
      }
      int kinds = integer(words.get(1));
      int id = integer(words.get(2));
      which =
          row ->
              (proxy.equals("-1")
                      || (number
                          ? row.proxyId() == integer(proxy)
                          : row.value("pxname").equals(proxy)))
                  && (kinds & 1 << row.kind().number()) != 0
                  && (id == -1 || row.id() == id);
    }
    if (words.contains("up")) {
      which = which.and(row -> !row.value("status").startsWith("DOWN") && !inMaintenance(row));
    } else if (words.contains("no-maint")) {
      which = which.and(row -> !inMaintenance(row));
    }
    if (words.contains("typed")) {
      return done(stats.typed(which));
    }
    return done(words.contains("json") ? stats.json(which) : stats.csv(which));
  }

  private static boolean inMaintenance(StatRow row) {
    return row.value("status").equals("MAINT");
  }

  private static int integer(String text) {
    return text.matches("-?\\d{1,9}") ? Integer.parseInt(text) : 0;
  }

  /** Returns a session's number from what was typed, -1 if it is none. */
  static long sessionId(String text) {
    return text.matches("0x[0-9a-f]{1,15}") ? Long.parseLong(text.substring(2), 16) : -1;
  }

  private CompletionStage<String> showSessions(List<String> words) {
    String which = words.isEmpty() ? "" : words.get(0);
    long id = sessionId(which);
    return balancer
        .snapshot()
        .thenCompose(sessions -> {
          if (which.equals("all")) {
            return who.lines(sessions, Whois.LIST);
          }
          if (id >= 0) {
            return who.lines(
                sessions.stream().filter(session -> session.id() == id).toList(), Whois.ONCE);
          }
          return done(sessions.stream().map(each -> line(each, "")).collect(Collectors.joining()));
        })
        .thenApply(lines -> id >= 0 && lines.isEmpty() ? "Session not found.\n" : lines);
  }

  private static String line(SessionSnapshot session, String who) {
    Listener listener = session.listener();
    Coordinator coordinator = session.coordinator();
    boolean ipv6 = session.clientAddress().getAddress() instanceof Inet6Address;
    return ("0x%x: proto=%s src=%s fe=%s be=%s srv=%s age=%ds idle=%ds phase=%s in=%d out=%d"
            + " dst=%s local=%s%s%s\n")
        .formatted(
            session.id(),
            ipv6 ? "tcpv6" : "tcpv4",
            text(session.clientAddress()),
            listener.name(),
            listener.name(),
            coordinator == null ? "<none>" : listener.config().alias(coordinator.name()),
            session.age().toSeconds(),
            session.idle().toSeconds(),
            session.phase().name().toLowerCase(Locale.ROOT).replace('_', '-'),
            session.bytesToCoordinator(),
            session.bytesToClient(),
            text(session.listenerAddress()),
            text(session.localAddress()),
            session.termination() == null ? "" : " ending=" + session.termination().word(),
            who);
  }

  static String text(@Nullable InetSocketAddress address) {
    return address == null
        ? "<none>"
        : NetUtil.toAddressString(address.getAddress()) + ":" + address.getPort();
  }

  private CompletionStage<String> showServers(List<String> words, boolean state) {
    if (!words.isEmpty() && target.listener(words.get(0)) == null) {
      return done("Can't find backend.\n");
    }
    StringBuilder out = new StringBuilder(state ? STATE_HEADER : connectionsHeader());
    for (StatRow row : stats.rows()) {
      String proxy = row.value("pxname");
      if (row.kind() != StatRow.Kind.SERVER || (!words.isEmpty() && !words.get(0).equals(proxy))) {
        continue;
      }
      if (state) {
        // One that has left since the rows were made is passed over.
        target
            .member(proxy, row.value("svname"))
            .ifPresent(server -> appendState(row, server.member(), out));
      } else {
        appendConnections(row, out);
      }
    }
    return done(out.toString());
  }

  private static final String STATE_HEADER =
      """
      1
      # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\
       srv_iweight srv_time_since_last_change srv_check_status srv_check_result\
       srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id\
       srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr\
       srv_agent_port
      """;

  private void appendState(StatRow row, Member member, StringBuilder out) {
    Coordinator coordinator = member.coordinator();
    AdminState admin = coordinator.adminState();
    String check = row.value("check_status");
    boolean enabled = target.health().enabled(coordinator) && !check.isEmpty();
    out.append(
        Stream.of(
                row.proxyId(),
                row.value("pxname"),
                row.id(),
                row.value("svname"),
                host(row),
                coordinator.status() == Coordinator.Status.UP ? 2 : 0,
                admin == AdminState.MAINT ? 1 : admin == AdminState.DRAIN ? 8 : 0,
                member.weight(),
                member.configuredWeight(),
                row.value("lastchg"),
                Math.max(0, CHECK_STATUS.indexOf(check.isEmpty() ? "UNK" : check)),
                check.isEmpty() || check.equals("INI") ? 0 : check.endsWith("OK") ? 3 : 2,
                check.isEmpty() ? 0 : integer(row.value("check_health")),
                enabled ? 6 : 2,
                "0 0 0",
                name(coordinator),
                port(row),
                "- 0 0 - - 0\n")
            .map(String::valueOf)
            .collect(Collectors.joining(" ")));
  }

  private static String name(Coordinator coordinator) {
    String host = coordinator.config().host();
    return NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host) ? "-" : host;
  }

  private static String host(StatRow row) {
    String address = row.value("addr");
    return address.substring(0, address.lastIndexOf(':'));
  }

  private static String port(StatRow row) {
    String address = row.value("addr");
    return address.substring(address.lastIndexOf(':') + 1);
  }

  private String connectionsHeader() {
    return "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb"
        + " safe_nb idle_lim idle_cur idle_per_thr["
        + balancer.threads()
        + "]\n";
  }

  private void appendConnections(StatRow row, StringBuilder out) {
    out.append(
        "%s/%s %d/%d %s %s - 0 %s %s %s 0 0 0 0%s\n"
            .formatted(
                row.value("pxname"),
                row.value("svname"),
                row.proxyId(),
                row.id(),
                host(row),
                port(row),
                row.value("scur"),
                row.value("smax"),
                row.value("scur"),
                " 0".repeat(balancer.threads())));
  }

  private CompletionStage<String> showCoordinators() {
    StringBuilder out =
        new StringBuilder("# name host status admin sessions maxconn since reason\n");
    for (Coordinator c : balancer.coordinators()) {
      boolean up = c.status() == Coordinator.Status.UP;
      boolean ready = c.adminState() == AdminState.READY;
      out.append(
          "%s %s %s %s %d %s %d %s\n"
              .formatted(
                  c.name(),
                  c.config().host(),
                  c.status(),
                  c.adminState(),
                  c.sessions(),
                  c.maxconn() == 0 ? "none" : c.maxconn(),
                  (up && !ready ? c.adminAge() : c.statusAge()).toSeconds(),
                  up && !ready ? c.adminReason() : c.statusReason()));
    }
    return done(out.toString());
  }
}
