package io.impalabalancer.core;

import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.Protocol;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.util.function.Consumer;

/** Makes coordinators without a balancer, and resolves them. */
public final class TestCoordinators {

  private TestCoordinators() {}

  /** Makes one that tells its changes of state to {@code events}. */
  public static Coordinator make(
      CoordinatorConfig config, Ticker ticker, Consumer<CoordinatorEvent> events) {
    return new Coordinator(
        config,
        ticker,
        new Coordinator.Observer() {
          @Override
          public void stateChanged(CoordinatorEvent event) {
            events.accept(event);
          }

          @Override
          public void choiceChanged(Coordinator coordinator) {}
        });
  }

  /** Ends a look-up with an address. */
  public static void resolved(Coordinator coordinator, InetAddress address) {
    coordinator.resolved(address);
  }

  /** Ends a look-up without one. */
  public static void notResolved(Coordinator coordinator, String problem) {
    coordinator.notResolved(problem);
  }

  /** Connects a session to a port that then waits for its first answer. */
  public static void awaitsAnswer(Coordinator coordinator, Protocol protocol) {
    coordinator.take(protocol);
    coordinator.slots().awaitsAnswer(protocol);
  }

  /** Answers a session that waits for its first answer; it stays. */
  public static void answered(Coordinator coordinator, Protocol protocol) {
    coordinator.slots().awaitsNoMore(protocol, true);
  }
}
