package io.impalabalancer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program that a test started, with a temporary working directory and what it wrote to standard
 * output and error. Safe for use by any thread; {@link #close} ends it at once, and fails if it
 * logged an ERROR.
 */
final class ChildProcess implements AutoCloseable {

  /** A line that the program wrote, and when it was read ({@link System#nanoTime}). */
  record Line(long nanos, String text) {}

  /** What no test may bring about. Of an upgrade that failed, the test looks at the line itself. */
  private static final Pattern ERROR =
      Pattern.compile("(<3>|\\d{4}-\\d\\d-\\d\\dT\\S+ )ERROR \\w+ (?!event=upgrade ).*");

  private static final Duration END_TIMEOUT = Duration.ofSeconds(20);

  private final String name;
  private final Path directory;
  private final Process process;
  private final List<Line> lines = new ArrayList<>(); // guarded by itself, notified at each line
  private boolean outputEnded; // guarded by lines

  private ChildProcess(String name, Path directory, Process process) {
    this.name = name;
    this.directory = directory;
    this.process = process;
  }

  /**
   * Starts a program.
   *
   * @param name for messages and the names of files
   * @param directory its working directory, which {@link #close} deletes
   * @param environment added to this process' own
   */
  static ChildProcess start(
      String name, Path directory, Map<String, String> environment, List<String> command) {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      ChildProcess child = new ChildProcess(name, directory, builder.start());
      Thread reader = new Thread(child::readOutput, name + "-output");
      reader.setDaemon(true);
      reader.start();
      return child;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name + ": " + command.get(0), e);
    }
  }

  /** Returns a new temporary directory. */
  static Path newDirectory(String name) {
    try {
      return Files.createTempDirectory("impala-balancer-it-" + name + "-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long pid() {
    return process.pid();
  }

  /** Returns what the program wrote until now. */
  List<Line> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** Forgets what the program wrote until now. */
  void forgetLines() {
    synchronized (lines) {
      lines.clear();
    }
  }

  /**
   * Waits for a line that the program wrote or will write.
   *
   * @throws AssertionError with the last lines, if it did not come in time or the output ended
   */
  Line awaitLine(String what, Predicate<Line> wanted, Duration timeout) {
    long start = System.nanoTime();
    int next = 0;
    synchronized (lines) {
      while (true) {
        for (; next < lines.size(); next++) {
          if (wanted.test(lines.get(next))) {
            return lines.get(next);
          }
        }
        long leftMillis = timeout.toMillis() - (System.nanoTime() - start) / 1_000_000;
        if (outputEnded || leftMillis <= 0) {
          throw new AssertionError(
              "%s did not say %s within %s%s; its last lines:%n%s"
                  .formatted(name, what, timeout, outputEnded ? ", but ended" : "", lastLines()));
        }
        try {
          lines.wait(leftMillis);
        } catch (InterruptedException e) {
          throw interrupted(e);
        }
      }
    }
  }

  /** Sends a signal, such as {@code TERM}. */
  void signal(String signal) {
    signal(signal, process.pid());
  }

  /** Sends a signal to a process. */
  static void signal(String signal, long pid) {
    try {
      int status =
          new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
              .inheritIO()
              .start()
              .waitFor();
      if (status != 0) {
        throw new AssertionError("kill -" + signal + " of " + pid + " gave status " + status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * Waits for the end of the program and of its output, and returns its exit status; 128 + n if
   * signal n ended it.
   *
   * @throws AssertionError if it did not end in time
   */
  int awaitExit(Duration timeout) {
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            "%s did not end within %s; its last lines:%n%s".formatted(name, timeout, lastLines()));
      }
      synchronized (lines) {
        while (!outputEnded) {
          lines.wait();
        }
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Ends the program at once, as {@code kill -9} does, and returns when it is gone. */
  void kill() {
    process.destroyForcibly();
    awaitExit(END_TIMEOUT);
  }

  @Override
  public void close() {
    kill();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(lines()).extracting(Line::text).noneMatch(text -> ERROR.matcher(text).matches());
  }

  private void readOutput() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      String text;
      while ((text = output.readLine()) != null) {
        synchronized (lines) {
          lines.add(new Line(System.nanoTime(), text));
          lines.notifyAll();
        }
      }
    } catch (IOException killed) {
      // The stream was closed meanwhile.
    } finally {
      synchronized (lines) {
        outputEnded = true;
        lines.notifyAll();
      }
    }
  }

  private String lastLines() {
    synchronized (lines) {
      return String.join(
          System.lineSeparator(),
          lines.subList(Math.max(0, lines.size() - 40), lines.size()).stream()
              .map(Line::text)
              .toList());
    }
  }

  private static AssertionError interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new AssertionError("interrupted", e);
  }
}
