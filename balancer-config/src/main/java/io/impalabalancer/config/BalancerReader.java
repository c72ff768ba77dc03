package io.impalabalancer.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads the whole of {@code impala-balancer}, in the order of {@code reference.conf}. */
final class BalancerReader {
  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration MOST_OFTEN = Duration.ofMillis(100);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration YEAR = Duration.ofDays(365);
  static final int MOST_CONNECTIONS = 10_000_000;
  private static final int MOST_PIPES = 100_000;
  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;
  private static final long TIB = 1024 * 1024 * MIB;

  private BalancerReader() {}

  static BalancerConfig read(Problems problems, Section root) {
    int maxconn = root.get("maxconn").integer(1, MOST_CONNECTIONS);
    int threads = root.get("threads").integerOr("auto", 0, 1, 1024);
    WireKind wire = root.get("wire").word(WireKind.values(), WireKind::word);
    long bufferLimit = root.get("buffer-limit").size(MIB, TIB);
    int maxpipes = root.get("maxpipes").integer(0, MOST_PIPES);
    Value stateFile = root.get("state-file");
    Path statePath = stateFile.is("none") ? null : stateFile.file();
    Duration watch = root.get("watch").durationOrInfinite(MOST_OFTEN, DAY);
    DiscoverReader discover = new DiscoverReader(root.section("discover"));
    CoordinatorReader reader = CoordinatorReader.of(root);
    List<Placed<CoordinatorConfig>> placed = reader.read(discover.isOn());
    List<CoordinatorConfig> coordinators = placed.stream().map(Placed::value).toList();
    PoolReader pools = PoolReader.read(root, coordinators, discover.isOn());
    ListenerReader listeners =
        ListenerReader.read(root, maxconn, coordinators, discover.isOn(), pools.pools());
    List<Bound> bounds = new ArrayList<>(listeners.bounds());
    BalancerConfig config =
        new BalancerConfig(
            coordinators,
            discover.read(reader.template(), pools.rules()),
            pools.pools(),
            listeners.listeners().stream().map(Placed::value).toList(),
            CheckReader.read(root.section("check")),
            resolve(root.section("resolve")),
            StatsReader.read(root.section("stats"), bounds),
            runtime(root.section("runtime")),
            log(root.section("log")),
            shutdown(root.section("shutdown")),
            maxconn,
            threads,
            wire,
            bufferLimit,
            maxpipes,
            Optional.ofNullable(statePath),
            watch);
    root.refuseUnknownKeys();
    new Validation(problems, root).judge(config, placed, listeners.listeners(), bounds);
    return config;
  }

  private static ResolveConfig resolve(Section section) {
    return new ResolveConfig(
        section.get("interval").duration(MILLISECOND, DAY),
        section.get("retry").duration(MILLISECOND, DAY));
  }

  private static RuntimeConfig runtime(Section section) {
    Value socket = section.get("socket");
    Path path = socket.is("none") ? null : socket.file();
    Value modeValue = section.get("mode");
    String expected = "three octal digits in quotes, such as \"600\"";
    String mode = modeValue.text(expected);
    if (mode != null && !mode.matches("[0-7]{3}")) {
      modeValue.unexpected(expected);
      mode = null;
    }
    return new RuntimeConfig(
        Optional.ofNullable(path),
        mode == null ? 0 : Integer.parseInt(mode, 8),
        section.get("level").word(RuntimeConfig.Level.values(), RuntimeConfig.Level::word));
  }

  private static LogConfig log(Section section) {
    Value sessions = section.get("sessions");
    LogConfig.SessionLog to =
        sessions.word(
            LogConfig.SessionLog.values(), value -> value.name().toLowerCase(Locale.ROOT));
    Value file = section.find("session-file");
    Path path = file == null ? null : file.file();
    if (to == LogConfig.SessionLog.FILE && file == null) {
      sessions.error("the sessions go to a file, expected log.session-file = its path");
    }
    return new LogConfig(
        to,
        Optional.ofNullable(path),
        section.get("roll-size").sizeOrNone(4 * KIB, TIB),
        section.get("roll-keep").integer(1, 1000),
        section
            .get("format")
            .word(LogConfig.Format.values(), f -> f.name().toLowerCase(Locale.ROOT)),
        SyslogReader.read(section.section("syslog")),
        section.get("queue").integer(16, 1_000_000),
        section
            .get("level")
            .word(new String[] {"error", "warn", "info", "debug", "trace"}, w -> w));
  }

  private static ShutdownConfig shutdown(Section section) {
    return new ShutdownConfig(
        section.get("delay").duration(Duration.ZERO, DAY),
        section.get("grace").durationOrInfinite(Duration.ZERO, YEAR),
        section.get("hard-stop-after").durationOrInfinite(Duration.ZERO, YEAR));
  }
}
