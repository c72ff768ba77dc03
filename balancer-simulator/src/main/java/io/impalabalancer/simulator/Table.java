package io.impalabalancer.simulator;

import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /** The one that comes nearest to a type of Impala's, such as {@code varchar(10)}. */
    static Type named(String name) throws ImpalaException {
      return switch (name.replaceAll("\\(.*", "")) {
        case "boolean" -> BOOLEAN;
        case "tinyint", "smallint", "int", "integer" -> INT;
        case "bigint" -> BIGINT;
        case "float", "double", "real", "decimal" -> DOUBLE;
        case "string", "varchar", "char", "timestamp", "date" -> STRING;
        default -> throw Expressions.syntaxError(name);
      };
    }

    /** A value as one of this type; null if it does not fit. */
    @Nullable Object convert(Object value) {
      return switch (this) {
        case BOOLEAN -> value instanceof Boolean ? value : null;
        case INT -> value instanceof Long number ? number.intValue() : null;
        case BIGINT -> value instanceof Long ? value : null;
        case DOUBLE -> value instanceof Number number ? number.doubleValue() : null;
        case STRING -> value instanceof String ? value : null;
      };
    }
  }

  /** A column's name and type. */
  record Column(String name, Type type) {}

  /** A table of strings. */
  static Table ofStrings(List<String> names, List<List<Object>> rows) {
    return new Table(names.stream().map(name -> new Column(name, Type.STRING)).toList(), rows);
  }

  /** The place of a column. */
  int column(String name) throws ImpalaException {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new ImpalaException(
        "AnalysisException: Could not resolve column/field reference: '" + name + "'");
  }
}
