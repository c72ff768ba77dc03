package io.impalabalancer.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Where coordinators are found beside those declared. At most one of {@code seeds}, {@code dns} and
 * {@code srv} is not empty.
 *
 * @param seeds web ports of the cluster, such as {@code http://host:25000}
 * @param dns names whose addresses are coordinators
 * @param srv names of SRV records by what their port is: a protocol's word, or {@code web}
 * @param nameServers who is asked; empty: those of the system
 * @param interval between two rounds
 * @param timeout for one answer
 * @param goneAfter how long answers have to leave a coordinator out until it is gone
 * @param most coordinators that may be found; an answer with more is refused
 * @param template what a coordinator that is found has where nothing else is known
 * @param pools how it becomes a member, by the name of the pool
 */
public record DiscoverConfig(
    List<URI> seeds,
    List<String> dns,
    Map<String, String> srv,
    List<InetSocketAddress> nameServers,
    Duration interval,
    Duration timeout,
    Duration goneAfter,
    int most,
    CoordinatorConfig template,
    Map<String, List<MemberRule>> pools) {

  public DiscoverConfig {
    seeds = List.copyOf(seeds);
    dns = List.copyOf(dns);
    srv = Map.copyOf(srv);
    nameServers = List.copyOf(nameServers);
    pools = Map.copyOf(pools);
  }

  /** Returns whether anything is looked for. */
  public boolean isOn() {
    return !seeds.isEmpty() || !dns.isEmpty() || !srv.isEmpty();
  }
}
