package io.impalabalancer.config;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * The addresses that begin with the same bits.
 *
 * @param host an IPv4 or IPv6 address in numbers
 * @param prefix how many of its bits count
 */
public record Network(String host, int prefix) {

  /** Returns whether an address is one of them; IPv4 and IPv6 addresses are never alike. */
  public boolean contains(InetAddress address) {
    byte[] bits = bits();
    byte[] other = address.getAddress();
    if (bits.length != other.length) {
      return false;
    }
    int whole = prefix / 8;
    for (int i = 0; i < whole; i++) {
      if (bits[i] != other[i]) {
        return false;
      }
    }
    int rest = prefix % 8;
    return rest == 0 || ((bits[whole] ^ other[whole]) & (0xff00 >> rest) & 0xff) == 0;
  }

  private byte[] bits() {
    try {
      return InetAddress.getByName(host).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("not a numeric address: " + host, e);
    }
  }

  @Override
  public String toString() {
    return host + "/" + prefix;
  }
}
