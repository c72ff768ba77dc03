package io.impalabalancer.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The cluster's catalogd and statestore: databases and tables under a version that grows with each
 * change, told to the coordinators at every tick of the statestore. Nobody waits here: what a tick
 * told is worked out when it is asked for. Any thread may call.
 */
final class Catalog {
  /**
   * A state of the catalog; tables by database and name.
   *
   * @param serviceId new when catalogd starts again: versions of two are not comparable
   */
  record State(UniqueId serviceId, long version, Map<String, Map<String, Table>> databases) {
    static State initial() {
      Map<String, Map<String, Table>> databases = new TreeMap<>();
      databases.put("_impala_builtins", Map.of());
      databases.put("default", Map.of());
      // Impala's catalogd has loaded a few hundred objects before anybody asks.
      return new State(UniqueId.random(), 400, databases);
    }
  }

  /** A change that is refused or gives the databases as they are then. */
  interface Change {
    Map<String, Map<String, Table>> apply(Map<String, Map<String, Table>> databases)
        throws ImpalaException;
  }

  private record Entry(long nanos, State state) {}

  private final long tickNanos;
  private final LongSupplier clock;
  private final long startNanos;
  private final List<Entry> history = new ArrayList<>();

  /**
   * Makes one with an empty database.
   *
   * @param tick how often the statestore tells of changes
   * @param clock nanoseconds, as {@link System#nanoTime}
   */
  Catalog(Duration tick, LongSupplier clock) {
    this.tickNanos = tick.toNanos();
    this.clock = clock;
    this.startNanos = clock.getAsLong();
    history.add(new Entry(startNanos, State.initial()));
  }

  /** Changes it, and returns its state after that. */
  synchronized State change(Change change) throws ImpalaException {
    State before = history.get(history.size() - 1).state;
    return add(new State(before.serviceId, before.version + 1, change.apply(before.databases)));
  }

  /** Ends catalogd and starts it again: another service id, and the versions begin anew. */
  synchronized void restart() {
    State fresh = State.initial();
    add(new State(fresh.serviceId, fresh.version, history.get(history.size() - 1).state.databases));
  }

  /** Which catalogd there is now. */
  synchronized UniqueId serviceId() {
    return history.get(history.size() - 1).state.serviceId;
  }

  private State add(State state) {
    history.add(new Entry(clock.getAsLong(), state));
    return state;
  }

  /** The state that the last tick told. */
  synchronized State told() {
    long now = clock.getAsLong();
    long lastTick = now - Math.floorMod(now - startNanos, tickNanos);
    // What is older than the newest that this tick told is never asked for again.
    while (history.size() > 1 && history.get(1).nanos - lastTick <= 0) {
      history.remove(0);
    }
    return history.get(0).state;
  }
}
