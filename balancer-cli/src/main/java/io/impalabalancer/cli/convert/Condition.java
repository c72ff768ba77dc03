package io.impalabalancer.cli.convert;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Of whom a rule of a statistics page holds: the users of a list, or those in some of its groups
 * (configuration.txt, 7.3.6 "http_auth" and "http_auth_group").
 *
 * @param groups any of them; empty for all users
 */
record Condition(UserList list, List<String> groups) {
  private static final Pattern SAMPLE = Pattern.compile("http_auth(_group)?\\((\\S+)\\)");

  boolean holds(String user) {
    return groups.isEmpty() || list.isIn(user, groups);
  }

  /** Returns whether an {@code acl} line asks who the user is. */
  static boolean isAsked(Line acl) {
    return SAMPLE.matcher(acl.word(2)).matches();
  }

  /**
   * Reads what follows {@code if} or {@code unless}.
   *
   * @param acls the lines that declare names
   * @return null if it is something else
   */
  static @Nullable Condition read(
      List<String> words, List<Line> acls, Map<String, UserList> lists) {
    List<String> sample = List.of();
    int size = words.size();
    if (size > 2 && words.get(0).equals("{") && words.get(size - 1).equals("}")) {
      sample = words.subList(1, size - 1);
    } else if (size == 1) {
      List<Line> named = acls.stream().filter(acl -> acl.word(1).equals(words.get(0))).toList();
      // Several lines of a name are alternatives.
      sample = named.size() == 1 ? named.get(0).from(2) : List.of();
    }
    Matcher matcher = SAMPLE.matcher(sample.isEmpty() ? "" : sample.get(0));
    if (!matcher.matches()) {
      return null;
    }
    UserList list = lists.get(matcher.group(2));
    List<String> groups = sample.subList(1, sample.size());
    boolean byGroup = matcher.group(1) != null;
    return list == null || byGroup == groups.isEmpty() ? null : new Condition(list, groups);
  }
}
