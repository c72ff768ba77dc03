package io.impalabalancer.config;

import com.typesafe.config.ConfigObject;
import io.impalabalancer.config.UserConfig.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code stats}, and never shows a password that it refuses. */
final class StatsReader {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration DAY = Duration.ofDays(1);

  /** HTTP's basic login cannot carry a colon in a name. */
  private static final Pattern USER_NAME = Pattern.compile("[A-Za-z0-9_.@-]{1,64}");

  private static final String EXPECTED_USER_NAME = "a name of letters, digits and _ . @ -";

  private static final Pattern OTHER_HASH = Pattern.compile("\\$[0-9a-z]+\\$.*");

  private final Map<String, Place> names = new HashMap<>();

  private StatsReader() {}

  static StatsConfig read(Section section, List<Bound> bounds) {
    Value value = section.get("bind");
    boolean open = section.get("open").bool();
    Value list = section.get("users");
    List<Value> elements = list.elements("a list of users");
    List<UserConfig> users = new StatsReader().users(section, elements);
    BindAddress bind = value.is("none") ? null : Addresses.bind(value);
    if (bind != null) {
      bounds.add(new Bound(bind, value.path(), value.place()));
      if (!open
          && list.isList()
          && elements.isEmpty()
          && !bind.toSocketAddress().getAddress().isLoopbackAddress()) {
        value.error(
            bind
                + " is reachable from other machines, expected stats.users, an address of this"
                + " one, such as \"127.0.0.1:25002\", or stats.open = true");
      }
    }
    return new StatsConfig(
        Optional.ofNullable(bind),
        users,
        open,
        section.get("open-metrics").bool(),
        section.get("open-health").bool(),
        section.get("haproxy-metrics").bool(),
        section.get("login-cache").duration(Duration.ZERO, DAY),
        section.get("failed-login-delay").duration(Duration.ZERO, MINUTE));
  }

  private List<UserConfig> users(Section stats, List<Value> elements) {
    List<UserConfig> users = new ArrayList<>();
    List<Section> sections = new ArrayList<>();
    for (Value element : elements) {
      if (element.raw() instanceof ConfigObject object) {
        Section section =
            element.section(Section.elementPath("stats.users", element, object), object, null);
        sections.add(section);
        UserConfig user = user(section);
        if (user != null) {
          users.add(user);
        }
      } else {
        element.error("expected a record { name = ..., password = ..., role = ... }");
      }
    }
    stats.inForce("users", new Node.Items(sections));
    return users;
  }

  private @Nullable UserConfig user(Section section) {
    Value nameValue = section.require("name", EXPECTED_USER_NAME);
    String name = nameValue == null ? null : name(nameValue);
    Value passwordValue = section.require("password", "the hash of a password");
    String hash = passwordValue == null ? null : hash(passwordValue);
    Value roleValue = section.require("role", "viewer or admin");
    Role role = roleValue == null ? null : roleValue.wordOrNull(Role.values(), Role::word);
    return name == null || hash == null || role == null ? null : new UserConfig(name, hash, role);
  }

  private @Nullable String name(Value value) {
    String name = value.text(EXPECTED_USER_NAME);
    if (name == null) {
      return null;
    }
    if (!USER_NAME.matcher(name).matches()) {
      value.unexpected(EXPECTED_USER_NAME);
      return null;
    }
    Place taken = names.putIfAbsent(name, value.place());
    if (taken != null) {
      value.error("\"" + name + "\" is already the name of the user at " + taken);
    }
    return name;
  }

  private static @Nullable String hash(Value value) {
    if (value.isText()) {
      String text = value.text("");
      if (text != null && UserConfig.isHash(text)) {
        return text;
      }
      if (text != null && OTHER_HASH.matcher(text).matches()) {
        value.error(
            "a hash that is not known here (it is not shown), expected bcrypt ($2b$, cost 4 to"
                + " 16) or SHA-crypt ($5$ or $6$, at most 999999 rounds); make one with"
                + " `impala-balancer hash-password`");
        return null;
      }
    }
    value.error(
        "this is no hash (it is not shown), and a password is never kept as it is; make its hash"
            + " with `impala-balancer hash-password` and write it in quotes");
    return null;
  }
}
