package io.impalabalancer.health;

import io.impalabalancer.config.Protocol;
import io.impalabalancer.health.CheckResult.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether a coordinator whose pages are silent answers on a client port: by a session that was
 * connected lately, else by a connection of its own, rarely, for Impala logs each and beeswax makes
 * a session of it. Lives on one event loop, but for {@link #sessionConnected}.
 */
final class PortProof {
  private final Iterable<Protocol> ports;
  private final long validNanos;
  private final BiFunction<Protocol, Consumer<CheckResult>, Probe> connect;
  private final List<String> failures = new ArrayList<>();
  private @Nullable Probe probe;

  /** Of its own connection; null before the first. */
  private @Nullable Proof own;

  private volatile @Nullable Protocol sessionPort;
  private volatile long sessionNanos;

  private record Proof(String text, long atNanos) {}

  /**
   * Makes one without a proof.
   *
   * @param ports the cheapest first
   * @param validity how long a proof holds
   * @param connect starts to connect to a port
   */
  PortProof(
      Iterable<Protocol> ports,
      Duration validity,
      BiFunction<Protocol, Consumer<CheckResult>, Probe> connect) {
    this.ports = ports;
    validNanos = validity.toNanos();
    this.connect = connect;
  }

  /** Takes it that a session was connected. Any thread. */
  void sessionConnected(Protocol protocol, long nowNanos) {
    sessionNanos = nowNanos;
    sessionPort = protocol;
  }

  /** Forgets what was proved: there is reason to doubt it. */
  void forget() {
    own = null;
    sessionPort = null;
  }

  /** Gives a result, at once or later. */
  void prove(long nowNanos, Consumer<CheckResult> done) {
    Protocol port = sessionPort;
    Proof known = own;
    if (port != null && nowNanos - sessionNanos < validNanos) {
      done.accept(new CheckResult(Outcome.OK, "a session was connected to " + port.word()));
      return;
    }
    if (known != null && nowNanos - known.atNanos < validNanos) {
      done.accept(new CheckResult(Outcome.OK, known.text));
      return;
    }
    failures.clear();
    next(new ArrayList<>(), nowNanos, done);
  }

  private void next(List<Protocol> tried, long nowNanos, Consumer<CheckResult> done) {
    for (Protocol protocol : ports) {
      if (!tried.contains(protocol)) {
        tried.add(protocol);
        probe =
            connect.apply(
                protocol,
                result -> {
                  probe = null;
                  String text = protocol.word() + " " + result.reason();
                  if (result.ok()) {
                    own = new Proof(text, nowNanos);
                    done.accept(new CheckResult(Outcome.OK, text));
                  } else if (!result.counts()) {
                    done.accept(result);
                  } else {
                    failures.add(text);
                    next(tried, nowNanos, done);
                  }
                });
        return;
      }
    }
    String reason = failures.isEmpty() ? "no port to check" : String.join(", ", failures);
    done.accept(new CheckResult(Outcome.UNREACHABLE, reason));
  }

  /** Gives up what is under way; it gives no result. */
  void cancel() {
    if (probe != null) {
      probe.cancel();
      probe = null;
    }
  }
}
