package io.impalabalancer.simulator;

import java.util.List;

/**
 * The rows that a statement answers with.
 *
 * @param rows in order; each has a Boolean, Integer, Long, Double or String for each column, as its
 *     type says
 */
record Table(List<Column> columns, List<List<Object>> rows) {
  /** The types that the simulator answers with. */
  enum Type {
    BOOLEAN,
    INT,
    BIGINT,
    DOUBLE,
    STRING;

    static Type of(Object value) {
      if (value instanceof Boolean) {
        return BOOLEAN;
      } else if (value instanceof Integer) {
        return INT;
      } else if (value instanceof Long) {
        return BIGINT;
      } else if (value instanceof Double) {
        return DOUBLE;
      }
      return STRING;
    }
  }

  /** A column's name and type. */
  record Column(String name, Type type) {}

  /** A table of strings. */
  static Table ofStrings(List<String> names, List<List<Object>> rows) {
    return new Table(names.stream().map(name -> new Column(name, Type.STRING)).toList(), rows);
  }
}
