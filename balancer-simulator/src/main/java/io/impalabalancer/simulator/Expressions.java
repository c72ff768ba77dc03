package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads constants, sums of them and the simulator's functions, one after the other, from a part of
 * a statement, and adds up the work that they ask for. Made for one part.
 */
final class Expressions {
  /**
   * An expression's value.
   *
   * @param sql the expression, as Impala names the column
   */
  record Value(Object value, String sql) {}

  private static final long MAX_WORK_MILLIS = TimeUnit.DAYS.toMillis(1);

  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(\\d+\\.\\d*|\\.\\d+|\\d+)|([A-Za-z_][A-Za-z0-9_]*)"
              + "|'((?:[^'\\\\]|\\\\.)*)'|\"((?:[^\"\\\\]|\\\\.)*)\"|`([^`]+)`|(\\S))",
          Pattern.DOTALL);

  private final Impalad impalad;
  private final Session session;
  private final String text;
  private final Matcher token;
  private boolean hasToken;
  private long workMillis;
  private long executorMillis;

  Expressions(Impalad impalad, Session session, String text) {
    this.impalad = impalad;
    this.session = session;
    this.text = text;
    this.token = TOKEN.matcher(text);
    next();
  }

  /** What the coordinator has to do for what was read. */
  long workNanos() {
    return TimeUnit.MILLISECONDS.toNanos(workMillis);
  }

  /** What the executors have to do for what was read. */
  long executorNanos() {
    return TimeUnit.MILLISECONDS.toNanos(executorMillis);
  }

  /** Reads values in brackets, such as {@code (1, 'a')}. */
  List<Value> tuple() throws ImpalaException {
    require("(");
    List<Value> values = new ArrayList<>();
    do {
      values.add(value());
    } while (take(","));
    require(")");
    return values;
  }

  /** Reads a name after an expression, if there is one; else it is named as itself. */
  String alias(String expression) throws ImpalaException {
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
      throw syntaxError(text);
    }
    return expression;
  }

  /** Reads an expression. */
  Value value() throws ImpalaException {
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
          "AnalysisException: Arithmetic operation requires numeric operands: " + expression);
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
      throw syntaxError(text);
    }
    if (take("(")) {
      Value inner = value();
      require(")");
      return new Value(inner.value, "(" + inner.sql + ")");
    }
    if (take("-")) {
      Value value = compute(new Value(0L, "0"), "-", factor());
      return new Value(value.value, value.sql.substring("0 ".length()).replace("- ", "-"));
    }
    String number = token.group(1);
    String word = token.group(2);
    String string = token.group(3) != null ? token.group(3) : token.group(4);
    if (number != null) {
      next();
      return new Value(parseNumber(number), number);
    }
    if (string != null) {
      next();
      return new Value(string.replaceAll("\\\\(.)", "$1"), "'" + string + "'");
    }
    if (word == null) {
      throw syntaxError(text);
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
          "AnalysisException: Could not resolve column/field reference: '" + name + "'");
    }
    if (name.equals("work")) {
      return work();
    }
    if (!take(")")) {
      throw unknownFunction(name);
    }
    String value =
        switch (name) {
          case "coordinator" -> impalad.name;
          case "version" -> impalad.options.version().text();
          case "current_database" -> session.database;
          case "user", "effective_user", "logged_in_user" -> session.user;
          default -> throw unknownFunction(name);
        };
    return new Value(value, name + "()");
  }

  /** {@code work(coordinator)} or {@code work(coordinator, executors)}, in milliseconds. */
  private Value work() throws ImpalaException {
    long millis = number(MAX_WORK_MILLIS);
    workMillis += millis;
    String sql = "work(" + millis;
    if (take(",")) {
      long shared = number(MAX_WORK_MILLIS);
      executorMillis += shared;
      sql += ", " + shared;
    }
    require(")");
    return new Value(millis, sql + ")");
  }

  private static ImpalaException unknownFunction(String name) {
    return new ImpalaException("AnalysisException: default." + name + "() unknown");
  }

  private Object parseNumber(String number) throws ImpalaException {
    try {
      return number.contains(".") ? (Object) Double.valueOf(number) : (Object) Long.valueOf(number);
    } catch (NumberFormatException e) {
      throw new ImpalaException(
          "AnalysisException: Numeric literal '" + number + "' exceeds maximum range of decimals.");
    }
  }

  long number(long max) throws ImpalaException {
    String digits = hasToken ? token.group(1) : null;
    if (digits == null || !(parseNumber(digits) instanceof Long number)) {
      throw syntaxError(text);
    }
    if (number > max) {
      throw new ImpalaException(
          "AnalysisException: " + number + " is too large, at most " + max + " is simulated.");
    }
    next();
    return number;
  }

  void next() {
    hasToken = token.find();
  }

  boolean isWord(String word) {
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

  boolean take(String symbol) {
    if (!isAny(symbol)) {
      return false;
    }
    next();
    return true;
  }

  void require(String symbol) throws ImpalaException {
    if (!take(symbol)) {
      throw syntaxError(text);
    }
  }

  void requireEnd() throws ImpalaException {
    if (hasToken) {
      throw syntaxError(text);
    }
  }

  static ImpalaException syntaxError(String sql) {
    String line = sql.lines().findFirst().orElse("");
    return new ImpalaException(
        "ParseException: Syntax error in line 1:\n"
            + line
            + "\n^\nThe simulator does not know this statement: docs/simulator.md lists those that it"
            + " knows.\n\nCAUSED BY: Exception: Syntax error");
  }
}
