package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What drivers are told of the catalog; the columns are JDBC's ({@code
 * fe/src/main/java/org/apache/impala/service/MetadataOp.java}). Patterns are JDBC's: {@code %} is
 * any text and {@code _} any character.
 */
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

  static Table schemas(Map<String, Map<String, Table>> databases, String pattern) {
    return Table.ofStrings(
        List.of("TABLE_SCHEM", "TABLE_CATALOG"),
        databases.keySet().stream()
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

  static Table tables(
      Map<String, Map<String, Table>> databases, String schemaPattern, String tablePattern) {
    List<List<Object>> rows = new ArrayList<>();
    forEach(
        databases,
        schemaPattern,
        tablePattern,
        (name, table) -> rows.add(List.of("", name.database(), name.table(), "TABLE", "")));
    return Table.ofStrings(
        List.of("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS"), rows);
  }

  private static void forEach(
      Map<String, Map<String, Table>> databases,
      String schemaPattern,
      String tablePattern,
      BiConsumer<TableName, Table> action) {
    databases.forEach((database, tables) ->
        tables.forEach((name, table) -> {
          if (matches(database, schemaPattern) && matches(name, tablePattern)) {
            action.accept(new TableName(database, name), table);
          }
        }));
  }

  static Table tableTypes() {
    return Table.ofStrings(List.of("TABLE_TYPE"), List.of(List.of("TABLE"), List.of("VIEW")));
  }

  static Table columns(
      Map<String, Map<String, Table>> databases,
      String schemaPattern,
      String tablePattern,
      String columnPattern) {
    List<List<Object>> rows = new ArrayList<>();
    forEach(
        databases,
        schemaPattern,
        tablePattern,
        (name, table) -> {
          for (int i = 0; i < table.columns().size(); i++) {
            Table.Column column = table.columns().get(i);
            if (matches(column.name(), columnPattern)) {
              rows.add(column(name, column, i + 1));
            }
          }
        });
    Table.Type text = Table.Type.STRING;
    Table.Type number = Table.Type.INT;
    return new Table(
        List.of(
            new Table.Column("TABLE_CAT", text),
            new Table.Column("TABLE_SCHEM", text),
            new Table.Column("TABLE_NAME", text),
            new Table.Column("COLUMN_NAME", text),
            new Table.Column("DATA_TYPE", number),
            new Table.Column("TYPE_NAME", text),
            new Table.Column("COLUMN_SIZE", number),
            new Table.Column("BUFFER_LENGTH", number),
            new Table.Column("DECIMAL_DIGITS", number),
            new Table.Column("NUM_PREC_RADIX", number),
            new Table.Column("NULLABLE", number),
            new Table.Column("REMARKS", text),
            new Table.Column("COLUMN_DEF", text),
            new Table.Column("SQL_DATA_TYPE", number),
            new Table.Column("SQL_DATETIME_SUB", number),
            new Table.Column("CHAR_OCTET_LENGTH", number),
            new Table.Column("ORDINAL_POSITION", number),
            new Table.Column("IS_NULLABLE", text),
            new Table.Column("SCOPE_CATALOG", text),
            new Table.Column("SCOPE_SCHEMA", text),
            new Table.Column("SCOPE_TABLE", text),
            new Table.Column("SOURCE_DATA_TYPE", number),
            new Table.Column("IS_AUTO_INCREMENT", text)),
        rows);
  }

  private static List<Object> column(TableName table, Table.Column column, int position) {
    int jdbcType =
        switch (column.type()) {
          case BOOLEAN -> java.sql.Types.BOOLEAN;
          case INT -> java.sql.Types.INTEGER;
          case BIGINT -> java.sql.Types.BIGINT;
          case DOUBLE -> java.sql.Types.DOUBLE;
          case STRING -> java.sql.Types.VARCHAR;
        };
    return List.of(
        "",
        table.database(),
        table.table(),
        column.name(),
        jdbcType,
        column.type().name(),
        0,
        0,
        0,
        10,
        1,
        "",
        "",
        0,
        0,
        0,
        position,
        "YES",
        "",
        "",
        "",
        0,
        "NO");
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
