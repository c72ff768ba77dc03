package io.impalabalancer.cli;

import io.impalabalancer.config.BindAddress;
import io.impalabalancer.core.EpollHandover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a new process of the installed program in the place of this one: starts it with the same
 * command, gives it the listening sockets and the state, and once it accepts, accepts no more. A
 * socket lives on as long as one process has it, so no client in its queue is lost. If the
 * successor fails, this process goes on as before. Any thread but an event loop.
 */
final class Upgrade {
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
  private final ReentrantLock busy = new ReentrantLock();

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

  /** Returns the successor's process id. */
  long upgrade(String by) throws IOException {
    if (!busy.tryLock()) {
      throw new IOException("another upgrade is under way");
    }
    try {
      LOG.info("event=upgrade-begun by={} command=\"{}\"", by, String.join(" ", command));
      long successor = handOver();
      LOG.info("event=upgrade result=ok by={} pid={}", by, successor);
      return successor;
    } catch (IOException e) {
      LOG.error(
          "event=upgrade result=failed by={} reason=\"{}\" action=\"this process goes on\"",
          by,
          e.getMessage());
      throw e;
    } finally {
      busy.unlock();
    }
  }

  private long handOver() throws IOException {
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
        Files.writeString(state, KeptState.ofAll(server.balancer(), addresses(sockets)));
        successor.send(sockets.values().iterator().next(), LIMIT);
        for (int descriptor : sockets.values()) {
          successor.send(descriptor, LIMIT);
        }
        successor.awaitReady(LIMIT, process::isAlive);
        ready = true;
        server.stopServing();
        notify.handOver(process.pid());
        handedOver.run();
        return process.pid();
      } finally {
        if (!ready) {
          process.destroyForcibly();
        }
      }
    } finally {
      Files.deleteIfExists(state);
      Files.deleteIfExists(doorPath);
      Files.deleteIfExists(directory);
    }
  }

  private Process start(Path directory) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    OWN.forEach(builder.environment()::remove);
    builder.environment().put(Inheritance.DIRECTORY, directory.toString());
    return builder.start();
  }

  private static Map<String, Object> addresses(Map<BindAddress, Integer> sockets) {
    List<String> addresses = new ArrayList<>();
    sockets.keySet().forEach(address -> addresses.add(Inheritance.text(address)));
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("sockets", addresses);
    return more;
  }
}
