package io.impalabalancer.cli.convert;

/**
 * An address to listen on.
 *
 * @param host in numbers, an IPv6 one without brackets
 * @param acceptProxy whether its clients come with a PROXY header
 */
record Bind(String host, int port, boolean acceptProxy, Line line) {

  /** Returns it as the configuration writes it. */
  String address() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  boolean isLoopback() {
    return host.startsWith("127.") || host.equals("::1");
  }
}
