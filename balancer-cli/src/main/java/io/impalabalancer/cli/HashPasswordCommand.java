package io.impalabalancer.cli;

import io.impalabalancer.cli.web.PasswordHash;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code hash-password}: makes the hash that {@code stats.users} wants. The password is asked for
 * twice on a terminal, or is the first line of standard input; never an argument, which every user
 * of the machine could see.
 */
@Command(
    name = "hash-password",
    description = {
      "Makes the hash of a password, for stats.users of the configuration.",
      "Asks for the password, or takes the first line of standard input."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class HashPasswordCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    String password = password(err);
    if (password == null) {
      return ExitStatus.USAGE;
    }
    byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > PasswordHash.MAX_BYTES) {
      err.println(
          "impala-balancer: the password has %d bytes, expected 1 to %d: bcrypt looks at no more"
              .formatted(bytes.length, PasswordHash.MAX_BYTES));
      return ExitStatus.USAGE;
    }
    spec.commandLine().getOut().println(PasswordHash.of(bytes));
    return ExitStatus.OK;
  }

  /** Returns what was typed, null if it cannot be taken. */
  @SuppressWarnings("SystemConsoleNull") // asked as well
  private static @Nullable String password(PrintWriter err) throws IOException {
    Console console = System.console();
    if (console == null || !isTerminal(console)) {
      String line =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      return line == null ? "" : line;
    }
    char[] once = console.readPassword("Password: ");
    char[] again = console.readPassword("Again: ");
    if (once == null || !Arrays.equals(once, again)) {
      err.println("impala-balancer: the two passwords differ");
      return null;
    }
    return new String(once);
  }

  /** Returns whether somebody types there: a Java 22 or newer may have a console without one. */
  private static boolean isTerminal(Console console) {
    try {
      return Runtime.version().feature() < 22
          || (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a Java 22 knows whether a console is a terminal", e);
    }
  }
}
