package io.impalabalancer.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real HiveServer2 on 127.0.0.1, in a process of its own: the coordinator of the tests.
 *
 * <p>{@link #NAME_QUERY} asks a server for its name, which tells a client behind a balancer where
 * it got to. Not safe for use by several threads.
 */
final class HiveServer2Process implements AutoCloseable {

  /** How a client makes itself known. */
  enum Authentication {
    /** The bare Thrift protocol. */
    NOSASL(";auth=noSasl"),
    /** SASL PLAIN, with any user and password. */
    NONE("");

    private final String urlSuffix;

    Authentication(String urlSuffix) {
      this.urlSuffix = urlSuffix;
    }

    /** Returns the JDBC address for a port of 127.0.0.1. */
    String url(int port) {
      return "jdbc:hive2://127.0.0.1:" + port + "/" + urlSuffix;
    }
  }

  /** Answers with one row and column: the server's name. */
  static final String NAME_QUERY = "select reflect('java.lang.System', 'getProperty', 'it.name')";

  private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);

  /** Packages that Hive looks into by reflection. */
  private static final List<String> OPENED =
      List.of(
          "java.lang",
          "java.util",
          "java.net",
          "java.nio",
          "java.io",
          "java.util.concurrent",
          "java.util.concurrent.atomic",
          "java.util.regex",
          "java.time");

  private final String name;
  private final int port;
  private final Authentication authentication;
  private ChildProcess process;

  private HiveServer2Process(String name, int port, Authentication authentication) {
    this.name = name;
    this.port = port;
    this.authentication = authentication;
    this.process = launch();
  }

  /** Starts a server, which needs some seconds to be ready: {@link #awaitReady}. */
  static HiveServer2Process start(String name, int port, Authentication authentication) {
    return new HiveServer2Process(name, port, authentication);
  }

  String name() {
    return name;
  }

  int port() {
    return port;
  }

  /** Returns the JDBC address that leads straight to this server. */
  String url() {
    return authentication.url(port);
  }

  /** Waits until the server listens; the line's time is when it said so. */
  ChildProcess.Line awaitReady() {
    return process.awaitLine("READY", line -> line.text().equals("READY " + port), READY_TIMEOUT);
  }

  /** Ends the server as {@code kill -9} does, and returns when it is gone. */
  void kill() {
    process.kill();
  }

  /** Starts it again, on the same port, after {@link #kill}. */
  void restart() {
    process.close();
    process = launch();
  }

  @Override
  public void close() {
    process.close();
  }

  private ChildProcess launch() {
    jdk(); // first: nobody would delete the directory if there is none
    Path directory = ChildProcess.newDirectory(name);
    return ChildProcess.start(
        name, directory, Map.of(), command(name, "127.0.0.1", port, authentication, directory));
  }

  /**
   * Returns the command that runs a server.
   *
   * @param bind the address that it listens on
   * @param directory an existing one for its files
   */
  static List<String> command(
      String name, String bind, int port, Authentication authentication, Path directory) {
    List<String> command = new ArrayList<>();
    command.add(jdk().resolve("bin/java").toString());
    OPENED.forEach(opened -> {
      command.add("--add-opens");
      command.add("java.base/" + opened + "=ALL-UNNAMED");
    });
    command.add("-Xmx512m");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:TieredStopAtLevel=1"); // it lives for a minute: start soon
    command.add("-Dorg.apache.logging.log4j.level=FATAL");
    command.add("-Dit.name=" + name);
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath()));
    command.add("io.impalabalancer.it.hiveserver2.HiveServer2Main");
    command.add(bind);
    command.add(Integer.toString(port));
    command.add(authentication.name());
    command.add(directory.toString());
    return command;
  }

  /** Returns what the module beside this one left: its classes and the class path they need. */
  static List<String> classPath() {
    Path target = Path.of("hiveserver2", "target").toAbsolutePath();
    try {
      return Stream.concat(
              Stream.of(target.resolve("classes").toString()),
              Stream.of(
                  Files.readString(target.resolve("classpath.txt"))
                      .strip()
                      .split(File.pathSeparator, -1)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("build the module src-it/hiveserver2 first", e);
    }
  }

  /** Returns the home of a JDK that Hadoop 3.3 runs on: 17 to 23. */
  static Path jdk() {
    Path given = Path.of(System.getProperty("test.jdk17.home", ""));
    int running = Runtime.version().feature();
    Optional<Path> found = Optional.empty();
    if (Files.isExecutable(given.resolve("bin/java"))) {
      found = Optional.of(given);
    } else if (running >= 17 && running <= 23) {
      found = Optional.of(Path.of(System.getProperty("java.home")));
    }
    return Requirement.of(
        found,
        "a JDK 17 for HiveServer2, named by -Dtest.jdk17.home (found none at " + given + ")");
  }

  /** Returns the home of that JDK, and the directory where Debian's has some of its files. */
  static List<Path> jdkFiles() {
    return Stream.of(jdk(), Path.of("/etc/java-17-openjdk")).filter(Files::exists).toList();
  }
}
