package io.impalabalancer.cli.runtime;

import static io.impalabalancer.cli.runtime.Commands.done;

import io.impalabalancer.cli.operation.Count;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.cli.runtime.Target.Refused;
import io.impalabalancer.cli.runtime.Target.Server;
import io.impalabalancer.config.AdminState;
import io.impalabalancer.config.CheckKind;
import io.impalabalancer.config.RuntimeConfig.Level;
import io.impalabalancer.core.Balancer;
import io.impalabalancer.core.BindException;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Listener;
import io.impalabalancer.core.Member;
import io.impalabalancer.core.Termination;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The commands that change something. Their names, answers and errors are HAProxy's; those of
 * {@code coordinator} are this program's own, for {@code ctl}.
 */
final class SetCommands {
  private static final int MOST_CONNECTIONS = 10_000_000;
  private static final String NOTHING = "";

  private final Target target;
  private final Balancer balancer;

  SetCommands(Target target) {
    this.target = target;
    balancer = target.balancer();
  }

  void addTo(Commands commands) {
    String state = "change a server's state, weight or health";
    commands.add("set server", "set server <bk>/<srv> [opts]", state, Level.ADMIN, this::setServer);
    commands.add(
        "set coordinator",
        "set coordinator <name> state <state>",
        "change a coordinator's state",
        Level.ADMIN,
        (w, c) -> setState(target.coordinator(w), argument(w, 2), c));
    commands.add(
        "set weight",
        "set weight <bk>/<srv>  (DEPRECATED)",
        "change a server's weight (use 'set server' instead)",
        Level.ADMIN,
        (w, c) -> setWeight(target.server(w), argument(w, 1), c));
    commands.add(
        "get weight",
        "get weight <bk>/<srv>",
        "report a server's current weight",
        Level.USER,
        (w, c) -> getWeight(target.server(w).member()));
    commands.add(
        "enable server",
        "enable server  (DEPRECATED)",
        "enable a disabled server (use 'set server' instead)",
        Level.ADMIN,
        (w, c) -> setState(target.server(w).coordinator(), "ready", c));
    commands.add(
        "disable server",
        "disable server (DEPRECATED)",
        "disable a server for maintenance (use 'set server' instead)",
        Level.ADMIN,
        (w, c) -> setState(target.server(w).coordinator(), "maint", c));
    commands.add(
        "enable health",
        "enable health checks",
        Level.ADMIN,
        (w, c) -> setChecked(target.server(w), true, c));
    commands.add(
        "disable health",
        "disable health checks",
        Level.ADMIN,
        (w, c) -> setChecked(target.server(w), false, c));
    commands.add(
        "enable frontend",
        "enable frontend <frontend>",
        "re-enable specific frontend",
        Level.ADMIN,
        (w, c) -> enable(frontend(w), c));
    commands.add(
        "disable frontend",
        "disable frontend <frontend>",
        "temporarily disable specific frontend",
        Level.ADMIN,
        (w, c) -> disable(frontend(w), c));
    addLimits(commands);
    commands.add(
        "shutdown session",
        "shutdown session [id]",
        "kill a specific session",
        Level.ADMIN,
        this::shutdownSession);
    commands.add(
        "shutdown sessions server",
        "shutdown sessions server <bk>/<srv>",
        "kill sessions on a server",
        Level.ADMIN,
        this::shutdownSessions);
    commands.add(
        "shutdown sessions coordinator",
        "shutdown sessions coordinator <name>",
        "kill sessions on a coordinator, and say how many",
        Level.ADMIN,
        this::shutdownCoordinator);
    commands.add(
        "reload",
        "reload [dry-run]",
        "go over to what the configuration file says now",
        Level.ADMIN,
        (w, c) -> reload(argument(w, 0).equals("dry-run"), c));
    commands.add(
        "upgrade",
        "have a new process of the installed program take over",
        Level.ADMIN,
        (w, c) ->
            done(
                target.upgrades().begin(c.name())
                    ? "The upgrade has begun, 'show upgrade' tells how far it is.\n"
                    : "Another upgrade is under way.\n"));
    commands.add(
        "clear counters",
        "clear counters [all]",
        "clear max statistics counters (or all counters)",
        Level.OPERATOR,
        this::clear);
  }

