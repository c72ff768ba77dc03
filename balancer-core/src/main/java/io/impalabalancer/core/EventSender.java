package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
    tell((l, about, none) -> l.sessionAssigned(about), session, "");
  }

  @Override
  public void sessionAlive(SessionView session) {
    tell((l, about, none) -> l.sessionAlive(about), session, "");
  }

  @Override
  public void sessionEnded(SessionView session) {
    tell((l, about, none) -> l.sessionEnded(about), session, "");
  }

  @Override
  public void connected(Coordinator coordinator, Protocol protocol) {
    tell(BalancerListener::connected, coordinator, protocol);
  }

  @Override
  public void connectFailed(Coordinator coordinator, Protocol protocol, ConnectFailure failure) {
    tell((l, about, of) -> l.connectFailed(about, of, failure), coordinator, protocol);
  }

  @Override
  public void coordinatorChanged(CoordinatorEvent event) {
    tell((l, about, none) -> l.coordinatorChanged(about), event, "");
  }

  @Override
  public void verdictsOverruled(Listener listener, boolean overruled, String reason) {
    tell((l, about, why) -> l.verdictsOverruled(about, overruled, why), listener, reason);
  }

  @Override
  public void rebalance(Listener listener, Coordinator coordinator, boolean begins, String reason) {
    tell((l, at, whom) -> l.rebalance(at, whom, begins, reason), listener, coordinator);
  }

  @Override
  public void partsChanged() {
    tell((l, none, nothing) -> l.partsChanged(), "", "");
  }

  @Override
  public void pageFailed(Coordinator coordinator, String page, String result) {
    tell((l, about, path) -> l.pageFailed(about, path, result), coordinator, page);
  }

  @Override
  public void checked(Coordinator coordinator, CheckReport report) {
    tell(BalancerListener::checked, coordinator, report);
  }

  /** How one listener is told. Those of every session capture nothing, and so cost no object. */
  private interface Event<A, B> {
    void tell(BalancerListener listener, A a, B b);
  }

  private <A, B> void tell(Event<A, B> event, A a, B b) {
    for (BalancerListener listener : listeners) {
      try {
        event.tell(listener, a, b);
      } catch (RuntimeException e) {
        LOG.error("event=listener-failed listener={}", listener.getClass().getName(), e);
      }
    }
  }
}
