package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
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
   * @param workNanos the work to do before they are there
   */
  record Answer(@Nullable Table table, long workNanos) {}

  private record Value(Object value, String sql) {}

  private static final List<String> DATABASES = List.of("_impala_builtins", "default");

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

  private static final long MAX_WORK_MILLIS = TimeUnit.DAYS.toMillis(1);
  private static final int MAX_ROWS = 100_000_000;
  private static final int MAX_ROW_BYTES = 1 << 24;

  private static final Pattern LEADING_COMMENT =
      Pattern.compile("^(\\s+|--[^\\n]*(\\n|$)|/\\*.*?\\*/)", Pattern.DOTALL);
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(\\d+\\.\\d*|\\.\\d+|\\d+)|([A-Za-z_][A-Za-z0-9_]*)"
              + "|'((?:[^'\\\\]|\\\\.)*)'|\"((?:[^\"\\\\]|\\\\.)*)\"|`([^`]+)`|(\\S))",
          Pattern.DOTALL);
  private static final Pattern QUOTED = Pattern.compile("'[^']*'|\"[^\"]*\"");
  private static final Pattern FROM = Pattern.compile("(?i)\\bfrom\\s+`?([\\w.]+)");
  private static final Pattern USE = Pattern.compile("(?i)use\\s+`?(\\w+)`?");
  private static final Pattern SET =
      Pattern.compile("(?i)set\\s+([\\w.:]+)\\s*=\\s*(.*)", Pattern.DOTALL);
  private static final Pattern SET_ALL = Pattern.compile("(?i)set(\\s+all)?");
  private static final Pattern SHOW_DATABASES =
      Pattern.compile("(?i)show\\s+(databases|schemas).*");
  private static final Pattern SHOW_TABLES = Pattern.compile("(?i)show\\s+tables.*");
  private static final Pattern SELECT = Pattern.compile("(?i)select\\b(.*)", Pattern.DOTALL);

  private final String coordinator;
  private final Session session;
  private final String sql;
  private Matcher token = TOKEN.matcher("");
  private boolean hasToken;
  private long workMillis;

  /** Interprets {@code sql} for {@code session} on the coordinator of that name. */
  Interpreter(String coordinator, Session session, String sql) {
    this.coordinator = coordinator;
    this.session = session;
    this.sql = strip(sql);
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
    Matcher select = SELECT.matcher(sql);
    if (select.matches()) {
      Matcher from = FROM.matcher(QUOTED.matcher(sql).replaceAll("''"));
      if (from.find()) {
        throw new ImpalaException(
            "AnalysisException: Could not resolve table reference: '"
                + from.group(1).toLowerCase(Locale.ROOT)
                + "'\n");
      }
      return select(select.group(1));
    }
    Matcher use = USE.matcher(sql);
    if (use.matches()) {
      return use(use.group(1));
    }
    Matcher set = SET.matcher(sql);
    if (set.matches()) {
      session.options.put(set.group(1).toUpperCase(Locale.ROOT), unquote(set.group(2)));
      return new Answer(null, 0);
    }
    if (SET_ALL.matcher(sql).matches()) {
      return new Answer(options(), 0);
    }
    if (SHOW_DATABASES.matcher(sql).matches()) {
      return new Answer(
          Table.ofStrings(
              List.of("name", "comment"),
              List.of(
                  List.of(DATABASES.get(0), "System database for Impala builtin functions"),
                  List.of(DATABASES.get(1), "Default Hive database"))),
          0);
    }
    if (SHOW_TABLES.matcher(sql).matches()) {
      return new Answer(Table.ofStrings(List.of("name"), List.of()), 0);
    }
    throw syntaxError();
  }

  static List<String> databases() {
    return DATABASES;
  }

  static Map<String, String> defaultOptions() {
    return DEFAULT_OPTIONS;
  }

  private static String unquote(String text) {
    boolean quoted =
        text.length() >= 2
            && (text.startsWith("'") || text.startsWith("\""))
            && text.endsWith(text.substring(0, 1));
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  private Answer use(String name) throws ImpalaException {
    String database = name.toLowerCase(Locale.ROOT);
    if (!DATABASES.contains(database)) {
      throw new ImpalaException("AnalysisException: Database does not exist: " + database + "\n");
    }
    session.database = database;
    return new Answer(null, 0);
  }

  private Table options() {
    Map<String, String> options = new TreeMap<>(DEFAULT_OPTIONS);
    options.putAll(session.options);
    List<List<Object>> rows = new ArrayList<>();
    options.forEach((name, value) -> rows.add(List.of(name, value, "REGULAR")));
    return Table.ofStrings(List.of("option", "value", "level"), rows);
  }

  private Answer select(String items) throws ImpalaException {
    token = TOKEN.matcher(items);
    next();
    List<Table.Column> columns = new ArrayList<>();
    List<Object> row = new ArrayList<>();
    if (isWord("rows")) {
      Answer rows = rows();
      requireEnd();
      return rows;
    }
    do {
      Value value = sum();
      columns.add(new Table.Column(alias(value.sql), Table.Type.of(value.value)));
      row.add(value.value);
    } while (take(","));
    requireEnd();
    return new Answer(
        new Table(List.copyOf(columns), List.of(List.copyOf(row))),
        TimeUnit.MILLISECONDS.toNanos(workMillis));
  }

  /** {@code rows(n, bytes)}: one text, n times. */
  private Answer rows() throws ImpalaException {
    next();
    require("(");
    long count = number(MAX_ROWS);
    require(",");
    long bytes = number(MAX_ROW_BYTES);
    require(")");
    List<Object> row = List.of("x".repeat((int) bytes));
    return new Answer(
        new Table(
            List.of(new Table.Column(alias("rows"), Table.Type.STRING)),
            Collections.nCopies((int) count, row)),
        0);
  }

  private String alias(String expression) throws ImpalaException {
    boolean as = isWord("as");
    if (as) {
      next();
    }
    if (hasToken && (token.group(2) != null || token.group(5) != null)) {
      String name = token.group(2) != null ? token.group(2) : token.group(5);
      next();
      return name.toLowerCase(Locale.ROOT);
    }
    if (as) {
      throw syntaxError();
    }
    return expression;
  }

  private Value sum() throws ImpalaException {
    Value left = product();
    while (isAny("+", "-")) {
      String operator = operator();
      left = compute(left, operator, product());
    }
    return left;
  }

  private Value product() throws ImpalaException {
    Value left = factor();
    while (isAny("*", "/")) {
      String operator = operator();
      left = compute(left, operator, factor());
    }
    return left;
  }

  private Value compute(Value left, String operator, Value right) throws ImpalaException {
    String expression = left.sql + " " + operator + " " + right.sql;
    if (!(left.value instanceof Number a) || !(right.value instanceof Number b)) {
      throw new ImpalaException(
          "AnalysisException: Arithmetic operation requires numeric operands: "
              + expression
              + "\n");
    }
    if (a instanceof Long x && b instanceof Long y && !operator.equals("/")) {
      long result =
          switch (operator) {
            case "+" -> x + y;
            case "-" -> x - y;
            default -> x * y;
          };
      return new Value(result, expression);
    }
    double x = a.doubleValue();
    double y = b.doubleValue();
    double result =
        switch (operator) {
          case "+" -> x + y;
          case "-" -> x - y;
          case "*" -> x * y;
          default -> x / y;
        };
    return new Value(result, expression);
  }

  private Value factor() throws ImpalaException {
    if (!hasToken) {
      throw syntaxError();
    }
    if (take("(")) {
      Value inner = sum();
      require(")");
      return new Value(inner.value, "(" + inner.sql + ")");
    }
    if (take("-")) {
      Value value = compute(new Value(0L, "0"), "-", factor());
      return new Value(value.value, value.sql.substring("0 ".length()).replace("- ", "-"));
    }
    String number = token.group(1);
    String word = token.group(2);
    String text = token.group(3) != null ? token.group(3) : token.group(4);
    if (number != null) {
      next();
      return new Value(parseNumber(number), number);
    }
    if (text != null) {
      next();
      return new Value(text.replaceAll("\\\\(.)", "$1"), "'" + text + "'");
    }
    if (word == null) {
      throw syntaxError();
    }
    next();
    return wordValue(word);
  }

  private Value wordValue(String word) throws ImpalaException {
    String name = word.toLowerCase(Locale.ROOT);
    if (name.equals("true") || name.equals("false")) {
      return new Value(name.equals("true"), name.toUpperCase(Locale.ROOT));
    }
    if (!take("(")) {
      throw new ImpalaException(
          "AnalysisException: Could not resolve column/field reference: '" + name + "'\n");
    }
    if (name.equals("work")) {
      long millis = number(MAX_WORK_MILLIS);
      require(")");
      workMillis += millis;
      return new Value(millis, "work(" + millis + ")");
    }
    if (!take(")")) {
      throw unknownFunction(name);
    }
    String value =
        switch (name) {
          case "coordinator" -> coordinator;
          case "version" -> Impalad.VERSION;
          case "current_database" -> session.database;
          case "user", "effective_user", "logged_in_user" -> session.user;
          default -> throw unknownFunction(name);
        };
    return new Value(value, name + "()");
  }

  private static ImpalaException unknownFunction(String name) {
    return new ImpalaException("AnalysisException: default." + name + "() unknown\n");
  }

  private Object parseNumber(String number) throws ImpalaException {
    try {
      return number.contains(".") ? (Object) Double.valueOf(number) : (Object) Long.valueOf(number);
    } catch (NumberFormatException e) {
      throw new ImpalaException(
          "AnalysisException: Numeric literal '"
              + number
              + "' exceeds maximum range of decimals.\n");
    }
  }

  private long number(long max) throws ImpalaException {
    String digits = hasToken ? token.group(1) : null;
    if (digits == null || !(parseNumber(digits) instanceof Long number)) {
      throw syntaxError();
    }
    if (number > max) {
      throw new ImpalaException(
          "AnalysisException: " + number + " is too large, at most " + max + " is simulated.\n");
    }
    next();
    return number;
  }

  private void next() {
    hasToken = token.find();
  }

  private boolean isWord(String word) {
    return hasToken && word.equalsIgnoreCase(token.group(2));
  }

  private boolean isAny(String... symbols) {
    return hasToken && token.group(6) != null && List.of(symbols).contains(token.group(6));
  }

  private String operator() {
    String symbol = token.group(6);
    next();
    return symbol;
  }

  private boolean take(String symbol) {
    if (!isAny(symbol)) {
      return false;
    }
    next();
    return true;
  }

  private void require(String symbol) throws ImpalaException {
    if (!take(symbol)) {
      throw syntaxError();
    }
  }

  private void requireEnd() throws ImpalaException {
    if (hasToken) {
      throw syntaxError();
    }
  }

  private ImpalaException syntaxError() {
    String line = sql.lines().findFirst().orElse("");
    return new ImpalaException(
        "ParseException: Syntax error in line 1:\n"
            + line
            + "\n^\nThe simulator knows SELECT of constants and functions, SET, SHOW and USE.\n\n"
            + "CAUSED BY: Exception: Syntax error\n");
  }
}