  private void addLimits(Commands commands) {
    commands.add(
        "set maxconn frontend",
        "set maxconn frontend <frontend> <value>",
        "change a frontend's maxconn setting",
        Level.ADMIN,
        this::setFrontendMaxconn);
    commands.add(
        "set maxconn global",
        "set maxconn global <value>",
        "change the per-process maxconn setting",
        Level.ADMIN,
        this::setGlobalMaxconn);
    commands.add(
        "set maxconn server",
        "set maxconn server <bk>/<srv>",
        "change a server's maxconn setting",
        Level.ADMIN,
        (w, c) -> setServerMaxconn(target.server(w), argument(w, 1), c));
  }

  private static String argument(List<String> words, int index) {
    return index < words.size() ? words.get(index) : "";
  }

  private static String reason(Client client) {
    return "set by " + client.name();
  }

  private CompletionStage<String> setServer(List<String> words, Client client) {
    Server server = target.server(words);
    String value = argument(words, 2);
    return switch (argument(words, 1)) {
      case "state" -> setState(server.coordinator(), value, client);
      case "weight" -> setWeight(server, value, client);
      case "health" -> setHealth(server, value, client);
      default -> done("usage: set server <backend>/<server> health | state | weight\n");
    };
  }

  private CompletionStage<String> setState(Coordinator coordinator, String word, Client client) {
    AdminState state =
        switch (word) {
          case "ready" -> AdminState.READY;
          case "drain" -> AdminState.DRAIN;
          case "maint" -> AdminState.MAINT;
          default ->
              throw new Refused("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
        };
    coordinator.setAdminState(state, reason(client));
    List<String> listeners = target.listenersOf(coordinator);
    return done(
        listeners.size() < 2
            ? NOTHING
            : "%s is in state %s now, in all its listeners: %s.\n"
                .formatted(coordinator.name(), word, String.join(", ", listeners)));
  }

  private CompletionStage<String> setWeight(Server server, String text, Client client) {
    if (text.isEmpty()) {
      return done("Require <weight> or <weight%>.\n");
    }
    boolean relative = text.endsWith("%");
    String digits = relative ? text.substring(0, text.length() - 1) : text;
    if (!digits.matches("-?\\d{1,9}")) {
      return done(
          digits.matches("\\d.*")
              ? "Trailing garbage in weight string\n"
              : "Empty weight string empty or preceded by garbage\n");
    }
    long value = Long.parseLong(digits);
    if (relative && value < 0) {
      return done("Relative weight must be positive.\n");
    }
    Member member = server.member();
    long weight = relative ? member.configuredWeight() * value / 100 : value;
    if (relative) {
      weight = Math.min(weight, Member.WEIGHT_MAX);
    }
    if (weight < 0 || weight > Member.WEIGHT_MAX) {
      return done("Absolute weight can only be between 0 and 256 inclusive.\n");
    }
    member.setWeight((int) weight, reason(client));
    return done(NOTHING);
  }

  private static CompletionStage<String> getWeight(Member member) {
    return done("%d (initial %d)\n".formatted(member.weight(), member.configuredWeight()));
  }

  private CompletionStage<String> setHealth(Server server, String word, Client client) {
    switch (word) {
      case "up" -> target.health().force(server.coordinator(), true, reason(client));
      case "down" -> target.health().force(server.coordinator(), false, reason(client));
      case "stopping" -> {
        return done("'stopping' is not supported, use 'set server <srv> state drain'.\n");
      }
      default -> {
        return done("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
      }
    }
    return done(NOTHING);
  }

  private CompletionStage<String> setChecked(Server server, boolean enabled, Client client) {
    if (enabled && target.health().kind(server.coordinator()) == CheckKind.NONE) {
      return done("Health check was not configured on this server, cannot enable.\n");
    }
    target.health().setEnabled(server.coordinator(), enabled, reason(client));
    return done(NOTHING);
  }

  private Listener frontend(List<String> words) {
    if (words.isEmpty()) {
      throw new Refused("A frontend name is expected.\n");
    }
    Listener listener = target.listener(words.get(0));
    if (listener == null) {
      throw new Refused("No such frontend.\n");
    }
    return listener;
  }

  private CompletionStage<String> enable(Listener listener, Client client) {
    if (listener.enabled()) {
      return done("All sockets are already enabled.\n");
    }
    try {
      listener.enable(reason(client));
      target.events().listener(listener.name(), true, reason(client));
      return done(NOTHING);
    } catch (BindException e) {
      return done("Failed to resume frontend: " + e.getMessage() + "\n");
    }
  }

  private CompletionStage<String> disable(Listener listener, Client client) {
    if (!listener.enabled()) {
      return done("All sockets are already disabled.\n");
    }
    listener.disable(reason(client));
    target.events().listener(listener.name(), false, reason(client));
    return done(NOTHING);
  }

  private CompletionStage<String> setFrontendMaxconn(List<String> words, Client client) {
    Listener listener = frontend(words);
    String value = argument(words, 1);
    if (!value.matches("\\d{1,9}")) {
      return done("Integer value expected.\n");
    }
    int limit = Integer.parseInt(value);
    if (limit < 1 || limit > MOST_CONNECTIONS) {
      return done("Value out of range.\n");
    }
    listener.setMaxconn(limit, reason(client));
    return done(NOTHING);
  }

  private CompletionStage<String> setGlobalMaxconn(List<String> words, Client client) {
    if (!argument(words, 0).matches("\\d{1,9}")) {
      return done("Expects an integer value.\n");
    }
    int limit = Integer.parseInt(words.get(0));
    if (limit > MOST_CONNECTIONS) {
      return done("Value out of range.\n");
    }
    balancer.setMaxconn(limit == 0 ? balancer.config().maxconn() : limit, reason(client));
    return done(NOTHING);
  }

  private static CompletionStage<String> setServerMaxconn(
      Server server, String value, Client client) {
    if (value.isEmpty()) {
      return done("Require <maxconn>.\n");
    }
    if (!value.matches("\\d{1,7}")) {
      return done("maxconn string empty or preceded by garbage\n");
    }
    server.coordinator().setMaxconn(Integer.parseInt(value), reason(client));
    return done(NOTHING);
  }

  private CompletionStage<String> shutdownSession(List<String> words, Client client) {
    long id = ShowCommands.sessionId(argument(words, 0));
    if (id < 0) {
      return done("Session pointer expected (use 'show sess').\n");
    }
    return balancer
        .closeSession(id, Termination.KILLED)
        .thenApply(closed -> {
          if (closed == 0) {
            return "No such session (use 'show sess').\n";
          }
          target.events().cut("", closed, "session " + id + ", " + reason(client));
          return NOTHING;
        });
  }

  private CompletionStage<String> shutdownSessions(List<String> words, Client client) {
    Server server = target.server(words);
    return balancer
        .closeSessions(server.listener(), server.coordinator(), Termination.KILLED)
        .thenApply(closed -> {
          String what = "its sessions of " + server.listener().name();
          target.events().cut(server.coordinator().name(), closed, what + ", " + reason(client));
          return NOTHING;
        });
  }

  private CompletionStage<String> shutdownCoordinator(List<String> words, Client client) {
    Coordinator coordinator = target.coordinator(words);
    return balancer
        .closeSessions(coordinator, Termination.KILLED)
        .thenApply(closed -> {
          target.events().cut(coordinator.name(), closed, "all its sessions, " + reason(client));
          return Count.of(closed, "session") + " closed.\n";
        });
  }

  private CompletionStage<String> reload(boolean dry, Client client) {
    Reloads reloads = target.reloads();
    Reloads.Result result = dry ? reloads.dryRun(client.name()) : reloads.reload(client.name());
    StringBuilder out = new StringBuilder();
    result.changes().forEach(change -> out.append(change).append('\n'));
    result.problems().forEach(problem -> out.append("error: ").append(problem).append('\n'));
    String good = dry ? "would be taken over" : "is in force";
    out.append("The configuration ")
        .append(result.ok() ? good : "is refused; nothing has changed")
        .append(".\n");
    return done(out.toString());
  }

  private CompletionStage<String> clear(List<String> words, Client client) {
    boolean all = argument(words, 0).equals("all");
    if (all && !client.may(Level.ADMIN)) {
      return done(Commands.DENIED);
    }
    target.stats().clear(all);
    return done(NOTHING);
  }
}
