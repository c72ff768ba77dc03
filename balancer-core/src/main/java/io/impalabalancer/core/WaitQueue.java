package io.impalabalancer.core;

import io.impalabalancer.config.Protocol;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The sessions that wait for a free slot, as their connectors: two lines a listener, first come,
 * first served. Of several lines whose heads could use a slot, the head that has waited longest
 * gets it.
 *
 * <p>Shared by all loops, under one lock that is taken only while somebody waits. While anybody
 * does, newcomers join too, so that nobody is overtaken.
 */
final class WaitQueue {
  /**
   * A line of a listener: of those who have tried a coordinator in vain, or of the others. Who may
   * not use a slot because it has tried its coordinator holds up nobody who may.
   */
  private record Line(Listener listener, boolean again) {}

  private final Map<Line, LinkedHashSet<Connector>> lines = new LinkedHashMap<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private long joined;

  /** Forgets a listener that has no sessions left. */
  synchronized void forget(Listener listener) {
    lines.keySet().removeIf(line -> line.listener() == listener);
  }

  /** Returns whether anybody waits. Any thread, without the lock. */
  boolean isEmpty() {
    return waiting.get() == 0;
  }

  /** Puts a session at the end of its line, and serves. Its answer comes to its loop. */
  synchronized void join(Connector connector) {
    connector.placed(connector.listener().queued(), joined++);
    lines
        .computeIfAbsent(
            new Line(connector.listener(), connector.hasTried()), line -> new LinkedHashSet<>())
        .add(connector);
    connector.listener().joinedQueue();
    waiting.incrementAndGet();
    serve();
  }

  /** Takes a session out; false if it was served already, and its answer is on the way. */
  synchronized boolean leave(Connector connector) {
    boolean left = leave(connector, false) || leave(connector, true);
    if (left) {
      connector.listener().leftQueue();
      waiting.decrementAndGet();
    }
    return left;
  }

  private boolean leave(Connector connector, boolean again) {
    LinkedHashSet<Connector> line = lines.get(new Line(connector.listener(), again));
    return line != null && line.remove(connector);
  }

  /** Gives a slot back, to whoever has waited longest for it if anybody does. */
  void giveBack(Coordinator coordinator, Protocol protocol) {
    coordinator.giveBack(protocol);
    serveIfAnyWaits();
  }

  /** Gives what is free to those who wait, if anybody does. Any thread. */
  void serveIfAnyWaits() {
    // Whoever joins meanwhile looks for a free slot after it is seen here.
    if (waiting.get() > 0) {
      serve();
    }
  }

  /** Gives what is free to those who wait, and sends away those for whom nobody is usable. */
  synchronized void serve() {
    while (serveOne()) {
      // Until nobody who waits can be helped.
    }
  }

  private boolean serveOne() {
    List<Connector> heads = new ArrayList<>(lines.size());
    for (LinkedHashSet<Connector> line : lines.values()) {
      if (!line.isEmpty()) {
        heads.add(line.iterator().next());
      }
    }
    heads.sort((one, two) -> Long.compare(one.order(), two.order()));
    for (Connector head : heads) {
      Assignment assignment = head.listener().choose(head);
      if (assignment.kind() != Assignment.Kind.FULL) {
        leave(head);
        head.serve(assignment);
        return true;
      }
    }
    return false;
  }
}
