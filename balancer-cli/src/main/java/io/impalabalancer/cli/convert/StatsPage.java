package io.impalabalancer.cli.convert;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Makes the one web port of the result of the sections that are HAProxy's statistics pages. */
final class StatsPage {
  private static final int DEFAULT_PORT = 25002;

  private final UnaryOperator<String> hash;
  private final Map<String, String> values = new LinkedHashMap<>();
  private final Map<String, Setting> users = new LinkedHashMap<>();
  private final Set<String> admins = new HashSet<>();
  private final Map<String, UserList> lists;

  /** Whether there are users that cannot be carried over: the page must not become open then. */
  private boolean hasOtherUsers;

  private @Nullable Bind bind;
  private String reason = "";

  private StatsPage(Map<String, UserList> lists, UnaryOperator<String> hash) {
    this.lists = lists;
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
   * @param lists the {@code userlist} sections by name
   * @param hash of a password
   */
  static StatsPage of(
      List<Proxy> proxies,
      List<Listener> listeners,
      Map<String, UserList> lists,
      UnaryOperator<String> hash) {
    StatsPage page = new StatsPage(lists, hash);
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
        if (line.fate() == null && line.word(0).equals("http-request")) {
          line.unsupported(ProxyReader.NOT_JUDGED);
        } else if (line.fate() == null) {
          line.meaningless("the section is no page: it has servers");
        }
      }
      for (Line line : proxy.acls) {
        if (line.fate() == null) {
          Keywords.of("proxy").answer(line, "acl");
        }
      }
    }
    lists.values().forEach(list -> list.leaveOut("no statistics page asks for its users"));
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
                    admins.contains(user.getKey()) ? "admin" : "viewer",
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
    proxy.stats.forEach(line -> line(line, proxy.acls));
    for (Line line : proxy.stats) {
      if (line.word(1).equals("admin")) {
        admin(line, proxy.acls);
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

  private void line(Line line, List<Line> acls) {
    if (line.word(0).equals("http-request") && !line.word(1).equals("auth")) {
      return;
    }
    switch (line.word(1)) {
      case "auth" -> {
        if (line.word(0).equals("http-request")) {
          login(line, line.from(2), acls);
        } else {
          user(line, line.word(2));
        }
      }
      case "http-request" -> login(line, line.from(3), acls);
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
    if (colon < 0) {
      line.error("found no password, expected user:password");
    } else if (!UserList.isUser(name, password)) {
      line.unsupported(UserList.BAD_USER);
      hasOtherUsers = true;
    } else if (users.putIfAbsent(name, new Setting(hash.apply(password), line)) != null) {
      line.meaningless("the user is named twice");
    } else {
      line.carried("stats.users, the password as a hash");
    }
  }

  /**
   * A rule that asks for a login.
   *
   * @param words those behind {@code auth}
   */
  private void login(Line line, List<String> words, List<Line> acls) {
    int from = !words.isEmpty() && words.get(0).equals("realm") ? 2 : 0;
    String word = words.size() > from ? words.get(from) : "";
    List<String> rest = words.subList(Math.min(from + 1, words.size()), words.size());
    if (word.equals("if") && !rest.isEmpty() && rest.get(0).startsWith("!")) {
      String first = rest.get(0).substring(1);
      rest = first.isEmpty() ? rest.subList(1, rest.size()) : List.of(first);
      word = "unless";
    }
    Condition condition =
        word.equals("unless") && line.words().contains("auth")
            ? Condition.read(rest, acls, lists)
            : null;
    if (condition == null) {
      line.unsupported("nobody is refused by rules: see stats.users in reference.conf");
      hasOtherUsers = true;
      return;
    }
    Map<String, Setting> carried = condition.list().carry(condition::holds, hash);
    carried.forEach(users::putIfAbsent);
    hasOtherUsers |= carried.isEmpty();
    line.carried("its users are in stats.users");
    carryNames(rest, acls);
  }

  private static void carryNames(List<String> words, List<Line> acls) {
    acls.stream()
        .filter(acl -> words.contains(acl.word(1)))
        .forEach(acl -> acl.carried("stats.users"));
  }

  private void admin(Line line, List<Line> acls) {
    boolean always =
        line.word(2).equals("if") && line.word(3).equals("TRUE") && line.word(4).isEmpty();
    Condition condition =
        line.word(2).equals("if") ? Condition.read(line.from(3), acls, lists) : null;
    if (users.isEmpty()) {
      line.unsupported("nobody may change something without a login; name users (stats auth)");
    } else if (always || condition != null) {
      users.keySet().stream()
          .filter(user -> condition == null || condition.holds(user))
          .forEach(admins::add);
      line.carried("role = admin");
      carryNames(line.from(3), acls);
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
