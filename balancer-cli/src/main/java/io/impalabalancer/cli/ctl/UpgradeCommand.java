package io.impalabalancer.cli.ctl;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code ctl upgrade}: puts the installed program in the place of the one that runs. */
@Command(
    name = "upgrade",
    description = "Has a new process of the installed program take over; no session is cut.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class UpgradeCommand implements Callable<Integer> {
  /** So many polls in a row a balancer may be silent while it hands over. */
  private static final int PATIENCE = 20;

  @ParentCommand private CtlCommand ctl;

  @Override
  public Integer call() throws InterruptedException {
    return ctl.with(balancer -> {
      String before = pid(balancer);
      String answer = balancer.ask("upgrade").strip();
      if (!answer.startsWith("The upgrade has begun")) {
        ctl.err().println("impala-balancer: " + answer);
        return CtlCommand.REFUSED;
      }
      return awaitSuccessor(balancer, before);
    });
  }

  /** Waits until another process answers, or the one that did says why none will. */
  private int awaitSuccessor(ControlSocket balancer, String before) throws InterruptedException {
    for (int silent = 0; ; ) {
      Thread.sleep(CtlCommand.POLL_MILLIS);
      String told;
      try {
        String now = pid(balancer);
        if (!now.equals(before)) {
          String version = balancer.ask("show", "version").strip();
          ctl.out()
              .printf(
                  "Process %s, version %s, has taken over; process %s ends with its last session.%n",
                  now, version, before);
          return CtlCommand.DONE;
        }
        told = balancer.ask("show", "upgrade").strip();
      } catch (ControlSocket.Unreachable e) {
        // The one that hands over may end between a question and its answer.
        if (++silent > PATIENCE) {
          throw e;
        }
        continue;
      }
      if (told.startsWith("failed")) {
        ctl.err()
            .printf(
                "impala-balancer: the upgrade %s; process %s goes on, its log says more%n",
                told, before);
        return CtlCommand.REFUSED;
      }
      if (told.startsWith("done") && ++silent > PATIENCE) {
        ctl.out().println(told + ", but it does not answer on this socket.");
        return CtlCommand.DONE;
      }
    }
  }

  private static String pid(ControlSocket balancer) {
    return balancer
        .ask("show", "info")
        .lines()
        .filter(line -> line.startsWith("Pid: "))
        .map(line -> line.substring(5))
        .findFirst()
        .orElse("");
  }
}
