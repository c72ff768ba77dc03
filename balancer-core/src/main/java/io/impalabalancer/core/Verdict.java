package io.impalabalancer.core;

import java.util.Locale;

/**
 * What a coordinator says of itself, by its web pages and those of others: apart from what checks
 * say of the process and from what people say. The order is from the best to the worst.
 */
public enum Verdict {
  /** It serves. */
  OPEN,
  /** Nothing is known of it; it serves. */
  UNKNOWN,
  /** It serves, short of something: with a part of its weight. */
  STRAINED,
  /** Its catalog is too far behind that of the others. */
  STALE,
  /** It takes connections and does not get on with them. */
  STALLED,
  /** It is shutting down and refuses every new query. */
  QUIESCING,
  /** It is an executor, or another daemon of Impala; clients are lost there. */
  NOT_A_COORDINATOR;

  /** Returns the word that metrics and API use. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns whether it keeps new sessions away, as long as another coordinator is better. */
  public boolean refuses() {
    return compareTo(STRAINED) > 0;
  }
}
