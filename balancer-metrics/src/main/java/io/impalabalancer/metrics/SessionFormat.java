package io.impalabalancer.metrics;

import io.impalabalancer.config.LogConfig;
import io.impalabalancer.core.SessionView;
import java.time.ZoneId;

/** A session as a line of text. One thread. */
interface SessionFormat {
  /** Stands where the termination of an ended session does. */
  String ALIVE = "alive";

  /** Appends a line, without its end, of a session that has ended or is told to be alive. */
  void append(SessionView session, StringBuilder out);

  /** Makes the one that the configuration asks for. */
  static SessionFormat of(LogConfig.Format format) {
    return switch (format) {
      case TCPLOG -> new TcplogFormat(ZoneId.systemDefault());
      case JSON -> new JsonFormat();
    };
  }
}
