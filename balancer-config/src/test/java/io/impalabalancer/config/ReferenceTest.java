package io.impalabalancer.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code reference.conf} is the manual: it has what the reader reads, and nothing else. */
class ReferenceTest {
  /** Every key that has no default, and so stands in comments only. */
  private static final String WHOLE =
      """
      impala-balancer {
        coordinators = [{ name = a, host = b }]
        pools { p = [{ coordinator = a }] }
        defaults { protocol = beeswax, pool = p }
        listeners = [{ name = l, bind = "127.0.0.1:0" }]
        log { session-file = f }
        stats.users = [{ name = u, role = viewer, password = "%s" }]
      }
      """
          .formatted(UsersTest.BCRYPT);

  /** What gives an element of a list the keys that it leaves out. */
  private static final Map<String, String> ELEMENT_DEFAULTS =
      Map.of(
          "coordinators.", "coordinator-defaults.",
          "pools.p.", "member-defaults.",
          "listeners.", "defaults.");

  private static String text = "";

  @BeforeAll
  static void readTheManual() throws IOException {
    try (InputStream in = ReferenceTest.class.getResourceAsStream("/reference.conf")) {
      text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void itHasADefaultOrACommentForEveryKeyThatIsRead() throws ConfigException {
    Problems problems = new Problems();
    Section root = Hocon.read(problems, "test.conf", WHOLE);
    BalancerReader.read(problems, root);
    problems.throwIfAny();
    Set<String> read = new TreeSet<>();
    keys("", root, read);

    Set<String> undocumented = new TreeSet<>(read);
    undocumented.removeAll(defaults());
    undocumented.remove("pools.p"); // A name, no key.
    undocumented.removeIf(key -> read.contains(keyOfDefault(key)));
    assertThat(undocumented)
        .containsExactlyInAnyOrder(
            "coordinators.name",
            "coordinators.host",
            "pools.p.coordinator",
            "listeners.name",
            "listeners.bind",
            "defaults.protocol",
            "defaults.pool",
            "log.session-file",
            "stats.users.name",
            "stats.users.password",
            "stats.users.role")
        .allSatisfy(key ->
            assertThat(text)
                .containsPattern("(?m)^ +# +" + key.substring(key.lastIndexOf('.') + 1) + "  "));
    Set<String> unread = new TreeSet<>(defaults());
    unread.removeAll(read);
    unread.remove("pools"); // Its names were read.
    assertThat(unread).isEmpty();
  }

  @Test
  void everyDefaultStandsBelowAComment() {
    List<String> lines = text.lines().map(String::strip).toList();
    List<String> wordless = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      boolean setting = lines.get(i).contains(" = ") && !lines.get(i).startsWith("#");
      if (setting && !lines.get(i - 1).startsWith("#")) {
        wordless.add(lines.get(i));
      }
    }
    assertThat(wordless).isEmpty();
  }

  private static String keyOfDefault(String key) {
    return ELEMENT_DEFAULTS.entrySet().stream()
        .filter(section -> key.startsWith(section.getKey()))
        .map(section -> section.getValue() + key.substring(section.getKey().length()))
        .findFirst()
        .orElse("");
  }

  /** Returns the paths of all defaults. */
  private static Set<String> defaults() {
    Config config = ConfigFactory.parseString(text).getConfig("impala-balancer");
    Set<String> keys = new TreeSet<>(Set.of("defaults.aliases", "pools"));
    for (Map.Entry<String, ConfigValue> entry : config.entrySet()) {
      keys.add(String.join(".", ConfigUtil.splitPath(entry.getKey())));
    }
    return keys;
  }

  private static void keys(String path, Node node, Set<String> keys) {
    if (node instanceof Section section && !section.inForce().isEmpty()) {
      section
          .inForce()
          .forEach((key, child) -> keys(path.isEmpty() ? key : path + "." + key, child, keys));
    } else if (node instanceof Node.Items items) {
      items.elements().forEach(element -> keys(path, element, keys));
      keys.add(path);
    } else {
      keys.add(path);
    }
  }
}
