package io.impalabalancer.health;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a check. It gives one result, never during {@link #start} and at the latest
 * when its timeout is over, and closes; after {@link #cancel} it gives none. Lives on one event
 * loop.
 */
abstract class Probe {
  private final Sockets sockets;
  private final Duration timeout;
  private final Consumer<CheckResult> done;
  private @Nullable Future<?> timer;
  private @Nullable Channel channel;
  private boolean connected;
  private boolean ended;

  Probe(Sockets sockets, Duration timeout, Consumer<CheckResult> done) {
    this.sockets = sockets;
    this.timeout = timeout;
    this.done = done;
  }

  /** Starts to connect, and returns itself. */
  final Probe start(InetSocketAddress to) {
    assert sockets.loop().inEventLoop();
    timer = sockets.loop().schedule(this::timedOut, timeout.toNanos(), TimeUnit.NANOSECONDS);
    ChannelFuture connect = sockets.connect(to, this::prepare);
    if (connect.cause() == null) {
      channel = connect.channel();
    }
    // A socket that could not even be made reports at once, and not on the loop.
    connect.addListener(f -> sockets.loop().execute(() -> connectEnded(f.cause())));
    return this;
  }

  private void connectEnded(@Nullable Throwable failure) {
    if (ended) {
      return;
    }
    if (failure != null) {
      end(CheckResult.connectFailed(failure));
    } else if (channel != null) {
      connected = true;
      connected(channel);
    }
  }

  /** Adds what reads the answer. */
  abstract void prepare(Channel made);

  /** Goes on when the connection is up. */
  abstract void connected(Channel channel);

  /** Returns the result of one that was connected, and not answered in time. */
  CheckResult late(Duration after) {
    return CheckResult.timeout("http", after);
  }

  /** It has ended, with a result or without. Perhaps more than once. */
  void ended() {}

  private void timedOut() {
    end(connected ? late(timeout) : CheckResult.timeout("connect", timeout));
  }

  /** Ends it with a result, unless it has ended. */
  final void end(CheckResult result) {
    if (!ended) {
      cancel();
      done.accept(result);
    }
  }

  /** Ends it without a result. */
  final void cancel() {
    assert sockets.loop().inEventLoop();
    ended = true;
    if (timer != null) {
      timer.cancel(false);
    }
    if (channel != null) {
      Future<?> unused = channel.close();
    }
    ended();
  }
}
