package io.impalabalancer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The logs.
 *
 * @param sessions where a line per session goes
 * @param sessionFile the file, present if {@code sessions} is {@link SessionLog#FILE}
 * @param rollSize bytes after which that file is rolled; 0 leaves rolling to others, who send
 *     SIGHUP
 * @param rollKeep rolled files kept
 * @param format of a session's line
 * @param syslog the server, if {@code sessions} is {@link SessionLog#SYSLOG}
 * @param queue sessions that wait for the log at most; beyond it lines are dropped and counted
 * @param level of everything else: {@code error}, {@code warn}, {@code info}, {@code debug} or
 *     {@code trace}
 */
public record LogConfig(
    SessionLog sessions,
    Optional<Path> sessionFile,
    long rollSize,
    int rollKeep,
    Format format,
    SyslogConfig syslog,
    int queue,
    String level) {

  /** What a session's line looks like. */
  public enum Format {
    TCPLOG,
    JSON
  }

  /** Where the session log goes. */
  public enum SessionLog {
    OFF,
    STDOUT,
    FILE,
    SYSLOG
  }
}
