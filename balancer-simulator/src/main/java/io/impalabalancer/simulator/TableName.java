package io.impalabalancer.simulator;

import java.util.Locale;

/** A table's full name, in lower case as Impala keeps it. */
record TableName(String database, String table) {
  /** Reads {@code table} or {@code database.table}; the session's database is the default. */
  static TableName of(String reference, Session session) {
    String[] parts = reference.replace("`", "").toLowerCase(Locale.ROOT).split("\\.", 2);
    return parts.length == 1
        ? new TableName(session.database, parts[0])
        : new TableName(parts[0], parts[1]);
  }

  @Override
  public String toString() {
    return database + "." + table;
  }
}
