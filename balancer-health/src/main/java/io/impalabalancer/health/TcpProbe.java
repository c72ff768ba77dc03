package io.impalabalancer.health;

import io.netty.channel.Channel;
import java.time.Duration;
import java.util.function.Consumer;

/** Connects and closes again: whether a port is open. */
final class TcpProbe extends Probe {

  TcpProbe(Sockets sockets, Duration timeout, Consumer<CheckResult> done) {
    super(sockets, timeout, done);
  }

  @Override
  void prepare(Channel made) {}

  @Override
  void connected(Channel channel) {
    end(new CheckResult(CheckResult.Outcome.OK, "connected"));
  }
}
