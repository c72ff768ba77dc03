package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells every listener what happens, in the order in which they were added. One that throws is
 * logged and the others are told all the same. Any thread.
 */
final class EventSender implements BalancerListener {
  private static final Logger LOG = LoggerFactory.getLogger(EventSender.class);

  private final List<BalancerListener> listeners = new CopyOnWriteArrayList<>();

  void add(BalancerListener listener) {
    listeners.add(listener);
  }

  /** Puts one in the place of another, so that each event is told to one of them. */
  void replace(@Nullable BalancerListener before, @Nullable BalancerListener after) {
    int at = before == null ? -1 : listeners.indexOf(before);
    if (at >= 0 && after != null) {
      listeners.set(at, after);
    } else if (at >= 0) {
      listeners.remove(at);
    } else if (after != null) {
      listeners.add(after);
    }
  }

  @Override
  public void sessionAssigned(SessionView session) {
    tell(l -> l.sessionAssigned(session));
  }

  @Override
  public void sessionEnded(SessionView session) {
    tell(l -> l.sessionEnded(session));
  }

  @Override
  public void connected(Coordinator coordinator, Protocol protocol) {
    tell(l -> l.connected(coordinator, protocol));
  }

  @Override
  public void connectFailed(Coordinator coordinator, Protocol protocol, ConnectFailure failure) {
    tell(l -> l.connectFailed(coordinator, protocol, failure));
  }

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    tell(l -> l.coordinatorChanged(event));
  }

  @Override
  public void partsChanged() {
    tell(BalancerListener::partsChanged);
  }

  @Override
  public void checked(Coordinator coordinator, CheckReport report) {
    tell(l -> l.checked(coordinator, report));
  }

  private void tell(Consumer<BalancerListener> event) {
    for (BalancerListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException e) {
        LOG.error("event=listener-failed listener={}", listener.getClass().getName(), e);
      }
    }
  }
}
