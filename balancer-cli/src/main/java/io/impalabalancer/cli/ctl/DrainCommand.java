package io.impalabalancer.cli.ctl;

import io.impalabalancer.cli.operation.Count;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code ctl drain}: takes a coordinator out of service for new sessions. */
@Command(
    name = "drain",
    description = "No new sessions for a coordinator; running ones live on.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DrainCommand implements Callable<Integer> {
  private static final int BAR = 30;

  @ParentCommand private CtlCommand ctl;

  @Parameters(paramLabel = "NAME", description = "The coordinator.")
  private String name;

  @Option(names = "--wait", description = "Waits until its last session has ended.")
  private boolean wait;

  @Mixin private Hosts hosts;

  @Override
  public Integer call() throws InterruptedException {
    int status = ctl.setState(name, "drain", hosts);
    if (status != CtlCommand.DONE || !wait) {
      return status;
    }
    return ctl.with(balancer -> {
      awaitDrained(() -> hosts.given() ? hosts.sessions(name) : sessionsOf(balancer, name));
      return CtlCommand.DONE;
    });
  }

  private void awaitDrained(LongSupplier sessions) throws InterruptedException {
    boolean terminal = Ansi.AUTO.enabled();
    long most = -1;
    long told = -1;
    while (true) {
      long left = sessions.getAsLong();
      most = Math.max(most, left);
      if (terminal) {
        int done = most == 0 ? BAR : (int) (BAR * (most - left) / most);
        ctl.out()
            .printf(
                "\r[%s%s] %d of %s left  ",
                "#".repeat(done), ".".repeat(BAR - done), left, Count.of(most, "session"));
      } else if (left != told) {
        ctl.out().println(Count.of(left, "session") + " left");
      }
      ctl.out().flush();
      told = left;
      if (left == 0) {
        break;
      }
      Thread.sleep(CtlCommand.POLL_MILLIS);
    }
    if (terminal) {
      ctl.out().println();
    }
  }

  private static long sessionsOf(ControlSocket balancer, String name) {
    return balancer
        .ask("show", "coordinators")
        .lines()
        .map(line -> line.split(" ", -1))
        .filter(words -> words.length > 4 && words[0].equals(name))
        .mapToLong(words -> Long.parseLong(words[4]))
        .findFirst()
        .orElse(0);
  }
}
