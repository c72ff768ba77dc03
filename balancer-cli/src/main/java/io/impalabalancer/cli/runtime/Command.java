package io.impalabalancer.cli.runtime;

import io.impalabalancer.config.RuntimeConfig.Level;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * One command of the runtime socket.
 *
 * @param words how it begins, such as {@code show stat}
 * @param usage what {@code help} shows of it
 * @param help what it does, in a few words
 * @param level who may use it
 */
record Command(List<String> words, String usage, String help, Level level, Action action) {

  /** What a command does. On the thread of the commands. */
  interface Action {
    /**
     * Does it.
     *
     * @param arguments the words behind those of the command
     * @return the answer, with the end of its last line; empty if all is said by that
     */
    CompletionStage<String> run(List<String> arguments, Client client);
  }

  boolean matches(List<String> line) {
    return line.size() >= words.size() && line.subList(0, words.size()).equals(words);
  }

  /** Returns whether what was typed may have meant it: it begins with the same word. */
  boolean resembles(List<String> line) {
    return !line.isEmpty()
        && words.get(0).equals(line.get(0))
        && (line.size() < 2 || words.size() < 2 || anyResembles(line.get(1)));
  }

  private boolean anyResembles(String second) {
    return words.get(1).startsWith(second) || second.startsWith(words.get(1));
  }

  /** Returns its line of {@code help}. */
  String line() {
    return "  %-40s: %s\n".formatted(usage, help);
  }
}
