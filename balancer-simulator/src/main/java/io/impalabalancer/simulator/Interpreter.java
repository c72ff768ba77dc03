package io.impalabalancer.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The statement language: enough of Impala's SQL for clients to connect and for tests to say what a
 * coordinator shall do. {@code docs/simulator.md} lists it. Made for one statement.
 */
final class Interpreter {
  /**
   * What a statement gives.
   *
   * @param table its rows, or null when it has none
   * @param workNanos the coordinator's work to do before they are there
   * @param executorNanos the executors' work, which they share
   * @param inserted rows that an INSERT added; {@link #NO_DML} for other statements
   */
  record Answer(@Nullable Table table, long workNanos, long executorNanos, int inserted) {
    static final int NO_DML = -1;

    Answer(@Nullable Table table) {
      this(table, 0, 0);
    }

    Answer(@Nullable Table table, long workNanos, long executorNanos) {
      this(table, workNanos, executorNanos, NO_DML);
    }
  }

  /** Options that {@code set} lists when the session has not set them, with Impala's defaults. */
  private static final Map<String, String> DEFAULT_OPTIONS =
      Map.of(
          "BATCH_SIZE", "0",
          "EXEC_TIME_LIMIT_S", "0",
          "MEM_LIMIT", "0",
          "MT_DOP", "",
          "NUM_NODES", "0",
          "QUERY_TIMEOUT_S", "0",
          "REQUEST_POOL", "",
          "SYNC_DDL", "0");

  private static final int MAX_ROWS = 100_000_000;
  private static final int MAX_ROW_BYTES = 1 << 24;

  private static final Pattern LEADING_COMMENT =
      Pattern.compile("^(\\s+|--[^\\n]*(\\n|$)|/\\*.*?\\*/)", Pattern.DOTALL);
  private static final Pattern QUOTED = Pattern.compile("'[^']*'|\"[^\"]*\"");
  private static final Pattern FROM = statement("select\\s+(.*?)\\s+from\\s+([\\w.`]+)");
  private static final Pattern SELECT = statement("select\\b(.*)");
  private static final Pattern USE = statement("use\\s+`?(\\w+)`?");
  private static final Pattern SET = statement("set\\s+([\\w.:]+)\\s*=\\s*(.*)");
  private static final Pattern SET_ALL = statement("set(\\s+all)?");
  private static final Pattern SHOW_DATABASES =
      statement("show\\s+(?:databases|schemas)(?:\\s+(?:like\\s+)?'([^']*)')?");
  private static final Pattern SHOW_TABLES =
      statement("show\\s+tables(?:\\s+(?:in|from)\\s+`?(\\w+)`?)?(?:\\s+(?:like\\s+)?'([^']*)')?");
  private static final Pattern DESCRIBE = statement("(?:describe|desc)\\s+([\\w.`]+)");
  private static final Pattern SHUTDOWN =
      statement(":shutdown\\(\\s*(?:['\"]([^'\"]*)['\"]\\s*,?)?\\s*(\\d+)?\\s*\\)");
  private static final Pattern CHANGE = statement("(create|drop|insert)\\s.*");

  private final Impalad impalad;
  private final Session session;
  private final String sql;

  /** Interprets {@code sql} for {@code session}. */
  Interpreter(Impalad impalad, Session session, String sql) {
    this.impalad = impalad;
    this.session = session;
    this.sql = strip(sql);
  }

