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
}
