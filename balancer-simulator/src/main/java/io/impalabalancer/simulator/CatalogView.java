package io.impalabalancer.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one coordinator knows of the catalog: what the statestore told it, and its own changes,
 * which it knows at once ({@code ImpalaServer::ProcessCatalogUpdateResult}). The version that it
 * reports is that of the last update told, without its own changes ({@code CatalogUpdateCallback}).
 * Any thread may call.
 */
final class CatalogView {
  private record Own(long version, Catalog.Change change) {}

  private final Catalog catalog;
  private final List<Own> own = new ArrayList<>();
  private final Map<TableName, Table> cached = new HashMap<>();
  private Catalog.State told;
  private Map<String, Map<String, Table>> known;
  private boolean lagging;
  private long hits;
  private long misses;
  private Duration loadTime = Duration.ZERO;
  private volatile boolean ready;

  CatalogView(Catalog catalog) {
    this.catalog = catalog;
    this.told = catalog.told();
    this.known = told.databases();
  }

  /** Stops or goes on listening to the statestore. */
  synchronized void lag(boolean lag) {
    refresh();
    lagging = lag;
  }

  /** The state that the last update told. */
  synchronized Catalog.State told() {
    refresh();
    return told;
  }

  /** Databases and tables, own changes included. */
  synchronized Map<String, Map<String, Table>> databases() {
    refresh();
    return known;
  }

  /** Changes the catalog, and returns the state that the others must learn. */
  synchronized Catalog.State change(Catalog.Change change) throws ImpalaException {
    refresh();
    Catalog.State changed = catalog.change(change);
    known = change.apply(known);
    own.add(new Own(changed.version(), change));
    return changed;
  }

  private void refresh() {
    Catalog.State now = lagging ? told : catalog.told();
    boolean sameService = now.serviceId().equals(told.serviceId());
    if (sameService && now.version() == told.version()) {
      return;
    }
    if (!sameService) {
      own.clear();
      cached.clear();
    }
    told = now;
    own.removeIf(change -> change.version <= now.version());
    known = now.databases();
    try {
      for (Own change : own) {
        known = change.change.apply(known);
      }
    } catch (ImpalaException e) {
      // Another coordinator's change came first; what catalogd has then comes with the next tick.
      own.clear();
    }
  }

  /** Looks a table up in the cache of metadata. Returns how long that takes. */
  @SuppressWarnings("ReferenceEquality") // A changed table is another object.
  synchronized Duration look(TableName name, Table table) {
    if (cached.put(name, table) != table) {
      misses++;
      return loadTime;
    }
    hits++;
    return Duration.ZERO;
  }

  /** Forgets the cache of metadata; from now on loading takes so long for each table. */
  synchronized void slow(Duration perTable) {
    cached.clear();
    loadTime = perTable;
  }

  /** How often metadata was in the cache since the process started. */
  synchronized long hits() {
    return hits;
  }

  /** How often metadata was not in the cache since the process started. */
  synchronized long misses() {
    return misses;
  }

  /** The first update has come. */
  void ready() {
    ready = true;
  }

  boolean isReady() {
    return ready;
  }
}
