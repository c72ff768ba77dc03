package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A statement of HAProxy's language, its words and place, and what becomes of it. Of several fates
 * the worst holds.
 */
final class Line {

  /** Which of the three lists a line ends in, the worst last. */
  enum Fate {
    CARRIED("Carried over"),
    MEANINGLESS("Has no meaning here"),
    UNSUPPORTED("Not supported");

    private final String title;

    Fate(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  /** As it is and with a letter too many: a typo shows no password. */
  private static final Pattern BEFORE_SECRET = Pattern.compile(".*password.*|auth");

  private final String file;
  private final int number;
  private final List<String> words;
  private final List<String> notes = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private @Nullable Fate fate;

  Line(String file, int number, List<String> words) {
    this.file = file;
    this.number = number;
    this.words = List.copyOf(words);
  }

  String place() {
    return file + ":" + number;
  }

  /** Returns how messages about other lines name this one. */
  String asReference(Line from) {
    return file.equals(from.file) ? "line " + number : place();
  }

  List<String> words() {
    return words;
  }

  /** Returns a word, empty if there are fewer. */
  String word(int index) {
    return index < words.size() ? words.get(index) : "";
  }

  /** Returns the words from one on. */
  List<String> from(int index) {
    return words.subList(Math.min(index, words.size()), words.size());
  }

  /** Returns the words as they are printed: without passwords. */
  String shown() {
    List<String> shown = new ArrayList<>();
    boolean users = word(0).equals("stats") && !word(1).equals("socket");
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i).replaceAll("\\p{Cntrl}", "?");
      if (users && word.indexOf(':') > 0) {
        word = word.substring(0, word.indexOf(':')) + ":***";
      } else if (i > 0 && BEFORE_SECRET.matcher(words.get(i - 1)).matches() && !isRule(i - 1)) {
        word = "***";
      }
      shown.add(word);
    }
    return String.join(" ", shown);
  }

  /** Returns whether the word is the {@code auth} of a rule, which no password follows. */
  private boolean isRule(int index) {
    return index > 0 && words.get(index - 1).equals("http-request");
  }

  /** It is in the result, as the note says. */
  void carried(String note) {
    fate(Fate.CARRIED, note);
  }

  /** Nothing is lost without it, for the reason given. */
  void meaningless(String why) {
    fate(Fate.MEANINGLESS, why);
  }

  /** What it says is not in the result; the advice is what to do instead. */
  void unsupported(String advice) {
    fate(Fate.UNSUPPORTED, advice);
  }

  /** It is wrong, and nothing is written because of it. */
  void error(String message) {
    instead(Fate.UNSUPPORTED, message);
    errors.add(message);
  }

  /** Adds what the user should know about a line that is carried over. */
  void warn(String warning) {
    if (!warnings.contains(warning)) {
      warnings.add(warning);
    }
  }

  /**
   * What was found out of it before does not count: this is its fate, unless it has a worse one.
   */
  void instead(Fate to, String note) {
    if (fate == null || fate == Fate.CARRIED || to.compareTo(fate) > 0) {
      notes.clear();
      warnings.clear();
    }
    fate(to, note);
  }

  private void fate(Fate to, String note) {
    if (fate == null || to.compareTo(fate) > 0) {
      fate = to;
    }
    if (!note.isEmpty() && !notes.contains(note)) {
      notes.add(note);
    }
  }

  /** Returns its fate, null before it has one. */
  @Nullable Fate fate() {
    return fate;
  }

  String note() {
    return String.join("; ", notes);
  }

  List<String> warnings() {
    return warnings;
  }

  List<String> errors() {
    return errors;
  }
}
