package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Facts;
import io.impalabalancer.core.Verdict;
import io.impalabalancer.health.CheckResult.Outcome;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The check of one client port itself, rarely, for Impala logs each: once in {@code port-inter}
 * while no session is answered there. One that takes connections and gives no answer {@code fall}
 * times in a row is silent, until it gives one. What answers something else, as one that refuses
 * the login, is not silent, and is left alone for an hour. Who takes no clients now is not asked.
 * Lives on one event loop.
 */
final class PortCheck {
  private static final Logger LOG = LoggerFactory.getLogger(PortCheck.class);
  private static final long OTHERWISE_AGAIN_NANOS = TimeUnit.HOURS.toNanos(1);

  private final Coordinator coordinator;
  private final Protocol protocol;
  private final CheckConfig config;
  private final Probes probes;
  private final EventLoop loop;
  private @Nullable Probe probe;
  private @Nullable Consumer<CheckResult> done;

  /** When the last one ended; null before the first. */
  private @Nullable Long endedNanos;

  private int silences;
  private boolean otherwise;

  /** Makes one that has asked nothing. */
  PortCheck(
      Coordinator coordinator,
      Protocol protocol,
      CheckConfig config,
      Probes probes,
      EventLoop loop) {
    this.coordinator = coordinator;
    this.protocol = protocol;
    this.config = config;
    this.probes = probes;
    this.loop = loop;
  }

  Protocol protocol() {
    return protocol;
  }

  /** Asks the port if it is time to. */
  void askIfDue(long nowNanos) {
    InetAddress at = coordinator.address();
    boolean known = coordinator.slots().answeredWithin(protocol, config.verdict().portInter());
    if (known) {
      silences = 0;
    }
    Verdict verdict = coordinator.verdict();
    if (at != null
        && probe == null
        && verdict != Verdict.QUIESCING
        && verdict != Verdict.NOT_A_COORDINATOR
        && probes.answers(protocol)
        && !known
        && !isFull()
        && isDue(nowNanos)) {
      ask(at, result -> {});
    }
  }

  private boolean isDue(long nowNanos) {
    return endedNanos == null || nowNanos - endedNanos >= waitNanos();
  }

  /** Where every thread has a connection, ours would wait in silence, and keep the next from it. */
  private boolean isFull() {
    Facts.Port page = coordinator.facts().ports().get(protocol);
    return page != null && page.threads() > 0 && page.inUse() >= page.threads();
  }

  private long waitNanos() {
    if (otherwise) {
      return OTHERWISE_AGAIN_NANOS;
    }
    if (silences == 0) {
      return config.verdict().portInter().toNanos();
    }
    return silences < config.fall() ? 0 : config.downinter().toNanos();
  }

  /**
   * Asks the port; its result comes later, unless {@link #cancel} comes before. One that is left
   * alone is connected to, and no more.
   */
  void ask(InetAddress at, Consumer<CheckResult> then) {
    done = then;
    if (probe == null) {
      String problem = probes.answers(protocol) ? probes.problem() : "";
      if (!problem.isEmpty()) {
        asked(new CheckResult(Outcome.TLS, problem));
      } else if (otherwise && !isDue(loop.ticker().nanoTime())) {
        probe = probes.connect(at, protocol, this::tell);
      } else {
        probe = probes.ask(at, protocol, this::asked);
      }
    }
  }

  private void asked(CheckResult result) {
    endedNanos = loop.ticker().nanoTime();
    if (result.outcome() == Outcome.TIMEOUT) {
      silences = Math.min(silences + 1, config.fall());
    } else if (result.counts()) {
      silences = 0;
    }
    boolean before = otherwise;
    otherwise = !result.ok() && (result.answered() || result.outcome() == Outcome.TLS);
    if (otherwise && !before) {
      LOG.warn(
          "event=port-answers-otherwise coordinator={} protocol={} result={} reason=\"{}\"",
          coordinator,
          protocol.word(),
          result.outcome().word(),
          result.reason());
    }
    tell(result.answered() ? new CheckResult(Outcome.OK, said(result)) : result);
  }

  private void tell(CheckResult result) {
    probe = null;
    Consumer<CheckResult> told = done;
    done = null;
    if (told != null) {
      told.accept(result);
    }
  }

  private static String said(CheckResult result) {
    return result.ok() ? result.reason() : "answers";
  }

  /** Returns why it is silent, empty if it is not. */
  String silence() {
    return silences < config.fall()
        ? ""
        : "%d of our own connections in a row got no answer".formatted(silences);
  }

  /** Forgets what was found: another process, or none, answers from now on. */
  void forget() {
    silences = 0;
    otherwise = false;
    endedNanos = null;
  }

  /** Gives up what is under way; it gives no result. */
  void cancel() {
    if (probe != null) {
      probe.cancel();
      probe = null;
    }
    done = null;
  }
}
