package io.impalabalancer.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Prints every value in force as HOCON that gives the same configuration again. */
final class Effective {
  private static final Pattern PLAIN_KEY = Pattern.compile("[A-Za-z0-9_-]+");
  private static final Pattern PLAIN_WORD =
      Pattern.compile("(?!null|true|false)[A-Za-z][A-Za-z0-9_-]*|[0-9]+[a-zA-Z]+");

  private final StringBuilder out = new StringBuilder();

  private Effective() {}

  static String render(Section root) {
    Effective effective = new Effective();
    effective.entry("", "impala-balancer", root);
    return effective.out.toString();
  }

  private void entry(String indent, String key, Node node) {
    out.append(indent).append(PLAIN_KEY.matcher(key).matches() ? key : ConfigUtil.quoteString(key));
    if (node instanceof Value value) {
      out.append(" = ").append(text(value.raw()));
      out.append("  # origin: ").append(value.origin()).append('\n');
    } else if (node instanceof Section section) {
      out.append(' ');
      object(indent, section);
    } else if (node instanceof Node.Items items) {
      out.append(" = [\n");
      for (Node element : items.elements()) {
        out.append(indent).append("  ");
        object(indent + "  ", (Section) element);
      }
      out.append(indent).append("]\n");
    }
  }

  private void object(String indent, Section section) {
    if (section.inForce().isEmpty()) {
      out.append("{}\n");
      return;
    }
    out.append("{\n");
    for (Map.Entry<String, Node> entry : section.inForce().entrySet()) {
      entry(indent + "  ", entry.getKey(), entry.getValue());
    }
    out.append(indent).append("}\n");
  }

  private static String text(ConfigValue raw) {
    if (raw instanceof ConfigList list) {
      return list.stream().map(Effective::text).collect(Collectors.joining(", ", "[", "]"));
    }
    boolean plain =
        raw.valueType() == ConfigValueType.STRING
            && PLAIN_WORD.matcher(raw.unwrapped().toString()).matches();
    return plain ? raw.unwrapped().toString() : raw.render(ConfigRenderOptions.concise());
  }
}
