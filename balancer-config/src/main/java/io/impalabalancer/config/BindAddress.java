package io.impalabalancer.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * A numeric address to listen on. {@code 0.0.0.0} and {@code ::} are two addresses; {@code ::}
 * takes IPv6 only.
 *
 * @param host an IPv4 or IPv6 address in numbers, without brackets
 * @param port 0 to 65535; 0 lets the kernel choose
 */
public record BindAddress(String host, int port) {

  /** Returns the same as a socket address; no name is looked up. */
  public InetSocketAddress toSocketAddress() {
    try {
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("not a numeric address: " + host, e);
    }
  }

  /** Returns {@code host:port}, an IPv6 host in brackets. */
  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
