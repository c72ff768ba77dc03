package io.impalabalancer.config;

import com.typesafe.config.ConfigOrigin;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where something stands. Ordered by file, then line.
 *
 * @param line from 1; 0 if it is not known
 */
record Place(String file, int line) implements Comparable<Place> {

  /** The file of everything that comes from {@code reference.conf}. */
  static final String BUILT_IN = "built-in reference.conf";

  /** {@code file: line} or {@code file: first-last}. */
  private static final Pattern FILE_AND_LINES = Pattern.compile("(.+): (\\d+)(?:-\\d+)?");

  /**
   * Returns where a value begins, or {@code otherwise} if its origin does not tell, as for one that
   * comes from the environment. A merged value begins where its first part does.
   */
  static Place of(ConfigOrigin origin, Place otherwise) {
    String description = origin.description();
    if (description.startsWith("merge of ")) {
      description = description.substring("merge of ".length());
    }
    for (String part : description.split(",", -1)) {
      Matcher matcher = FILE_AND_LINES.matcher(part);
      if (matcher.matches()) {
        return new Place(matcher.group(1), Integer.parseInt(matcher.group(2)));
      }
    }
    return otherwise;
  }

  boolean isBuiltIn() {
    return file.equals(BUILT_IN);
  }

  @Override
  public int compareTo(Place other) {
    int byFile = file.compareTo(other.file);
    return byFile == 0 ? Integer.compare(line, other.line) : byFile;
  }

  @Override
  public String toString() {
    return line > 0 ? file + ":" + line : file;
  }
}
