package io.impalabalancer.cli.ctl;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code ctl}: shows a running balancer and changes it, for people. */
@Command(
    name = "ctl",
    description = "Shows a running balancer and changes it, over its runtime socket.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DrainCommand.class, UpgradeCommand.class, SyncCheckCommand.class},
    footer = {"", "Exit status: 0 done, 1 refused, 2 wrong usage, 3 a balancer does not answer."})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class CtlCommand implements Callable<Integer> {
  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;
  static final int UNREACHABLE = 3;

  /** How often what takes a while is asked for. */
  static final long POLL_MILLIS = 500;

  /** As people look for them; by itself picocli has them by name. */
  private static final List<String> COMMANDS =
      List.of(
          "status",
          "top",
          "sessions",
          "events",
          "who",
          "why",
          "drain",
          "ready",
          "maint",
          "weight",
          "kick",
          "reload",
          "upgrade",
          "sync-check");

  private CommandSpec spec;

  @Option(
      names = {"-s", "--socket"},
      paramLabel = "PATH",
      scope = ScopeType.INHERIT,
      defaultValue = "/run/impala-balancer/admin.sock",
      description = "The balancer's runtime.socket, ${DEFAULT-VALUE} by default.")
  private Path socket;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Prints JSON instead of a table.")
  private boolean json;

  @Spec
  void setSpec(CommandSpec own) {
    spec = own;
    own.usageMessage()
        .sectionMap()
        .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CtlCommand::commandList);
  }

  private static String commandList(Help help) {
    Map<String, Help> ordered = new LinkedHashMap<>();
    COMMANDS.forEach(name -> ordered.put(name, help.subcommands().get(name)));
    return help.commandList(ordered);
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(err());
    return USAGE;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** What a running balancer is asked. */
  interface Work {
    int run(ControlSocket balancer) throws InterruptedException;
  }

  /** Asks the balancer, and says so if it does not answer. */
  int with(Work work) throws InterruptedException {
    try {
      return work.run(new ControlSocket(socket));
    } catch (ControlSocket.Unreachable e) {
      err().println("impala-balancer: " + e.getMessage());
      return UNREACHABLE;
    }
  }

  /** Prints a table, or its JSON. */
  int show(Table table) {
    out().print(json ? table.json() : table.text(Ansi.AUTO));
    out().flush();
    return DONE;
  }

  /** Shows what a change answered: nothing, a word of what was done, or an error. */
  private int changed(String answer, String done) {
    String text = answer.strip();
    boolean ok = text.isEmpty() || text.contains(" now, in all its ") || text.contains("closed.");
    (ok ? out() : err()).println(ok ? (text.isEmpty() ? done : text) : "impala-balancer: " + text);
    return ok ? DONE : REFUSED;
  }

  /** Every listener with its members. */
  @Command(
      name = "status",
      description = "Every listener with its coordinators.",
      mixinStandardHelpOptions = true)
  int status() throws InterruptedException {
    return with(balancer -> show(StatusTable.of(balancer.ask("show", "stat"), json)));
  }

  /** The same, again and again. */
  @Command(
      name = "top",
      description = "The status on a screen that is drawn anew each second, until Ctrl-C.",
      mixinStandardHelpOptions = true)
  int top() throws InterruptedException {
    return with(balancer -> {
      if (!Ansi.AUTO.enabled()) {
        new Top(balancer).lines(Integer.MAX_VALUE, Ansi.OFF).forEach(out()::println);
        return DONE;
      }
      return new Top(balancer).run(out());
    });
  }

  /** Every living session. */
  @Command(
      name = "sessions",
      description = "Every living session, the oldest first.",
      mixinStandardHelpOptions = true)
  int sessions() throws InterruptedException {
    return with(balancer -> {
      Table table =
          new Table("ID", "CLIENT", "LISTENER", "NAME", "PHASE", "AGE", "IDLE", "IN", "OUT");
      String answer = balancer.ask("show", "sess");
      if (answer.startsWith("Permission")) {
        return changed(answer, "");
      }
      addSessions(table, answer, "src", "fe", "srv", "phase", "age", "idle", "in", "out");
      return show(table);
    });
  }

  /** Who is on a session. */
  @Command(
      name = "who",
      description = {
        "Who is on the session of a client's port, as in a log line, or of the balancer's own port"
            + " at a coordinator, as in Impala's log. The coordinator is asked."
      },
      mixinStandardHelpOptions = true)
  int who(@Parameters(paramLabel = "[ADDRESS:]PORT", description = "Of either end.") String port)
      throws InterruptedException {
    return with(balancer -> {
      String answer = balancer.ask("who", port);
      if (!answer.startsWith("0x")) {
        return changed(answer, "");
      }
      Table table =
          new Table(
              "ID", "CLIENT", "NAME", "LOCAL", "USER", "DELEGATED", "QUERIES", "IMPALA SESSIONS");
      addSessions(table, answer, "src", "srv", "local", "user", "delegated", "queries", "sessions");
      answer
          .lines()
          .filter(line -> line.startsWith("#"))
          .forEach(line -> err().println("impala-balancer: " + line.substring(2)));
      return show(table);
    });
  }

  /** Adds a row for each session that is told of: its id, and what these keys say. */
  private static void addSessions(Table table, String answer, String... keys) {
    for (String line : answer.lines().filter(each -> each.startsWith("0x")).toList()) {
      List<String> words = List.of(line.split(" ", -1));
      List<String> row = new ArrayList<>(List.of(words.get(0).replace(":", "")));
      for (String key : keys) {
        row.add(
            words.stream()
                .filter(word -> word.startsWith(key + "="))
                .map(word -> word.substring(key.length() + 1))
                .findFirst()
                .orElse(""));
      }
      table.add(row.toArray(String[]::new));
    }
  }

  /** What happened last. */
  @Command(
      name = "events",
      description = "What happened to coordinators, the last 200 changes.",
      mixinStandardHelpOptions = true)
  int events() throws InterruptedException {
    return with(balancer -> {
      Table table = new Table("TIME", "KIND", "NAME", "CHANGE");
      balancer
          .ask("show", "events")
          .lines()
          .map(line -> line.split(" ", 4))
          .filter(words -> words.length == 4)
          .forEach(table::add);
      return show(table);
    });
  }

  /** Why clients were given their coordinators. */
  @Command(
      name = "why",
      description = "Why the last clients of a listener were given their coordinators.",
      mixinStandardHelpOptions = true)
  int why(@Parameters(paramLabel = "LISTENER", description = "The listener.") String listener)
      throws InterruptedException {
    return with(balancer -> {
      String answer = balancer.ask("show", "choices", listener);
      if (!answer.startsWith("#")) {
        return changed(answer, "");
      }
      Table table =
          new Table(
              "TIME",
              "CLIENT",
              "NAME",
              "CHOSEN",
              "SCORE",
              "LOAD",
              "SESSIONS",
              "LIMIT",
              "WEIGHT",
              "VERDICT",
              "WHY");
      answer.lines().skip(1).map(line -> line.split(" ", 11)).forEach(table::add);
      return show(table);
    });
  }

  /** Puts a coordinator into service. */
  @Command(
      name = "ready",
      description = "Puts a coordinator into service again.",
      mixinStandardHelpOptions = true)
  int ready(
      @Parameters(paramLabel = "NAME", description = "The coordinator.") String name,
      @Mixin Hosts hosts)
      throws InterruptedException {
    return setState(name, "ready", hosts);
  }

  /** Takes a coordinator out of service and stops its checks. */
  @Command(
      name = "maint",
      description = "As drain, and its checks stop.",
      mixinStandardHelpOptions = true)
  int maint(
      @Parameters(paramLabel = "NAME", description = "The coordinator.") String name,
      @Mixin Hosts hosts)
      throws InterruptedException {
    return setState(name, "maint", hosts);
  }

  /** Sets the state of a coordinator, on several balancers if they are given. */
  int setState(String name, String state, Hosts hosts) throws InterruptedException {
    if (hosts.given()) {
      return hosts.each(balancer -> balancer.setState(name, state), out(), err());
    }
    return with(balancer ->
        changed(
            balancer.ask("set", "coordinator", name, "state", state),
            name + " is in state " + state + " now."));
  }

  /** Sets a member's weight. */
  @Command(
      name = "weight",
      description = "Sets the weight of a coordinator in a listener's pool.",
      mixinStandardHelpOptions = true)
  int weight(
      @Parameters(paramLabel = "LISTENER/NAME", description = "The member.") String member,
      @Parameters(
              paramLabel = "N[%]",
              description = "0 to 256, or a share of the configured weight.")
          String weight,
      @Mixin Hosts hosts)
      throws InterruptedException {
    if (hosts.given()) {
      return hosts.each(balancer -> balancer.setWeight(member, weight), out(), err());
    }
    return with(balancer ->
        changed(
            balancer.ask("set", "server", member, "weight", weight),
            "The weight of "
                + member
                + " is "
                + balancer.ask("get", "weight", member).strip()
                + " now."));
  }

  /** Cuts sessions. */
  @Command(
      name = "kick",
      description = "Cuts all sessions of a coordinator, or one session.",
      mixinStandardHelpOptions = true)
  int kick(
      @Parameters(paramLabel = "NAME|ID", description = "The coordinator, or 0x... of a session.")
          String what)
      throws InterruptedException {
    return with(balancer ->
        what.startsWith("0x")
            ? changed(balancer.ask("shutdown", "session", what), "The session is closed.")
            : changed(balancer.ask("shutdown", "sessions", "coordinator", what), ""));
  }

  /** Reloads the configuration. */
  @Command(
      name = "reload",
      description = "Goes over to what the configuration file says now.",
      mixinStandardHelpOptions = true)
  int reload(
      @Option(names = "--dry-run", description = "Only says what would be done.") boolean dry)
      throws InterruptedException {
    return with(balancer -> {
      String answer = dry ? balancer.ask("reload", "dry-run") : balancer.ask("reload");
      boolean ok = answer.contains("is in force.") || answer.contains("would be taken over.");
      (ok ? out() : err()).print(answer);
      (ok ? out() : err()).flush();
      return ok ? DONE : REFUSED;
    });
  }
}
