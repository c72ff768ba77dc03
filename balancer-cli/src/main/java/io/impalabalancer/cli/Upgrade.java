package io.impalabalancer.cli;

import io.impalabalancer.cli.operation.Upgrades;
import io.impalabalancer.config.BindAddress;
import io.impalabalancer.core.EpollHandover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a new process of the installed program in the place of this one: starts it with the same
 * command, gives it the listening sockets and the state, and once it accepts, accepts no more. A
 * socket lives on as long as one process has it, so no client in its queue is lost. If the
 * successor fails, this process goes on as before. One at a time, on a thread of its own.
 */
final class Upgrade implements Upgrades {
  private static final Logger LOG = LoggerFactory.getLogger(Upgrade.class);

  /** The launcher says there how it was called. */
  static final String LAUNCHER = "IMPALA_BALANCER_LAUNCHER";

  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** What is meant for one process only: this one. */
  private static final List<String> OWN =
      List.of("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", Inheritance.DIRECTORY);

  private final List<String> command;
  private final BalancerServer server;
  private final Notify notify;
  private final Runnable handedOver;
  private Result last = Result.NONE;

  /**
   * Makes one.
   *
   * @param command starts the successor; empty if it is not known
   * @param handedOver is run when the successor accepts
   */
  Upgrade(List<String> command, BalancerServer server, Notify notify, Runnable handedOver) {
    this.command = command;
    this.server = server;
    this.notify = notify;
    this.handedOver = handedOver;
  }

  /**
   * Opens every jar of the program. An installer puts a new version in the place of the old one
   * before the upgrade: then the old jars are gone, and this process may still need their classes.
   */
  static void openJars() throws IOException {
    // To know that nobody has it, each one is looked into.
    Upgrade.class.getClassLoader().getResources("impala-balancer/nothing").hasMoreElements();
  }

  @Override
  public synchronized Result last() {
    return last;
  }

  @Override
  public synchronized boolean begin(String by) {
    if (last.state() == State.RUNNING || last.state() == State.DONE) {
      LOG.warn("event=upgrade-refused by={} reason=\"another one is under way\"", by);
      return false;
    }
    last = new Result(Instant.now(), by, State.RUNNING, 0, "");
    Thread thread = new Thread(() -> run(by), "upgrade");
    thread.setDaemon(true);
    thread.start();
    return true;
  }

  private void run(String by) {
    LOG.info("event=upgrade-begun by={} command=\"{}\"", by, String.join(" ", command));
    try {
      long successor = handOver(by);
      LOG.info("event=upgrade result=ok by={} pid={}", by, successor);
      ended(new Result(Instant.now(), by, State.DONE, successor, ""));
      handedOver.run();
    } catch (IOException | RuntimeException e) {
      String reason = String.valueOf(e.getMessage());
      LOG.error(
          "event=upgrade result=failed by={} reason=\"{}\" action=\"this process goes on\"",
          by,
          reason,
          e instanceof RuntimeException ? e : null);
      server.events().process("upgrade", "failed", "by %s: %s".formatted(by, reason));
      ended(new Result(Instant.now(), by, State.FAILED, 0, reason));
    }
  }

  private synchronized void ended(Result result) {
    last = result;
  }

  private long handOver(String by) throws IOException {
    if (command.isEmpty()) {
      throw new IOException("it is not known how this process was started");
    }
    Map<BindAddress, Integer> sockets = server.descriptors();
    if (sockets.containsValue(-1)) {
      throw new IOException("wire = channel cannot give its sockets away, restart instead");
    }
    if (server.isEnding()) {
      throw new IOException("this process ends");
    }
    Path directory = Files.createTempDirectory("impala-balancer-");
    Path doorPath = directory.resolve(Inheritance.DOOR);
    Path state = directory.resolve(Inheritance.STATE);
    try (EpollHandover.Door door = new EpollHandover.Door(doorPath)) {
      Process process = start(directory);
      boolean ready = false;
      try (EpollHandover successor = door.accept(LIMIT, process::isAlive)) {
        Files.writeString(state, server.state(more(sockets, by)));
        successor.send(sockets.values().iterator().next(), LIMIT);
        for (int descriptor : sockets.values()) {
          successor.send(descriptor, LIMIT);
        }
        successor.awaitReady(LIMIT, process::isAlive);
        ready = true;
        server.stopServing();
        notify.handOver(process.pid());
        return process.pid();
      } finally {
        if (!ready) {
          goOn(process);
        }
      }
    } finally {
      Files.deleteIfExists(state);
      Files.deleteIfExists(doorPath);
      Files.deleteIfExists(directory);
    }
  }

  /** Ends a successor that has failed, and takes back what it had taken. */
  private void goOn(Process successor) {
    successor.destroyForcibly().onExit().join();
    try {
      server.goOn();
    } catch (IOException e) {
      LOG.error("event=runtime-socket-lost reason=\"{}\"", e.getMessage());
    }
  }

  private Process start(Path directory) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    OWN.forEach(builder.environment()::remove);
    builder.environment().put(Inheritance.DIRECTORY, directory.toString());
    return builder.start();
  }

  private static Map<String, Object> more(Map<BindAddress, Integer> sockets, String by) {
    List<String> addresses = new ArrayList<>();
    sockets.keySet().forEach(address -> addresses.add(Inheritance.text(address)));
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("sockets", addresses);
    more.put("by", by);
    more.put(
        "process",
        "process %d, version %s".formatted(ProcessHandle.current().pid(), Main.version()));
    return more;
  }
}
