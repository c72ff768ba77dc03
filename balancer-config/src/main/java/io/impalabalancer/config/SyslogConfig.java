package io.impalabalancer.config;

/**
 * A syslog server and how it is spoken to.
 *
 * @param host of the server, or with {@link Transport#UNIX} the path of its socket
 * @param port 0 with {@link Transport#UNIX}
 * @param facility syslog's number, 0 to 23
 * @param severity syslog's number, 0 to 7
 * @param hostname of this machine in the messages; empty: its own
 * @param tag the program's name in the messages
 */
public record SyslogConfig(
    Transport transport,
    String host,
    int port,
    Format format,
    int facility,
    int severity,
    String hostname,
    String tag) {

  /** How messages travel. */
  public enum Transport {
    UDP,
    TCP,
    UNIX
  }

  /** What messages look like. */
  public enum Format {
    RFC3164,
    RFC5424
  }

  @Override
  public String toString() {
    return switch (transport) {
      case UDP -> "udp://" + host + ":" + port;
      case TCP -> "tcp://" + host + ":" + port;
      case UNIX -> "unix:" + host;
    };
  }
}