  /** A pattern for a whole statement, in any case. */
  static Pattern statement(String regex) {
    return Pattern.compile(regex, Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
  }

  private static String strip(String sql) {
    String rest = sql;
    Matcher comment = LEADING_COMMENT.matcher(rest);
    while (comment.find()) {
      rest = rest.substring(comment.end());
      comment = LEADING_COMMENT.matcher(rest);
    }
    rest = rest.stripTrailing();
    return rest.endsWith(";") ? rest.substring(0, rest.length() - 1).stripTrailing() : rest;
  }

  Answer answer() throws ImpalaException {
    if (CHANGE.matcher(sql).matches()) {
      return new CatalogChange(impalad, session, sql).carryOut();
    }
    Matcher select = SELECT.matcher(sql);
    if (select.matches()) {
      Matcher from = FROM.matcher(QUOTED.matcher(sql).replaceAll("''"));
      return from.lookingAt() ? selectFrom(from) : select(select.group(1));
    }
    Matcher use = USE.matcher(sql);
    if (use.matches()) {
      session.database = database(use.group(1).toLowerCase(Locale.ROOT));
      return new Answer(null);
    }
    Matcher set = SET.matcher(sql);
    if (set.matches()) {
      session.options.put(set.group(1).toUpperCase(Locale.ROOT), unquote(set.group(2)));
      return new Answer(null);
    }
    Matcher shutdown = SHUTDOWN.matcher(sql);
    if (shutdown.matches()) {
      return shutdown(shutdown.group(1), shutdown.group(2));
    }
    if (SET_ALL.matcher(sql).matches()) {
      return new Answer(options());
    }
    Matcher tables = SHOW_TABLES.matcher(sql);
    if (tables.matches()) {
      String database = tables.group(1) == null ? session.database : tables.group(1);
      Map<String, Table> found =
          impalad.catalog.databases().get(database(database.toLowerCase(Locale.ROOT)));
      return new Answer(
          Table.ofStrings(
              List.of("name"),
              Objects.requireNonNull(found).keySet().stream()
                  .filter(name -> like(name, tables.group(2)))
                  .map(name -> List.<Object>of(name))
                  .toList()));
    }
    Matcher databases = SHOW_DATABASES.matcher(sql);
    if (databases.matches()) {
      return new Answer(
          Table.ofStrings(
              List.of("name", "comment"),
              impalad.catalog.databases().keySet().stream()
                  .filter(name -> like(name, databases.group(1)))
                  .map(name -> List.<Object>of(name, comment(name)))
                  .toList()));
    }
    Matcher describe = DESCRIBE.matcher(sql);
    if (describe.matches()) {
      return describe(describe.group(1));
    }
    throw Expressions.syntaxError(sql);
  }

  static Map<String, String> defaultOptions() {
    return DEFAULT_OPTIONS;
  }

  private static String comment(String database) {
    return switch (database) {
      case "_impala_builtins" -> "System database for Impala builtin functions";
      case "default" -> "Default Hive database";
      default -> "";
    };
  }

  /** Impala's patterns: {@code *} is any text, {@code |} separates choices. */
  private static boolean like(String name, @Nullable String pattern) {
    return pattern == null
        || name.matches(pattern.toLowerCase(Locale.ROOT).replace(".", "\\.").replace("*", ".*"));
  }

  private static String unquote(String text) {
    boolean quoted =
        text.length() >= 2
            && (text.startsWith("'") || text.startsWith("\""))
            && text.endsWith(text.substring(0, 1));
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  private String database(String name) throws ImpalaException {
    if (!impalad.catalog.databases().containsKey(name)) {
      throw new ImpalaException("AnalysisException: Database does not exist: " + name);
    }
    return name;
  }

  /** {@code :shutdown(['host'][, deadline])}. */
  private Answer shutdown(@Nullable String host, @Nullable String deadline) throws ImpalaException {
    if (host != null && !host.isEmpty() && !host.split(":", 2)[0].equals(impalad.name)) {
      throw new ImpalaException("The simulator shuts down " + impalad.name + " only, not " + host);
    }
    Duration left =
        deadline == null
            ? impalad.options.shutdownDeadline()
            : Duration.ofSeconds(Long.parseLong(deadline));
    impalad.quiesce(left);
    String status = Objects.requireNonNull(impalad.shutdownStatus());
    return new Answer(Table.ofStrings(List.of("summary"), List.of(List.of(status))));
  }

  private Table options() {
    Map<String, String> options = new TreeMap<>(DEFAULT_OPTIONS);
    options.putAll(session.options);
    List<List<Object>> rows = new ArrayList<>();
    options.forEach((name, value) -> rows.add(List.of(name, value, "REGULAR")));
    return Table.ofStrings(List.of("option", "value", "level"), rows);
  }

  private Table table(String reference) throws ImpalaException {
    TableName name = TableName.of(reference, session);
    Table table =
        impalad.catalog.databases().getOrDefault(name.database(), Map.of()).get(name.table());
    if (table == null) {
      throw new ImpalaException(
          "AnalysisException: Could not resolve table reference: '"
              + reference.replace("`", "").toLowerCase(Locale.ROOT)
              + "'");
    }
    return table;
  }

  private Answer describe(String reference) throws ImpalaException {
    List<List<Object>> rows = new ArrayList<>();
    for (Table.Column column : table(reference).columns()) {
      rows.add(List.of(column.name(), column.type().name().toLowerCase(Locale.ROOT), ""));
    }
    return new Answer(Table.ofStrings(List.of("name", "type", "comment"), rows));
  }

  /** {@code select * | count(*) | columns from table}. */
  private Answer selectFrom(Matcher from) throws ImpalaException {
    Table table = table(from.group(2));
    if (from.end() != sql.length()) {
      throw Expressions.syntaxError(sql);
    }
    TableName name = TableName.of(from.group(2), session);
    long loadNanos = impalad.catalog.look(name, table).toNanos();
    String items = from.group(1).toLowerCase(Locale.ROOT);
    if (items.equals("*")) {
      return new Answer(table, loadNanos, 0);
    }
    if (items.replaceAll("\\s", "").equals("count(*)")) {
      Table count =
          new Table(
              List.of(new Table.Column("count(*)", Table.Type.BIGINT)),
              List.of(List.of((long) table.rows().size())));
      return new Answer(count, loadNanos, 0);
    }
    List<Integer> chosen = new ArrayList<>();
    for (String item : items.split(",", -1)) {
      chosen.add(table.column(item.strip().replace("`", "")));
    }
    return new Answer(
        new Table(
            chosen.stream().map(table.columns()::get).toList(),
            table.rows().stream().map(row -> chosen.stream().map(row::get).toList()).toList()),
        loadNanos,
        0);
  }

  private Answer select(String items) throws ImpalaException {
    Expressions expressions = new Expressions(impalad, session, items);
    if (expressions.isWord("rows")) {
      return rows(expressions);
    }
    List<Table.Column> columns = new ArrayList<>();
    List<Object> row = new ArrayList<>();
    do {
      Expressions.Value value = expressions.value();
      columns.add(new Table.Column(expressions.alias(value.sql()), Table.Type.of(value.value())));
      row.add(value.value());
    } while (expressions.take(","));
    expressions.requireEnd();
    return new Answer(
        new Table(List.copyOf(columns), List.of(List.copyOf(row))),
        expressions.workNanos(),
        expressions.executorNanos());
  }

  /** {@code rows(n, bytes)}: one text, n times. */
  private static Answer rows(Expressions expressions) throws ImpalaException {
    expressions.next();
    expressions.require("(");
    long count = expressions.number(MAX_ROWS);
    expressions.require(",");
    long bytes = expressions.number(MAX_ROW_BYTES);
    expressions.require(")");
    Table.Column column = new Table.Column(expressions.alias("rows"), Table.Type.STRING);
    expressions.requireEnd();
    List<Object> row = List.of("x".repeat((int) bytes));
    return new Answer(new Table(List.of(column), Collections.nCopies((int) count, row)));
  }
}
