package io.impalabalancer.cli.convert;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes the one web port of the result of the sections that are HAProxy's statistics pages. */
final class StatsPage {
  private static final int DEFAULT_PORT = 25002;

  /** As {@code stats.users} takes them; bcrypt looks at 72 bytes of a password. */
  private static final Pattern USER = Pattern.compile("[A-Za-z0-9_.@-]+");

  private static final int MOST_BYTES = 72;

  private final UnaryOperator<String> hash;
  private final Map<String, String> values = new LinkedHashMap<>();
  private final Map<String, Setting> users = new LinkedHashMap<>();
  private boolean admin;

  /** Whether there are users that cannot be carried over: the page must not become open then. */
  private boolean hasOtherUsers;

  private @Nullable Bind bind;
  private String reason = "";

  private StatsPage(UnaryOperator<String> hash) {
    this.hash = hash;
  }

  /** Returns whether a section is a page: it has {@code stats} lines and no servers. */
  static boolean is(Proxy proxy) {
    return proxy.listens()
        && proxy.disabled == null
        && !proxy.stats.isEmpty()
        && proxy.servers.isEmpty()
        && !proxy.hasOtherServers
        && proxy.backend == null;
  }

  /**
   * Makes the page.
   *
   * @param hash of a password
   */
  static StatsPage of(List<Proxy> proxies, List<Listener> listeners, UnaryOperator<String> hash) {
    StatsPage page = new StatsPage(hash);
    Proxy chosen = null;
    for (Proxy proxy : proxies) {
      if (is(proxy) && chosen == null && !proxy.binds.isEmpty()) {
        chosen = proxy;
        page.read(proxy);
      } else if (is(proxy)) {
        proxy.section.leaveOut(
            Line.Fate.UNSUPPORTED,
            chosen == null
                ? "it has no address that can be carried over"
                : "there is one page, " + chosen.section.title());
      }
    }
    for (Proxy proxy : proxies) {
      for (Line line : proxy.stats) {
        if (line.fate() == null) {
          line.meaningless("the section is no page: it has servers");
        }
      }
    }
    if (chosen == null && isTaken(listeners)) {
      page.values.put("bind", "none");
      page.reason = "a listener has its default address";
    }
    return page;
  }

  /** Returns the keys below {@code stats}, none if the defaults do. */
  Map<String, String> values() {
    return values;
  }

  /** Returns the users, as HOCON, in their order. */
  List<String> users() {
    return users.entrySet().stream()
        .map(user ->
            "{ name = %s, role = %s, password = %s }"
                .formatted(
                    Hocon.text(user.getKey()),
                    admin ? "admin" : "viewer",
                    Hocon.text(user.getValue().value())))
        .toList();
  }

  /** Returns why there is none, empty if nothing is to be said. */
  String reason() {
    return reason;
  }

  /** Returns the address that listeners cannot have, null if the file names none. */
  @Nullable Bind bind() {
    return bind;
  }

  private void read(Proxy proxy) {
    Bind first = proxy.binds.get(0);
    bind = first;
    proxy.section.header().instead(Line.Fate.CARRIED, "stats.bind = " + first.address());
    first.line().instead(Line.Fate.CARRIED, "stats.bind = " + first.address());
    for (Bind other : proxy.binds.subList(1, proxy.binds.size())) {
      other.line().unsupported("the page has one address: " + first.address());
    }
    for (Line line : proxy.section.lines()) {
      if (line.word(0).equals("balance") || line.word(0).equals("maxconn")) {
        line.instead(Line.Fate.MEANINGLESS, "the page has no servers, and a loop of its own");
      }
    }
    proxy.stats.forEach(this::line);
    for (Line line : proxy.stats) {
      if (line.word(1).equals("admin")) {
        admin(line);
      }
    }
    values.put("bind", Hocon.text(first.address()));
    if (users.isEmpty() && hasOtherUsers) {
      values.put("bind", "none");
      reason = "its users cannot be carried over";
    } else if (users.isEmpty() && !first.isLoopback()) {
      values.put("open", "true");
      first.line().warn("whoever reaches the page can read it, as until now");
    }
  }

  private void line(Line line) {
    switch (line.word(1)) {
      case "auth" -> user(line, line.word(2));
      case "http-request" ->
          line.unsupported("nobody is refused by rules: see stats.users in reference.conf");
      case "enable" -> line.carried("the page is at stats.bind");
      case "uri" -> line.meaningless("the page is at /");
      default -> {
        // Told elsewhere.
      }
    }
  }

  private void user(Line line, String word) {
    int colon = word.indexOf(':');
    String name = colon < 0 ? word : word.substring(0, colon);
    String password = colon < 0 ? "" : word.substring(colon + 1);
    int bytes = password.getBytes(StandardCharsets.UTF_8).length;
    if (colon < 0) {
      line.error("found no password, expected user:password");
    } else if (!USER.matcher(name).matches() || bytes == 0 || bytes > MOST_BYTES) {
      line.unsupported(
          "a user's name has letters, digits and _ . @ -, a password 1 to %d bytes; name another"
                  .formatted(MOST_BYTES)
              + " in stats.users");
      hasOtherUsers = true;
    } else if (users.putIfAbsent(name, new Setting(hash.apply(password), line)) != null) {
      line.meaningless("the user is named twice");
    } else {
      line.carried("stats.users, the password as a hash");
    }
  }

  private void admin(Line line) {
    if (users.isEmpty()) {
      line.unsupported("nobody may change something without a login; name users (stats auth)");
    } else if (line.word(2).equals("if") && line.word(3).equals("TRUE") && line.word(4).isEmpty()) {
      admin = true;
      line.carried("role = admin");
    } else {
      line.unsupported("who may change something is said by the role of a user, viewer until then");
    }
  }

  private static boolean isTaken(List<Listener> listeners) {
    return listeners.stream()
        .flatMap(listener -> listener.front().binds.stream())
        .anyMatch(bind ->
            bind.port() == DEFAULT_PORT && (bind.isLoopback() || bind.host().equals("0.0.0.0")));
  }
}
