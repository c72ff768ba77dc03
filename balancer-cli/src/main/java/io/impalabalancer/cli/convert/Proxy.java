package io.impalabalancer.cli.convert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code defaults}, {@code listen}, {@code frontend} or {@code backend} section says, with
 * what it has from the {@code defaults} that it stands on.
 */
final class Proxy {
  final Section section;

  /** By the key of the result, below a listener or, with {@code check.} before it, of its own. */
  final Map<String, Setting> settings = new LinkedHashMap<>();

  /** Of {@code default-server}, by keyword. */
  final Map<String, Setting> serverDefaults = new LinkedHashMap<>();

  final List<Bind> binds = new ArrayList<>();
  final List<Server> servers = new ArrayList<>();

  /** The {@code stats} lines and logins, its own and those it stands on. */
  final List<Line> stats = new ArrayList<>();

  /** The {@code acl} lines that ask who a user is, its own and those it stands on. */
  final List<Line> acls = new ArrayList<>();

  /** Whether one of its servers could not be read, which an error or a fate says. */
  boolean hasOtherServers;

  /** Set by a {@code stick on src}, which makes the client's address decide. */
  @Nullable Setting stickOnSource;

  @Nullable Setting backend;
  @Nullable Line disabled;
  boolean http;

  /** Whether a section stands on these {@code defaults}. */
  boolean isBase;

  boolean allBackups;

  Proxy(Section section, @Nullable Proxy base) {
    this.section = section;
    if (base != null) {
      base.isBase = true;
      settings.putAll(base.settings);
      serverDefaults.putAll(base.serverDefaults);
      stats.addAll(base.stats);
      acls.addAll(base.acls);
      stickOnSource = base.stickOnSource;
      backend = base.backend;
      disabled = base.disabled;
      http = base.http;
      allBackups = base.allBackups;
    }
  }

  String kind() {
    return section.kind();
  }

  String name() {
    return section.name();
  }

  boolean listens() {
    return kind().equals("listen") || kind().equals("frontend");
  }

  boolean hasServers() {
    return kind().equals("listen") || kind().equals("backend");
  }

  /** Sets what a line of the section says; what an earlier one said has no meaning any more. */
  void set(String key, String value, Line line) {
    Setting before = settings.put(key, new Setting(value, line));
    if (before != null && before.line() != line && section.lines().contains(before.line())) {
      before
          .line()
          .instead(Line.Fate.MEANINGLESS, line.asReference(before.line()) + " says it again");
    }
    line.carried(key + " = " + value);
  }
}
