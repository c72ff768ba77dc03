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
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Text becomes a tree: parsed, laid over {@code reference.conf}, and every substitution done. */
final class Hocon {

  /** Origin of what stands for a variable that is not set. */
  static final String UNSET = "unset variable";

  private static final String ROOT = "impala-balancer";
  private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{\\??([^}]+)}");
  private static final Pattern UNSET_SUBSTITUTION =
      Pattern.compile("Could not resolve substitution to a value: \\$\\{([^}]+)}");

  /** A hint of the parser that is of no use here. */
  private static final String RENAME =
      ", or you may be able to rename the file .properties rather than .conf";

  private final Problems problems;
  private final Place file;

  private Hocon(Problems problems, String name) {
    this.problems = problems;
    this.file = new Place(name, 0);
  }

  /** Reads a file; includes are relative to it. */
  static Section read(Problems problems, Path path) throws ConfigException {
    Hocon hocon = new Hocon(problems, path.toString());
    try {
      if (Files.isDirectory(path)) {
        throw new IOException("a directory, expected a file");
      }
      Files.newInputStream(path).close();
    } catch (IOException e) {
      throw hocon.refusal(hocon.file, reason(e));
    }
    return hocon.read(
        () -> ConfigFactory.parseFile(path.toFile(), options().setAllowMissing(false)),
        () -> lines(path));
  }

  static Section read(Problems problems, String name, String text) throws ConfigException {
    return new Hocon(problems, name)
        .read(
            () -> ConfigFactory.parseString(text, options().setOriginDescription(name)),
            text::lines);
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

  private Section read(Supplier<Config> parser, Supplier<Stream<String>> lines)
      throws ConfigException {
    Config user = parse(parser, lines);
    refuseStrayKeys(user);
    Config reference = reference();
    ConfigObject merged = resolve(user.withFallback(reference)).root();
    ConfigValue root = Objects.requireNonNull(merged.get(ROOT));
    Place place = Place.of(Objects.requireNonNull(user.root().get(ROOT)).origin(), file);
    if (!(root instanceof ConfigObject object)) {
      new Value(problems, ROOT, root, file).unexpected("an object, impala-balancer { ... }");
      throw problems.refusal();
    }
    Section defaults = new Section(problems, "", reference.resolve().getObject(ROOT), file, null);
    return new Section(problems, "", object, place, defaults);
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

  private Config parse(Supplier<Config> parser, Supplier<Stream<String>> lines)
      throws ConfigException {
    try {
      return parser.get();
    } catch (com.typesafe.config.ConfigException.IO e) {
      String included = e.origin() == null ? "" : e.origin().description();
      throw refusal(
          placeOfInclude(included, lines.get().toList()),
          "the included file \"" + included + "\" is missing or cannot be read");
    } catch (com.typesafe.config.ConfigException e) {
      throw refusal(place(e), "syntax error: " + detail(e).replace(RENAME, ""));
    } catch (StackOverflowError e) {
      throw refusal(file, "objects or lists in it are nested too deeply to be read");
    }
  }

  private Place placeOfInclude(String included, List<String> lines) {
    for (int line = 1; line <= lines.size(); line++) {
      String text = lines.get(line - 1);
      if (text.contains("include") && text.contains(included)) {
        return new Place(file.file(), line);
      }
    }
    return file;
  }

  /** Refuses what stands beside {@code impala-balancer}, unless a substitution uses it. */
  private void refuseStrayKeys(Config user) throws ConfigException {
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
      throw refusal(
          file,
          "\"impala-balancer\" is missing, expected"
              + " impala-balancer { coordinators = [...], listeners = [...] }");
    }
  }

  /**
   * Does all substitutions. A variable that is not set is reported, and a text takes its place, of
   * which nothing more is said.
   */
  private Config resolve(Config config) throws ConfigException {
    Config standIns = ConfigFactory.empty();
    while (true) {
      try {
        return config.withFallback(standIns).resolve();
      } catch (com.typesafe.config.ConfigException e) {
        Matcher unset = UNSET_SUBSTITUTION.matcher(detail(e));
        if (!unset.matches() || standIns.hasPath(unset.group(1))) {
          throw refusal(place(e), detail(e));
        }
        String variable = unset.group(1);
        problems.error(
            place(e),
            ("${%1$s} is not set: no key and no environment variable has that name; write"
                    + " ${?%1$s} if it may be missing")
                .formatted(variable));
        standIns = standIns.withValue(variable, ConfigValueFactory.fromAnyRef("", UNSET));
      }
    }
  }

  /** Reports a problem after which nothing more can be read. */
  private ConfigException refusal(Place place, String message) {
    problems.error(place, message);
    return problems.refusal();
  }

  private Place place(com.typesafe.config.ConfigException e) {
    ConfigOrigin origin = e.origin();
    return origin == null ? file : Place.of(origin, file);
  }

  private static Stream<String> lines(Path path) {
    try {
      return Files.readAllLines(path).stream();
    } catch (IOException e) {
      return Stream.of();
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
