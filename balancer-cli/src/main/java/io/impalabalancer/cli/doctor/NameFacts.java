package io.impalabalancer.cli.doctor;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the name service says of a name.
 *
 * @param addresses empty if it does not resolve
 * @param reverse the names of those addresses; an address without one has none here
 */
record NameFacts(String name, List<InetAddress> addresses, Set<String> reverse) {

  /** Looks it up, forward and back; blocks. */
  static NameFacts of(String name) {
    try {
      List<InetAddress> addresses = Arrays.asList(InetAddress.getAllByName(name));
      Set<String> reverse = new LinkedHashSet<>();
      for (InetAddress address : addresses) {
        // Made from its bytes: it has no name yet, and asks for it.
        String back = InetAddress.getByAddress(address.getAddress()).getCanonicalHostName();
        if (!back.equals(address.getHostAddress())) {
          reverse.add(back);
        }
      }
      return new NameFacts(name, addresses, reverse);
    } catch (UnknownHostException e) {
      return new NameFacts(name, List.of(), Set.of());
    }
  }

  boolean resolves() {
    return !addresses.isEmpty();
  }

  /** Whether it is an address itself. */
  boolean isAddress() {
    return addresses.stream().anyMatch(address -> address.getHostAddress().equals(name));
  }

  /** Whether one of its addresses leads back to it. */
  boolean leadsBack() {
    return reverse.stream().anyMatch(name::equalsIgnoreCase);
  }
}
