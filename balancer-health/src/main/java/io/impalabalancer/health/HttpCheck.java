package io.impalabalancer.health;

import io.impalabalancer.health.CheckResult.Outcome;
import java.net.InetAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The {@code http} checks of one coordinator: GET on its web port, which says how the process is,
 * and nothing of the data ports. Lives on one event loop.
 */
final class HttpCheck implements Check {
  private final boolean hasWebPort;
  private final String problem;
  private final Probes probes;
  private @Nullable Probe probe;

  HttpCheck(CheckPlan plan, WebAccess access, Probes probes) {
    hasWebPort = plan.webPort().isPresent();
    problem = access.tls().problem();
    this.probes = probes;
  }

  @Override
  public void begin(InetAddress at, Consumer<CheckResult> done) {
    if (!hasWebPort) {
      done.accept(new CheckResult(Outcome.UNREACHABLE, "no web port"));
    } else if (!problem.isEmpty()) {
      done.accept(new CheckResult(Outcome.TLS, problem));
    } else {
      probe = probes.page(at, done);
    }
  }

  @Override
  public void cancel() {
    if (probe != null) {
      probe.cancel();
    }
  }
}
