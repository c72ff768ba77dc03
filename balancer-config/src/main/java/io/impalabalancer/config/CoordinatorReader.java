package io.impalabalancer.config;

import com.typesafe.config.ConfigObject;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads {@code coordinators} and {@code coordinator-defaults}. */
final class CoordinatorReader {
  private final Section root;
  private final Section defaults;
  private final Map<String, Place> names = new HashMap<>();

  private CoordinatorReader(Section root, Section defaults) {
    this.root = root;
    this.defaults = defaults;
  }

  static CoordinatorReader of(Section root) {
    return new CoordinatorReader(root, root.section("coordinator-defaults"));
  }

  /** Returns what one has that says nothing of itself; without a name and a host. */
  CoordinatorConfig template() {
    return settings("", "", defaults);
  }

  /**
   * Reads those that are declared.
   *
   * @param mayBeNone whether others may be found
   */
  List<Placed<CoordinatorConfig>> read(boolean mayBeNone) {
    Value list = root.get("coordinators");
    template();
    List<Placed<CoordinatorConfig>> coordinators = new ArrayList<>();
    List<Section> sections = new ArrayList<>();
    List<Value> elements = list.elements("a list of host names or records { name = ... }");
    if (list.isList() && elements.isEmpty() && !mayBeNone) {
      root.error(
          list,
          "there are no coordinators, expected coordinators = [host, ...], or discover { ... }");
    }
    for (Value element : elements) {
      Section section = section(element);
      if (section != null) {
        sections.add(section);
        String name = name(section);
        String host = host(section);
        CoordinatorConfig coordinator =
            settings(name == null ? "" : name, host == null ? "" : host, section);
        if (name != null) {
          coordinators.add(new Placed<>(coordinator, section.place()));
        }
      }
    }
    root.inForce("coordinators", new Node.Items(sections));
    return coordinators;
  }

  private @Nullable Section section(Value element) {
    if (element.raw() instanceof ConfigObject object) {
      return element.section(
          Section.elementPath("coordinators", element, object), object, defaults);
    }
    if (element.isList()) {
      element.unexpected("a host name or a record { name = ... }");
      return null;
    }
    String host = Addresses.host(element);
    return host == null
        ? null
        : element.section(
            "coordinators[" + host + "]",
            element.raw().atKey("host").root().withValue("name", element.raw()),
            defaults);
  }

  private @Nullable String name(Section section) {
    Value value = section.require("name", "a name");
    String name = value == null ? null : value.name();
    if (value != null && name != null) {
      Place taken = names.putIfAbsent(name, value.place());
      if (taken != null) {
        value.error("\"" + name + "\" is already the name of the coordinator at " + taken);
      }
    }
    return name;
  }

  private static @Nullable String host(Section section) {
    Value host = section.find("host");
    if (host != null) {
      return Addresses.host(host);
    }
    Value name = section.find("name");
    if (name == null) {
      return null;
    }
    section.inForce("host", name);
    return Addresses.host(name);
  }

  private static CoordinatorConfig settings(String name, String host, Section section) {
    Section portSection = section.section("ports");
    Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
    for (Protocol protocol : Protocol.values()) {
      int port = portSection.get(protocol.word()).integerOr("none", 0, 1, 65535);
      if (port != 0) {
        ports.put(protocol, port);
      }
    }
    int web = portSection.get("web").integerOr("none", 0, 1, 65535);
    return new CoordinatorConfig(
        name,
        host,
        ports,
        web == 0 ? OptionalInt.empty() : OptionalInt.of(web),
        section.get("weight").integer(0, 256),
        section.get("maxconn").integerOr("none", 0, 1, 1_000_000),
        section.get("state").word(AdminState.values(), AdminState::word));
  }
}
