package io.impalabalancer.health;

import io.impalabalancer.config.Protocol;
import io.impalabalancer.health.CheckResult.Outcome;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether a coordinator whose pages are silent answers on a client port: by a session that was
 * connected lately, else by its {@link PortCheck}s. Lives on one event loop, but for {@link
 * #sessionConnected}.
 */
final class PortProof {
  private final List<PortCheck> ports;
  private final long validNanos;
  private final List<String> failures = new ArrayList<>();

  /** By a check; null before the first. */
  private @Nullable Proof own;

  private volatile @Nullable Protocol sessionPort;
  private volatile long sessionNanos;

  private record Proof(String text, long atNanos) {}

  /**
   * Makes one without a proof.
   *
   * @param ports the cheapest first
   * @param validity how long a proof holds
   */
  PortProof(List<PortCheck> ports, Duration validity) {
    this.ports = ports;
    validNanos = validity.toNanos();
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
  void prove(InetAddress at, long nowNanos, Consumer<CheckResult> done) {
    Protocol port = sessionPort;
    Proof known = own;
    if (port != null && nowNanos - sessionNanos < validNanos) {
      done.accept(new CheckResult(Outcome.OK, "a session was connected to " + port.word()));
    } else if (known != null && nowNanos - known.atNanos < validNanos) {
      done.accept(new CheckResult(Outcome.OK, known.text));
    } else {
      failures.clear();
      next(ports.iterator(), at, nowNanos, done);
    }
  }

  private void next(
      Iterator<PortCheck> left, InetAddress at, long nowNanos, Consumer<CheckResult> done) {
    if (!left.hasNext()) {
      String reason = failures.isEmpty() ? "no port to check" : String.join(", ", failures);
      done.accept(new CheckResult(Outcome.UNREACHABLE, reason));
      return;
    }
    PortCheck port = left.next();
    port.ask(
        at,
        result -> {
          String text = port.protocol().word() + " " + result.reason();
          if (result.ok()) {
            own = new Proof(text, nowNanos);
            done.accept(new CheckResult(Outcome.OK, text));
          } else if (!result.counts()) {
            done.accept(result);
          } else {
            failures.add(text);
            next(left, at, nowNanos, done);
          }
        });
  }
}
