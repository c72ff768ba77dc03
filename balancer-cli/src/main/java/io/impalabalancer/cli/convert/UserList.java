package io.impalabalancer.cli.convert;

import io.impalabalancer.config.UserConfig;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The users of a {@code userlist} section (configuration.txt, 12.1 "Userlists"). */
final class UserList {
  /** As {@code stats.users} takes them. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.@-]{1,64}");

  /** Bcrypt looks at so many bytes of a password. */
  private static final int MOST_BYTES = 72;

  static final String BAD_USER =
      "a user's name has letters, digits and _ . @ -, a password 1 to %d bytes; name another in"
              .formatted(MOST_BYTES)
          + " stats.users";

  private final Section section;
  private final Map<String, Line> users = new LinkedHashMap<>();

  /** Users by group. */
  private final Map<String, Set<String>> groups = new LinkedHashMap<>();

  private UserList(Section section) {
    this.section = section;
  }

  static UserList read(Section section) {
    UserList list = new UserList(section);
    for (Line line : section.lines()) {
      switch (line.word(0)) {
        case "user" -> {
          list.users.putIfAbsent(line.word(1), line);
          list.names(line, "groups").forEach(group -> list.group(group).add(line.word(1)));
        }
        case "group" -> list.group(line.word(1)).addAll(list.names(line, "users"));
        default -> {
          // It has its fate below.
        }
      }
    }
    return list;
  }

  private List<String> names(Line line, String word) {
    int at = line.words().indexOf(word);
    return at < 2 ? List.of() : List.of(line.word(at + 1).split(",", -1));
  }

  private Set<String> group(String name) {
    return groups.computeIfAbsent(name, unknown -> new HashSet<>());
  }

  boolean isIn(String user, List<String> anyOf) {
    return anyOf.stream().anyMatch(group -> groups.getOrDefault(group, Set.of()).contains(user));
  }

  /**
   * Returns the hashes of the users that are meant, by name, and gives all lines their fate.
   *
   * @param hash of a password
   */
  Map<String, Setting> carry(Predicate<String> which, UnaryOperator<String> hash) {
    Map<String, Setting> carried = new LinkedHashMap<>();
    section.header().carried("stats.users");
    for (Line line : section.lines()) {
      boolean isUser = line.word(0).equals("user");
      if (line.fate() != null) {
        continue;
      }
      if (line.word(0).equals("group")) {
        line.carried("who is in it has its role");
      } else if (!isUser) {
        line.unsupported("found \"%s\", expected user or group".formatted(line.word(0)));
      } else if (users.get(line.word(1)) != line) {
        line.meaningless("the user is named twice");
      } else if (!which.test(line.word(1))) {
        line.meaningless("the page does not let the user in");
      } else {
        carry(line, hash, carried);
      }
    }
    return carried;
  }

  private static void carry(Line line, UnaryOperator<String> hash, Map<String, Setting> carried) {
    String name = line.word(1);
    String password = line.word(3);
    boolean plain = line.word(2).equals("insecure-password");
    if (!NAME.matcher(name).matches() || (plain && !isPassword(password))) {
      line.unsupported(BAD_USER);
    } else if (plain) {
      carried.put(name, new Setting(hash.apply(password), line));
      line.carried("stats.users, the password as a hash");
    } else if (line.word(2).equals("password") && UserConfig.isHash(password)) {
      carried.put(name, new Setting(password, line));
      line.carried("stats.users");
    } else {
      line.unsupported(
          "expected a hash by bcrypt, $5$ or $6$; make one with hash-password for stats.users");
    }
  }

  /** Returns whether a name and a password can be taken. */
  static boolean isUser(String name, String password) {
    return NAME.matcher(name).matches() && isPassword(password);
  }

  private static boolean isPassword(String password) {
    int bytes = password.getBytes(StandardCharsets.UTF_8).length;
    return bytes >= 1 && bytes <= MOST_BYTES;
  }

  /** None of its lines is carried over that was not until now. */
  void leaveOut(String why) {
    for (Line line : section.lines()) {
      if (line.fate() == null) {
        line.meaningless(why);
      }
    }
    if (section.header().fate() == null) {
      section.header().meaningless(why);
    }
  }
}
