package io.impalabalancer.cli;

import io.impalabalancer.config.BalancerConfig;
import io.impalabalancer.config.BindAddress;
import io.impalabalancer.core.EpollHandover;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process finds when it starts: listening sockets, and perhaps the state of the process that
 * it takes over from. They come from a predecessor ({@link Upgrade}), or the sockets from systemd's
 * socket activation ({@code sd_listen_fds(3)}).
 */
final class Inheritance implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Inheritance.class);

  /** Names the directory in which a predecessor waits. */
  static final String DIRECTORY = "IMPALA_BALANCER_PREDECESSOR";

  static final String DOOR = "door";
  static final String STATE = "state";
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int FIRST_DESCRIPTOR = 3;
  private static final int NON_BLOCKING = 04000;

  /** Nothing. */
  static final Inheritance NONE = new Inheritance(null, null);

  private final Map<BindAddress, Integer> sockets = new LinkedHashMap<>();
  private final @Nullable EpollHandover predecessor;
  private final @Nullable KeptState state;

  /** The predecessor, if there is one: it has started this process. */
  private final Optional<ProcessHandle> parent = ProcessHandle.current().parent();

  private Inheritance(@Nullable EpollHandover predecessor, @Nullable KeptState state) {
    this.predecessor = predecessor;
    this.state = state;
  }

  /**
   * Takes what the environment names; nothing is there most of the time.
   *
   * @throws IOException if it cannot be had; the process must not start then
   */
  static Inheritance take(Map<String, String> environment, long pid, BalancerConfig config)
      throws IOException {
    String directory = environment.getOrDefault(DIRECTORY, "");
    if (!directory.isEmpty()) {
      return fromPredecessor(Path.of(directory));
    }
    Inheritance inheritance = new Inheritance(null, null);
    if (Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      inheritance.fromSystemd(environment.getOrDefault("LISTEN_FDS", "0"), config);
    }
    return inheritance;
  }

  private static Inheritance fromPredecessor(Path directory) throws IOException {
    EpollHandover predecessor = EpollHandover.connect(directory.resolve(DOOR));
    List<Integer> descriptors = new ArrayList<>();
    // It has written its state before it sends the first socket, which is no listener's.
    EpollHandover.drop(predecessor.receive(LIMIT));
    KeptState state = KeptState.parse(Files.readString(directory.resolve(STATE)));
    List<String> addresses = state.list("sockets");
    for (int i = 0; i < addresses.size(); i++) {
      descriptors.add(predecessor.receive(LIMIT));
    }
    Inheritance inheritance = new Inheritance(predecessor, state);
    for (int i = 0; i < addresses.size(); i++) {
      String text = addresses.get(i);
      int colon = text.lastIndexOf(' ');
      inheritance.sockets.put(
          new BindAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1))),
          descriptors.get(i));
    }
    return inheritance;
  }

  /** Returns an address as a predecessor writes it. */
  static String text(BindAddress address) {
    return address.host() + " " + address.port();
  }

  private void fromSystemd(String count, BalancerConfig config) throws IOException {
    List<BindAddress> wanted = new ArrayList<>();
    config.listeners().forEach(listener -> wanted.addAll(listener.binds()));
    config.stats().bind().ifPresent(wanted::add);
    for (int i = 0; i < Integer.parseInt(count); i++) {
      int descriptor = FIRST_DESCRIPTOR + i;
      InetSocketAddress bound = EpollHandover.address(descriptor);
      if (!isNonBlocking(descriptor)) {
        throw new IOException(
            "the socket of " + bound + " blocks, expected NonBlocking=yes in the service's unit");
      }
      BindAddress address =
          wanted.stream()
              .filter(bind -> bind.toSocketAddress().equals(bound))
              .findFirst()
              .orElse(null);
      if (address == null) {
        LOG.warn(
            "event=socket-not-used address={} reason=\"no listener is configured for it\"", bound);
        EpollHandover.drop(descriptor);
      } else {
        sockets.put(address, descriptor);
      }
    }
  }

  private static boolean isNonBlocking(int descriptor) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + descriptor))) {
      if (line.startsWith("flags:")) {
        return (Integer.parseInt(line.substring(6).strip(), 8) & NON_BLOCKING) != 0;
      }
    }
    return false;
  }

  /** Returns the descriptors by address, to be taken out by who uses them. */
  Map<BindAddress, Integer> sockets() {
    return sockets;
  }

  /** Returns the predecessor's state, null if there is none. */
  @Nullable KeptState state() {
    return state;
  }

  /**
   * Returns whether the process that this one took over from still lives, for its last sessions.
   */
  boolean predecessorLives() {
    return predecessor != null && parent.isPresent() && parent.get().isAlive();
  }

  /** Closes what nobody wanted, and tells the predecessor that this process accepts now. */
  void ready() throws IOException {
    for (Map.Entry<BindAddress, Integer> unused : sockets.entrySet()) {
      EpollHandover.drop(unused.getValue());
      LOG.info("event=socket-not-used address={}", unused.getKey());
    }
    sockets.clear();
    if (predecessor != null) {
      predecessor.ready();
    }
  }

  @Override
  public void close() throws IOException {
    if (predecessor != null) {
      predecessor.close();
    }
  }
}
