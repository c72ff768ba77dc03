package io.impalabalancer.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text becomes a tree: parsed, laid over {@code reference.conf}, and every substitution done. */
final class Hocon {

  /** Origin of what stands for a variable that is not set. */
  static final String UNSET = "unset variable";

  private static final String ROOT = "impala-balancer";
  private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{\\??([^}]+)}");
  private static final Pattern UNRESOLVED =
      Pattern.compile("Could not resolve substitution to a value: (\\$\\{([^}]+)}.*)");

  /** A hint of the parser that is of no use here. */
  private static final String RENAME =
      ", or you may be able to rename the file .properties rather than .conf";

  private final Problems problems;
  private final String name;

  private Hocon(Problems problems, String name) {
    this.problems = problems;
    this.name = name;
  }

  /** Reads a file; includes are relative to it. */
  static Section read(Problems problems, Path file) throws ConfigException {
    Hocon hocon = new Hocon(problems, file.toString());
    try {
      if (Files.isDirectory(file)) {
        throw new IOException("a directory, expected a file");
      }
      Files.newInputStream(file).close();
    } catch (IOException e) {
      problems.error(new Place(file.toString(), 0), reason(e));
      problems.throwIfAny();
    }
    return hocon.read(
        () -> ConfigFactory.parseFile(file.toFile(), options().setAllowMissing(false)));
  }

  static Section read(Problems problems, String name, String text) throws ConfigException {
    return new Hocon(problems, name)
        .read(() -> ConfigFactory.parseString(text, options().setOriginDescription(name)));
  }

  /** Returns why a file cannot be read, in words. */
  static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "cannot be read: permission denied";
    }
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return "cannot be read: " + Objects.requireNonNullElse(reason, e.getClass().getSimpleName());
  }

  private static ConfigParseOptions options() {
    return ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF);
  }

  private Section read(Supplier<Config> parser) throws ConfigException {
    Place file = new Place(name, 0);
    Config user = parse(parser, file);
    refuseStrayKeys(user, file);
    Config reference = reference();
    ConfigObject merged = resolve(user.withFallback(reference), file).root();
    Section defaults = new Section(problems, "", object(reference.resolve().root()), file, null);
    return new Section(problems, "", object(merged), place(user, file), defaults);
  }

  private static Config reference() {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(Hocon.class.getResourceAsStream("/reference.conf")),
            StandardCharsets.UTF_8)) {
      return ConfigFactory.parseReader(reader, options().setOriginDescription(Place.BUILT_IN));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ConfigObject object(ConfigObject root) {
    return root.get(ROOT) instanceof ConfigObject object ? object : ConfigFactory.empty().root();
  }

  private static Place place(Config user, Place file) {
    ConfigValue raw = user.root().get(ROOT);
    return raw == null ? file : Place.of(raw.origin(), file);
  }

  private Config parse(Supplier<Config> parser, Place file) throws ConfigException {
    try {
      return parser.get();
    } catch (com.typesafe.config.ConfigException.IO e) {
      problems.error(file, "cannot be read: " + detail(e));
    } catch (com.typesafe.config.ConfigException e) {
      ConfigOrigin origin = e.origin();
      problems.error(
          origin == null ? file : Place.of(origin, file),
          "syntax error: " + detail(e).replace(RENAME, ""));
    }
    problems.throwIfAny();
    throw new IllegalStateException("unreachable");
  }

  /** Refuses what stands beside {@code impala-balancer}, unless a substitution uses it. */
  private void refuseStrayKeys(Config user, Place file) {
    Set<String> used = new HashSet<>();
    Matcher matcher =
        SUBSTITUTION.matcher(user.root().render(ConfigRenderOptions.concise().setJson(false)));
    while (matcher.find()) {
      used.add(ConfigUtil.splitPath(matcher.group(1)).get(0));
    }
    new TreeMap<>(user.root())
        .forEach((key, value) -> {
          if (!key.equals(ROOT) && !used.contains(key)) {
            problems.error(
                Place.of(value.origin(), file),
                "unknown key \""
                    + key
                    + "\" beside impala-balancer, and no ${...} uses it"
                    + Nearest.hint(key, List.of(ROOT)));
          }
        });
    if (!user.root().containsKey(ROOT)) {
      problems.error(
          file,
          "\"impala-balancer\" is missing, expected"
              + " impala-balancer { coordinators = [...], listeners = [...] }");
    }
  }

  /**
   * Does all substitutions. A variable that is not set is reported, and a text takes its place, of
   * which nothing more is said.
   */
  private Config resolve(Config config, Place file) throws ConfigException {
    Config standIns = ConfigFactory.empty();
    while (true) {
      try {
        return config.withFallback(standIns).resolve();
      } catch (com.typesafe.config.ConfigException e) {
        ConfigOrigin origin = e.origin();
        Place place = origin == null ? file : Place.of(origin, file);
        Matcher unresolved = UNRESOLVED.matcher(detail(e));
        if (!unresolved.matches()) {
          problems.error(place, detail(e));
          problems.throwIfAny();
        }
        String variable = unresolved.group(2);
        if (!unresolved.group(1).equals("${" + variable + "}") || standIns.hasPath(variable)) {
          problems.error(place, "cannot be resolved: " + unresolved.group(1));
          problems.throwIfAny();
        }
        problems.error(
            place,
            "${"
                + variable
                + "} is not set: no key and no environment variable has that name; write ${?"
                + variable
                + "} if it may be missing");
        standIns = standIns.withFallback(ConfigValueFactory.fromMap(Map.of(variable, ""), UNSET));
      }
    }
  }

  /** Returns an exception's message without the place before it. */
  private static String detail(com.typesafe.config.ConfigException e) {
    String message = Objects.requireNonNullElse(e.getMessage(), e.toString());
    ConfigOrigin origin = e.origin();
    String place = origin == null ? "" : origin.description() + ": ";
    return message.startsWith(place) ? message.substring(place.length()) : message;
  }
}
