package io.impalabalancer.health;

import io.impalabalancer.config.CheckConfig;
import io.impalabalancer.config.Protocol;
import io.impalabalancer.core.Coordinator;
import io.impalabalancer.core.Coordinator.Status;
import io.impalabalancer.health.CheckResult.Outcome;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The {@code tcp} checks of one coordinator: connects to each data port. The process answers while
 * one of them does, and then each other port is UP or DOWN by its own rise and fall. While none
 * answers only the process counts, and its return decides each port anew. Lives on one event loop.
 */
final class TcpCheck implements Check {
  private final Coordinator coordinator;
  private final CheckConfig config;
  private final Set<Protocol> ports;
  private final Probes probes;
  private final Consumer<Protocol> connected;
  private final Map<Protocol, HealthState> states = new EnumMap<>(Protocol.class);
  private final List<Probe> underWay = new ArrayList<>();
  private final Map<Protocol, CheckResult> results = new EnumMap<>(Protocol.class);

  /**
   * Makes one that knows nothing.
   *
   * @param connected told of each port that was connected to, while the process answers
   */
  TcpCheck(Coordinator coordinator, CheckPlan plan, Probes probes, Consumer<Protocol> connected) {
    this.coordinator = coordinator;
    config = plan.config();
    ports = plan.ports().keySet();
    this.probes = probes;
    this.connected = connected;
  }

  /** Takes over what is known of the ports; of a process that is not UP, nothing. */
  void goOn() {
    if (coordinator.status() != Status.UP) {
      return;
    }
    for (Protocol protocol : ports) {
      boolean open = coordinator.isOpen(protocol);
      states.put(protocol, new HealthState(config, open ? Status.UP : Status.DOWN));
    }
  }

  @Override
  public void begin(InetAddress at, Consumer<CheckResult> done) {
    underWay.clear();
    results.clear();
    if (ports.isEmpty()) {
      done.accept(new CheckResult(Outcome.UNREACHABLE, "no port to check"));
      return;
    }
    for (Protocol protocol : ports) {
      underWay.add(probes.connect(at, protocol, result -> ended(protocol, result, done)));
    }
  }

  private void ended(Protocol protocol, CheckResult result, Consumer<CheckResult> done) {
    results.put(
        protocol, new CheckResult(result.outcome(), protocol.word() + " " + result.reason()));
    if (results.size() == ports.size()) {
      done.accept(best(results.values().stream().toList()));
    }
  }

  /** Returns the one that speaks for the process: a good one, else one that does not count. */
  private static CheckResult best(List<CheckResult> results) {
    return results.stream()
        .filter(CheckResult::ok)
        .findFirst()
        .or(() -> results.stream().filter(r -> !r.counts()).findFirst())
        .orElseGet(() ->
            new CheckResult(
                results.get(0).outcome(),
                String.join(", ", results.stream().map(CheckResult::reason).toList())));
  }

  @Override
  public void passed() {
    results.forEach((protocol, result) -> {
      if (result.ok()) {
        connected.accept(protocol);
      }
      HealthState port =
          states.computeIfAbsent(protocol, p -> new HealthState(config, Status.CHECKING));
      if (result.counts() && port.result(result.ok())) {
        coordinator.setOpen(protocol, port.status() == Status.UP, result.reason());
      }
    });
  }

  @Override
  public void down() {
    states.clear();
  }

  @Override
  public boolean portInTransition() {
    return states.values().stream().anyMatch(HealthState::inTransition);
  }

  @Override
  public void cancel() {
    underWay.forEach(Probe::cancel);
  }
}
