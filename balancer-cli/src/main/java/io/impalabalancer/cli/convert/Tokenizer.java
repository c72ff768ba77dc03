package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts text into lines of words as HAProxy does: configuration.txt, 2.2 "Quoting and escaping" and
 * 2.3 "Environment variables". Keeps the environment, which {@code setenv} changes, over all files.
 */
final class Tokenizer {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$(?:\\{(\\.?[A-Za-z_]\\w*)(\\[\\*])?(-[^}]*)?}|(\\.?[A-Za-z_]\\w*))");

  private final Map<String, String> environment;
  private final Set<String> ofTheFiles = new HashSet<>();
  private String section = "";

  // Of the line that is being cut.
  private String text = "";
  private int at;
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;
  private boolean emptyList;
  private final List<String> words = new ArrayList<>();
  private final TreeSet<String> expanded = new TreeSet<>();

  Tokenizer(Map<String, String> environment) {
    this.environment = new HashMap<>(environment);
  }

  /** What HAProxy cannot cut into words. */
  private static final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1;

    SyntaxException(String message) {
      super(message);
    }
  }

  /** Returns the statements of a file; empty lines and comments are none. */
  List<Line> cut(String file, String content) {
    List<Line> lines = new ArrayList<>();
    section = "";
    int number = 0;
    for (String each : content.split("\n", -1)) {
      number++;
      String stripped = each.strip();
      if (!stripped.isEmpty() && !stripped.startsWith("#")) {
        lines.add(line(file, number, each));
      }
    }
    return lines;
  }

  private Line line(String file, int number, String statement) {
    text = statement;
    at = 0;
    words.clear();
    expanded.clear();
    String problem = "";
    try {
      cutWords(file, number);
    } catch (SyntaxException e) {
      problem = String.valueOf(e.getMessage());
    }
    endWord();
    Line line = new Line(file, number, words.isEmpty() ? List.of("") : words);
    if (!problem.isEmpty()) {
      line.error(problem);
    } else if (words.isEmpty()) {
      line.meaningless("there is nothing in it");
    } else {
      obey(line);
    }
    if (!expanded.isEmpty()) {
      line.warn("from the environment of this command: " + String.join(", ", expanded));
    }
    return line;
  }

  private void cutWords(String file, int number) throws SyntaxException {
    char quote = 0;
    int quoteAt = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (quote == 0 && (c == '#' || c == '\r')) {
        return;
      } else if (c == quote) {
        quote = 0;
        inWord |= !emptyList;
        at++;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
        quoteAt = at++;
        emptyList = false;
      } else if (c == '\\' && quote != '\'') {
        escape(quote == '"');
      } else if (c == '$' && quote == '"') {
        expand(file, number);
      } else if (quote == 0 && Character.isWhitespace(c)) {
        endWord();
        at++;
      } else {
        add(c);
        at++;
      }
    }
    if (quote != 0) {
      throw new SyntaxException(
          "found a quote %s at column %d that is not closed, expected another one"
              .formatted(quote, quoteAt + 1));
    }
  }

  private void escape(boolean quoted) throws SyntaxException {
    char next = at + 1 < text.length() ? text.charAt(at + 1) : 0;
    switch (next) {
      case ' ', '\\', '#', '\'', '"' -> add(next);
      case 't' -> add('\t');
      case 'n' -> add('\n');
      case 'r' -> add('\r');
      case 'x' -> {
        String hex =
            text.substring(Math.min(at + 2, text.length()), Math.min(at + 4, text.length()));
        if (!hex.matches("[0-9A-Fa-f]{2}")) {
          throw new SyntaxException("found \\x" + hex + ", expected \\x and two hex digits");
        }
        add((char) Integer.parseInt(hex, 16));
        at += 2;
      }
      default -> {
        if (next == '$' && quoted) {
          add(next);
        } else {
          add('\\');
          at--;
        }
      }
    }
    at += 2;
  }

  private void expand(String file, int number) throws SyntaxException {
    Matcher matcher = VARIABLE.matcher(text).region(at, text.length());
    if (!matcher.lookingAt()) {
      throw new SyntaxException(
          "found $ at column %d, expected $NAME, ${NAME} or ${NAME-default}".formatted(at + 1));
    }
    at = matcher.end();
    String name = matcher.group(1) == null ? matcher.group(4) : matcher.group(1);
    String value =
        switch (name) {
          case ".FILE" -> file;
          case ".LINE" -> Integer.toString(number);
          case ".SECTION" -> section;
          default -> environment.get(name);
        };
    boolean list = matcher.group(2) != null;
    if (value == null && matcher.group(3) != null) {
      value = matcher.group(3).substring(1);
    } else if (value != null && !name.startsWith(".") && !ofTheFiles.contains(name)) {
      expanded.add("$" + name);
    }
    if (value == null && !list) {
      throw new SyntaxException(
          "the variable $%s is not set, expected it in the environment of this command, or"
                  .formatted(name)
              + " a default: \"${%s-...}\"".formatted(name));
    }
    emptyList |= list;
    for (char c : (value == null ? "" : value).toCharArray()) {
      if (list && Character.isWhitespace(c)) {
        endWord();
      } else {
        add(c);
      }
    }
  }

  private void add(char c) {
    word.append(c);
    inWord = true;
  }

  private void endWord() {
    if (inWord) {
      words.add(word.toString());
    }
    word.setLength(0);
    inWord = false;
  }

  private void obey(Line line) {
    if (Section.isHeader(line)) {
      section = line.word(1).isEmpty() ? line.word(0) : line.word(1);
    }
    switch (line.word(0)) {
      case ".if", ".elif", ".else", ".endif" -> {
        line.error(
            "found \"%s\", and conditions are not evaluated, expected the lines alone that hold"
                .formatted(line.word(0)));
        return;
      }
      case ".notice", ".warning", ".alert", ".diag" -> {
        line.meaningless("a message of HAProxy's");
        return;
      }
      case "setenv" -> environment.put(line.word(1), line.word(2));
      case "presetenv" -> environment.putIfAbsent(line.word(1), line.word(2));
      case "unsetenv" -> line.from(1).forEach(environment::remove);
      case "resetenv" -> environment.keySet().retainAll(line.from(1));
      default -> {
        return;
      }
    }
    ofTheFiles.add(line.word(1));
    line.carried("the lines after it have what it says");
  }
}
