package io.impalabalancer.cli;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.BindAddress;
import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.ListenerConfig;
import io.impalabalancer.config.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this machine has to say to a configuration that is valid in itself. */
final class Machine {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Pattern OPEN_FILES = Pattern.compile("(?m)^Max open files +(\\d+) ");

  /**
   * Descriptors beside those of sessions and pipes: libraries, logs, listeners, checks, the web
   * port.
   */
  private static final int OTHER_DESCRIPTORS = 200;

  private Machine() {}

  /**
   * Looks up every host, tries every address and counts descriptors.
   *
   * @return what would go wrong here; the place of each says which part of the configuration
   */
  static List<Problem> warnings(BalancerConfig config) {
    List<Problem> warnings = new ArrayList<>();
    config.coordinators().forEach(coordinator -> lookUp(coordinator, warnings));
    for (ListenerConfig listener : config.listeners()) {
      listener.binds().forEach(bind -> tryBind("listener " + listener.name(), bind, warnings));
    }
    config.stats().bind().ifPresent(bind -> tryBind("stats", bind, warnings));
    openFiles().ifPresent(limit -> compareDescriptors(config, limit, warnings));
    return warnings;
  }

  private static void lookUp(CoordinatorConfig coordinator, List<Problem> warnings) {
    try {
      InetAddress.getByName(coordinator.host());
    } catch (UnknownHostException e) {
      warnings.add(
          new Problem(
              "coordinator " + coordinator.name(),
              "its host "
                  + coordinator.host()
                  + " does not resolve on this machine; it would be DOWN until it does"));
    }
  }

  private static void tryBind(String place, BindAddress bind, List<Problem> warnings) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(bind.toSocketAddress());
    } catch (IOException e) {
      warnings.add(
          new Problem(
              place,
              "cannot bind "
                  + bind
                  + " on this machine now: "
                  + e.getMessage()
                  + "; expected an address of this machine and a port that is free and allowed"));
    }
  }

  private static void compareDescriptors(
      BalancerConfig config, long limit, List<Problem> warnings) {
    int maxconn = config.maxconn();
    long others = OTHER_DESCRIPTORS + 2L * config.maxpipes();
    long needed = 2L * maxconn + others;
    if (limit < needed) {
      warnings.add(
          new Problem(
              "maxconn",
              "this process may open "
                  + limit
                  + " files, but "
                  + maxconn
                  + " sessions need up to "
                  + needed
                  + "; raise the limit (ulimit -n, LimitNOFILE) or lower maxconn to "
                  + Math.max(1, (limit - others) / 2)));
    }
  }

  /** Returns the descriptors that this process may have, empty where the system does not say. */
  private static OptionalLong openFiles() {
    try {
      Matcher line = OPEN_FILES.matcher(Files.readString(LIMITS));
      return line.find() ? OptionalLong.of(Long.parseLong(line.group(1))) : OptionalLong.empty();
    } catch (IOException notLinux) {
      return OptionalLong.empty();
    }
  }
}
