package io.impalabalancer.cli.convert;

import io.impalabalancer.config.Nearest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * HAProxy's keywords of one scope, with the fate of a line that has no reader of its own: the table
 * is {@code keywords.txt}. Immutable.
 */
final class Keywords {

  /**
   * What is known of a keyword.
   *
   * @param verdict {@code none}: no meaning here; {@code not}: not supported; {@code read}: a
   *     reader knows
   * @param reason why, or what to do
   * @param arguments words that belong to it, for options of servers and binds
   */
  record Answer(String verdict, String reason, int arguments) {

    boolean isRead() {
      return verdict.equals("read");
    }

    /** Gives the line the fate of this keyword. */
    void apply(Line line, String keyword) {
      String note = keyword.isEmpty() ? reason : keyword + ": " + reason;
      if (verdict.equals("none")) {
        line.meaningless(note);
      } else {
        line.unsupported(note);
      }
    }
  }

  private static final Map<String, Keywords> SCOPES = load();

  private final Map<String, Answer> answers = new TreeMap<>();

  private Keywords() {}

  static Keywords of(String scope) {
    return Objects.requireNonNull(SCOPES.get(scope), scope);
  }

  @Nullable Answer find(String keyword) {
    return answers.get(keyword);
  }

  /** Gives a line that no reader knows its fate, by the keyword at its beginning or after it. */
  void answer(Line line, String keyword) {
    Answer answer = answers.get(keyword);
    if (answer == null) {
      line.unsupported(unknown(keyword));
    } else {
      answer.apply(line, "");
    }
  }

  /** Returns what is said of a word that HAProxy does not know either. */
  String unknown(String keyword) {
    return "unknown keyword \"" + keyword + "\"" + Nearest.hint(keyword, answers.keySet());
  }

  private static Map<String, Keywords> load() {
    Map<String, Keywords> scopes = new HashMap<>();
    try (InputStream stream =
            Objects.requireNonNull(Keywords.class.getResourceAsStream("keywords.txt"));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      String[] header = {};
      String text;
      while ((text = reader.readLine()) != null) {
        if (text.isBlank() || text.startsWith("#")) {
          continue;
        }
        if (!text.startsWith(" ")) {
          header = text.split("[: ]+", 3);
          continue;
        }
        Keywords scope = scopes.computeIfAbsent(header[1], name -> new Keywords());
        for (String keyword : text.strip().split(" +", -1)) {
          String[] parts = keyword.split("/", 2);
          int arguments = parts.length == 1 ? 0 : Integer.parseInt(parts[1]);
          scope.answers.put(parts[0], new Answer(header[0], header[2], arguments));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.copyOf(scopes);
  }
}
