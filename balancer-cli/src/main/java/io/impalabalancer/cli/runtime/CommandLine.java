package io.impalabalancer.cli.runtime;

import java.util.ArrayList;
import java.util.List;

/** Takes a line of the runtime socket apart as HAProxy does. */
final class CommandLine {
  private CommandLine() {}

  /**
   * Returns the words of each command: commands end with a semicolon, words with blanks, and a
   * backslash makes any character one of a word.
   */
  static List<List<String>> parse(String line) {
    List<List<String>> commands = new ArrayList<>();
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      boolean escaped = c == '\\' && i + 1 < line.length();
      if (escaped) {
        word.append(line.charAt(++i));
      } else if (c == ' ' || c == '\t' || c == '\r' || c == ';') {
        end(word, words);
        if (c == ';') {
          commands.add(words);
          words = new ArrayList<>();
        }
      } else {
        word.append(c);
      }
    }
    end(word, words);
    if (!words.isEmpty() || commands.isEmpty()) {
      commands.add(words);
    }
    return commands;
  }

  private static void end(StringBuilder word, List<String> words) {
    if (word.length() > 0) {
      words.add(word.toString());
      word.setLength(0);
    }
  }
}
