package io.impalabalancer.health;

import io.impalabalancer.config.Protocol;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * The ports of one coordinator that failed connects of sessions closed. Each has a {@link
 * PortTrial} until it opens. Lives on one event loop.
 */
final class ClosedPorts {
  private final EventLoop loop;
  private final Duration downinter;
  private final BiFunction<Protocol, Consumer<CheckResult>, Probe> connect;
  private final Consumer<Protocol> opened;
  private final Map<Protocol, PortTrial> trials = new EnumMap<>(Protocol.class);

  /**
   * Makes one with no port closed.
   *
   * @param connect starts to connect to a port
   * @param opened told of each port that a trial connected to
   */
  ClosedPorts(
      EventLoop loop,
      Duration downinter,
      BiFunction<Protocol, Consumer<CheckResult>, Probe> connect,
      Consumer<Protocol> opened) {
    this.loop = loop;
    this.downinter = downinter;
    this.connect = connect;
    this.opened = opened;
  }

  /** Takes one more. */
  void add(Protocol protocol) {
    PortTrial trial =
        new PortTrial(
            loop,
            downinter,
            done -> connect.apply(protocol, done),
            () -> {
              trials.remove(protocol);
              opened.accept(protocol);
            });
    trials.put(protocol, trial);
    trial.begin();
  }

  /** Lets all be tried again. */
  void resume() {
    trials.values().forEach(PortTrial::begin);
  }

  /** Lets none be tried. */
  void pause() {
    trials.values().forEach(PortTrial::end);
  }
}
