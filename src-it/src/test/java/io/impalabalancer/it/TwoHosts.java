package io.impalabalancer.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Two hosts in one network with this machine: network namespaces {@code a} and {@code b}, with
 * addresses .1 and .2 on {@code eth0}, and the test itself at .254 and at the addresses that its
 * clients have. The switch between them is a namespace of its own, for it is not to be touched by
 * what this machine filters.
 */
final class TwoHosts implements AutoCloseable {
  static final List<String> HOSTS = List.of("a", "b");

  private final String prefix;
  private final String network;

  private TwoHosts(String prefix, String network) {
    this.prefix = prefix;
    this.network = network;
  }

  /** Makes them, or skips the running test where that is not possible. */
  static TwoHosts open() {
    Requirement.program("ip", "iproute2");
    int number = ThreadLocalRandom.current().nextInt(1, 250);
    TwoHosts hosts =
        new TwoHosts(
            "ib" + Long.toString(ProcessHandle.current().pid(), 36), "10.177." + number + ".");
    try {
      hosts.make();
    } catch (IOException e) {
      hosts.close();
      Requirement.of(
          Optional.empty(), "network namespaces, which root may make (" + e.getMessage() + ")");
    }
    return hosts;
  }

  private void make() throws IOException {
    String port = "link add name %s type veth peer name %s netns %s";
    ip("netns add " + name("switch"));
    in("switch", "link add name br0 type bridge");
    in("switch", "link set br0 up");
    for (String host : HOSTS) {
      ip("netns add " + name(host));
      in("switch", port.formatted("port-" + host, "eth0", name(host)));
      in("switch", "link set port-" + host + " master br0 up");
      in(host, "link set lo up");
      in(host, "link set eth0 up");
      in(host, "addr add " + address(HOSTS.indexOf(host) + 1) + "/24 dev eth0");
    }
    in("switch", port.formatted("port-test", prefix, ProcessHandle.current().pid()));
    in("switch", "link set port-test master br0 up");
    ip("link set " + prefix + " up");
    ip("addr add " + address(254) + "/24 dev " + prefix);
  }

  private String in(String namespace, String arguments) throws IOException {
    return ip("-n " + name(namespace) + " " + arguments);
  }

  /** Returns an address of the network. */
  String address(int last) {
    return network + last;
  }

  /** Gives the test another address in the network. */
  void addClient(int last) throws IOException {
    ip("addr add " + address(last) + "/24 dev " + prefix);
  }

  /** Returns what stands before a command that is to run on a host. */
  List<String> on(String host) {
    return List.of("ip", "netns", "exec", name(host));
  }

  /** Runs a command on a host and returns what it printed. */
  String run(String host, String... command) throws IOException {
    List<String> all = new ArrayList<>(on(host));
    all.addAll(Arrays.asList(command));
    return run(all);
  }

  /** Returns which hosts have an address now. */
  List<String> holders(int last) throws IOException {
    List<String> holders = new ArrayList<>();
    for (String host : HOSTS) {
      if (in(host, "-4 -o addr show dev eth0").contains(" " + address(last) + "/")) {
        holders.add(host);
      }
    }
    return holders;
  }

  private String name(String host) {
    return prefix + "-" + host;
  }

  private static String ip(String arguments) throws IOException {
    return run(List.of(("ip " + arguments).split(" ")));
  }

  private static String run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + output.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return output;
  }

  @Override
  public void close() {
    // With a namespace its interfaces go, and so do their other ends.
    for (String each : List.of("a", "b", "switch")) {
      try {
        if (ip("netns list").contains(name(each))) {
          ip("netns del " + name(each));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
