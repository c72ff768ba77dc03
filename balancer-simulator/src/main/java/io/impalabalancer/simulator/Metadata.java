package io.impalabalancer.simulator;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** What drivers are told of the catalog: two databases, no tables; the columns are JDBC's. */
final class Metadata {
  private static final int SEARCHABLE = 3;

  private Metadata() {}

  static Table types() {
    Table.Type text = Table.Type.STRING;
    Table.Type number = Table.Type.INT;
    Table.Type flag = Table.Type.BOOLEAN;
    return new Table(
        List.of(
            new Table.Column("TYPE_NAME", text),
            new Table.Column("DATA_TYPE", number),
            new Table.Column("PRECISION", number),
            new Table.Column("LITERAL_PREFIX", text),
            new Table.Column("LITERAL_SUFFIX", text),
            new Table.Column("CREATE_PARAMS", text),
            new Table.Column("NULLABLE", number),
            new Table.Column("CASE_SENSITIVE", flag),
            new Table.Column("SEARCHABLE", number),
            new Table.Column("UNSIGNED_ATTRIBUTE", flag),
            new Table.Column("FIXED_PREC_SCALE", flag),
            new Table.Column("AUTO_INCREMENT", flag),
            new Table.Column("LOCAL_TYPE_NAME", text),
            new Table.Column("MINIMUM_SCALE", number),
            new Table.Column("MAXIMUM_SCALE", number),
            new Table.Column("SQL_DATA_TYPE", number),
            new Table.Column("SQL_DATETIME_SUB", number),
            new Table.Column("NUM_PREC_RADIX", number)),
        List.of(
            type("BOOLEAN", java.sql.Types.BOOLEAN, 1),
            type("INT", java.sql.Types.INTEGER, 10),
            type("BIGINT", java.sql.Types.BIGINT, 19),
            type("DOUBLE", java.sql.Types.DOUBLE, 15),
            type("STRING", java.sql.Types.VARCHAR, Integer.MAX_VALUE)));
  }

  private static List<Object> type(String name, int jdbcType, int precision) {
    return List.of(
        name,
        jdbcType,
        precision,
        "",
        "",
        "",
        1,
        true,
        SEARCHABLE,
        false,
        false,
        false,
        name,
        0,
        0,
        0,
        0,
        10);
  }

  static Table catalogs() {
    return Table.ofStrings(List.of("TABLE_CAT"), List.of());
  }

  /**
   * @param pattern JDBC's: {@code %} is any text and {@code _} any character
   */
  static Table schemas(String pattern) {
    return Table.ofStrings(
        List.of("TABLE_SCHEM", "TABLE_CATALOG"),
        Interpreter.databases().stream()
            .filter(name -> matches(name, pattern))
            .map(name -> List.<Object>of(name, ""))
            .toList());
  }

  private static boolean matches(String name, String pattern) {
    String regex = pattern.toLowerCase(Locale.ROOT).replace("%", ".*").replace("_", ".");
    try {
      return regex.isEmpty() || Pattern.matches(regex, name);
    } catch (PatternSyntaxException e) {
      return false;
    }
  }

  static Table tables() {
    return Table.ofStrings(
        List.of("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS"), List.of());
  }

  static Table tableTypes() {
    return Table.ofStrings(List.of("TABLE_TYPE"), List.of(List.of("TABLE"), List.of("VIEW")));
  }

  static Table columns() {
    return Table.ofStrings(
        List.of(
            "TABLE_CAT",
            "TABLE_SCHEM",
            "TABLE_NAME",
            "COLUMN_NAME",
            "DATA_TYPE",
            "TYPE_NAME",
            "COLUMN_SIZE",
            "BUFFER_LENGTH",
            "DECIMAL_DIGITS",
            "NUM_PREC_RADIX",
            "NULLABLE",
            "REMARKS",
            "COLUMN_DEF",
            "SQL_DATA_TYPE",
            "SQL_DATETIME_SUB",
            "CHAR_OCTET_LENGTH",
            "ORDINAL_POSITION",
            "IS_NULLABLE",
            "SCOPE_CATALOG",
            "SCOPE_SCHEMA",
            "SCOPE_TABLE",
            "SOURCE_DATA_TYPE",
            "IS_AUTO_INCREMENT"),
        List.of());
  }

  static Table functions() {
    return Table.ofStrings(
        List.of(
            "FUNCTION_CAT",
            "FUNCTION_SCHEM",
            "FUNCTION_NAME",
            "REMARKS",
            "FUNCTION_TYPE",
            "SPECIFIC_NAME"),
        List.of());
  }

  static Table primaryKeys() {
    return Table.ofStrings(
        List.of("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "KEQ_SEQ", "PK_NAME"),
        List.of());
  }

  static Table crossReference() {
    return Table.ofStrings(
        List.of(
            "PKTABLE_CAT",
            "PKTABLE_SCHEM",
            "PKTABLE_NAME",
            "PKCOLUMN_NAME",
            "FKTABLE_CAT",
            "FKTABLE_SCHEM",
            "FKTABLE_NAME",
            "FKCOLUMN_NAME",
            "KEQ_SEQ",
            "UPDATE_RULE",
            "DELETE_RULE",
            "FK_NAME",
            "PK_NAME",
            "DEFERRABILITY"),
        List.of());
  }
}
