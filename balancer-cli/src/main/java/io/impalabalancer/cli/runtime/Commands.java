package io.impalabalancer.cli.runtime;

import io.impalabalancer.config.RuntimeConfig.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** All commands of the runtime socket, and those that concern the connection itself. */
final class Commands {
  private static final String UNKNOWN =
      "Unknown command. Please enter one of the following commands only:\n";
  private static final String RESEMBLING =
      "Unknown command, but maybe one of the following ones is a better match:\n";
  static final String DENIED = "Permission denied\n";

  private final List<Command> commands = new ArrayList<>();
  private final List<Command> always = new ArrayList<>();

  Commands(Target target) {
    new ShowCommands(target).addTo(this);
    new SetCommands(target).addTo(this);
    add(
        "operator",
        "lower the level of the current CLI session to operator",
        Level.USER,
        (w, c) -> lower(c, Level.OPERATOR));
    add(
        "user",
        "lower the level of the current CLI session to user",
        Level.USER,
        (w, c) -> lower(c, Level.USER));
    add(
        "set timeout",
        "set timeout [cli] <delay>",
        "change a timeout setting",
        Level.USER,
        Commands::setTimeout);
    add(
        "show cli level",
        "display the level of the current CLI session",
        Level.USER,
        (w, c) -> done(c.level().word() + "\n"));
    add(
        "show version",
        "show version of the current process",
        Level.USER,
        (w, c) -> done(target.version() + "\n"));
    commands.sort((a, b) -> a.usage().compareTo(b.usage()));
    always.add(command("help", "help [<command>]", "list matching or all commands", this::help));
    always.add(
        command(
            "prompt",
            "prompt",
            "toggle interactive mode with prompt",
            (w, c) -> {
              c.togglePrompt();
              return done("");
            }));
    always.add(
        command(
            "quit",
            "quit",
            "disconnect",
            (w, c) -> {
              c.quit();
              return done("");
            }));
  }

  static CompletionStage<String> done(String answer) {
    return CompletableFuture.completedFuture(answer);
  }

  private static Command command(String words, String usage, String help, Command.Action action) {
    return new Command(List.of(words.split(" ")), usage, help, Level.USER, action);
  }

  void add(String words, String help, Level level, Command.Action action) {
    add(words, words, help, level, action);
  }

  void add(String words, String usage, String help, Level level, Command.Action action) {
    commands.add(new Command(List.of(words.split(" ")), usage, help, level, action));
  }

  /** Carries out one command. On the thread of the commands. */
  CompletionStage<String> run(List<String> line, Client client) {
    Command found = null;
    for (Command command : all()) {
      if (command.matches(line)
          && (found == null || command.words().size() > found.words().size())) {
        found = command;
      }
    }
    if (found == null) {
      return done(unknown(line, client));
    }
    if (!client.may(found.level())) {
      return done(DENIED);
    }
    return found.action().run(line.subList(found.words().size(), line.size()), client);
  }

  private List<Command> all() {
    List<Command> all = new ArrayList<>(commands);
    all.addAll(always);
    return all;
  }

  private String unknown(List<String> line, Client client) {
    List<Command> resembling = commands.stream().filter(c -> c.resembles(line)).toList();
    return resembling.isEmpty()
        ? UNKNOWN + list(commands, client)
        : RESEMBLING + list(resembling, client);
  }

  private CompletionStage<String> help(List<String> words, Client client) {
    List<Command> matching = commands.stream().filter(c -> c.resembles(words)).toList();
    return done(
        "The following commands are valid at this level:\n"
            + list(matching.isEmpty() ? commands : matching, client));
  }

  private String list(List<Command> some, Client client) {
    StringBuilder out = new StringBuilder();
    some.stream().filter(c -> client.may(c.level())).forEach(c -> out.append(c.line()));
    always.forEach(c -> out.append(c.line()));
    return out.toString();
  }

  private static CompletionStage<String> lower(Client client, Level level) {
    client.lower(level);
    return done("");
  }

  private static CompletionStage<String> setTimeout(List<String> words, Client client) {
    if (words.isEmpty() || !words.get(0).equals("cli")) {
      return done("'set timeout' only supports 'cli'.\n");
    }
    try {
      int seconds = Integer.parseInt(words.size() < 2 ? "" : words.get(1).replaceFirst("s$", ""));
      if (seconds >= 1 && seconds <= 86400) {
        client.setTimeoutSeconds(seconds);
        return done("");
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    return done("Invalid timeout value: expected seconds, 1 to 86400.\n");
  }
}
