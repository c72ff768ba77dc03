package io.impalabalancer.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Finds the word that was probably meant. */
public final class Nearest {

  private Nearest() {}

  /**
   * Returns {@code ; did you mean "word"?} with the candidate that is nearest to what was found, or
   * an empty text if none is near.
   */
  public static String hint(String found, Collection<String> candidates) {
    return candidates.stream()
        .filter(candidate -> isNear(found, candidate))
        .min(
            Comparator.comparingInt((String candidate) -> distance(found, candidate))
                .thenComparing(Comparator.naturalOrder()))
        .map(candidate -> "; did you mean \"" + candidate + "\"?")
        .orElse("");
  }

  /** A third of the letters may be wrong, in short words one or two; or one begins the other. */
  private static boolean isNear(String found, String candidate) {
    int length = candidate.length();
    boolean begins = found.startsWith(candidate) || candidate.startsWith(found);
    return distance(found, candidate) <= Math.max(length > 3 ? 2 : 1, length / 3)
        || (begins && found.length() > 2 && length > 2);
  }

  /** As {@link #hint}, or all candidates if none is near. */
  static String hintOrAll(String found, Collection<String> candidates) {
    String hint = hint(found, candidates);
    return hint.isEmpty() ? ", expected one of " + String.join(", ", candidates) : hint;
  }

  /** Levenshtein's distance, upper and lower case being the same. */
  private static int distance(String one, String two) {
    String a = one.toLowerCase(Locale.ROOT);
    String b = two.toLowerCase(Locale.ROOT);
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(substituted, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
