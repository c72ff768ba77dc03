package io.impalabalancer.cli.convert;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * HAProxy configurations as they are found in the field, in two languages: {@code legacy}, which
 * HAProxy 2.6 no longer accepts, and {@code modern}, which it does.
 */
final class Corpus {
  static final Path DIRECTORY =
      Path.of("src", "test", "resources", "io", "impalabalancer", "cli", "convert");

  /** What the configurations find in the environment. */
  static final Map<String, String> ENVIRONMENT =
      Map.of("COORDINATOR_1", "10.0.1.1", "COORDINATOR_2", "10.0.1.2");

  /** Stands for the hash of any password. */
  static final String HASH = "$2b$12$abcdefghijklmnopqrstuuMKuP5qCxZbJNsCMiRDPLRIZ.rEyZvxu";

  private Corpus() {}

  /** Returns every configuration: a file, or a directory of files. */
  static List<Path> all() {
    try (Stream<Path> legacy = Files.list(DIRECTORY.resolve("legacy"));
        Stream<Path> modern = Files.list(DIRECTORY.resolve("modern"))) {
      return Stream.concat(legacy, modern)
          .filter(path -> Files.isDirectory(path) || path.toString().endsWith(".cfg"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Conversion.Source> sources(Path configuration) {
    List<Conversion.Source> sources = new ArrayList<>();
    try (Stream<Path> files =
        Files.isDirectory(configuration) ? Files.list(configuration) : Stream.of(configuration)) {
      for (Path file : files.sorted().toList()) {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        sources.add(new Conversion.Source(file.getFileName().toString(), text));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sources;
  }

  static Conversion convert(List<Conversion.Source> sources) {
    return Conversion.of(sources, ENVIRONMENT, password -> HASH);
  }

  static Conversion convert(String text) {
    return convert(List.of(new Conversion.Source("haproxy.cfg", text)));
  }

  /** Returns the result, the lists, and what is wrong. */
  static String printed(Conversion conversion) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    conversion.print(out);
    conversion.errors().forEach(error -> out.println(error.place() + ": " + error.message()));
    return conversion.result() + text;
  }
}
