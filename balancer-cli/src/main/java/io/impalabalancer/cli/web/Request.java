package io.impalabalancer.cli.web;

import io.impalabalancer.config.UserConfig;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was asked, as far as a page needs it.
 *
 * @param path without the query
 * @param post whether something is to be changed
 * @param names what stands in the path where the route has a name in braces
 * @param query decoded; of a key that is given twice, the last
 * @param accept the header, null if there is none
 * @param body of a POST, else empty
 * @param user who logged in, null if nobody did
 */
record Request(
    String path,
    boolean post,
    Map<String, String> names,
    Map<String, String> query,
    @Nullable String accept,
    String body,
    @Nullable UserConfig user) {

  /** Returns who asks, for log lines and events. */
  String who() {
    return user == null ? "anonymous" : user.name();
  }

  /** Returns a number of the query, -1 if it is none or too large. */
  int number(String key, int otherwise, int most) {
    String text = query.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text);
      return number > most ? -1 : Math.max(-1, number);
    } catch (NumberFormatException none) {
      return -1;
    }
  }
}
