package io.impalabalancer.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A statement that changes the catalog: CREATE and DROP of databases and tables, INSERT of rows.
 * The coordinator that it runs on knows of the change at once, the others with the next tick of the
 * statestore; with {@code SYNC_DDL} the statement ends when all know. Made for one statement.
 */
final class CatalogChange {
  private static final Pattern CREATE_DATABASE =
      Interpreter.statement(
          "create\\s+(?:database|schema)\\s+(if\\s+not\\s+exists\\s+)?`?(\\w+)`?");
  private static final Pattern DROP_DATABASE =
      Interpreter.statement(
          "drop\\s+(?:database|schema)\\s+(if\\s+exists\\s+)?`?(\\w+)`?(\\s+cascade|\\s+restrict)?");
  private static final Pattern CREATE_TABLE =
      Interpreter.statement(
          "create\\s+(?:external\\s+)?table\\s+(if\\s+not\\s+exists\\s+)?([\\w.`]+)\\s*\\((.+?)\\)\\s*"
              + "(?:stored\\s+as\\s+\\w+)?");
  private static final Pattern DROP_TABLE =
      Interpreter.statement("drop\\s+table\\s+(if\\s+exists\\s+)?([\\w.`]+)(?:\\s+purge)?");
  private static final Pattern INSERT =
      Interpreter.statement("insert\\s+into\\s+(?:table\\s+)?([\\w.`]+)\\s+values\\s*(.+)");

  private final Impalad impalad;
  private final Session session;
  private final String sql;

  CatalogChange(Impalad impalad, Session session, String sql) {
    this.impalad = impalad;
    this.session = session;
    this.sql = sql;
  }

  /** Changes the catalog. Returns what the client is told. */
  Interpreter.Answer carryOut() throws ImpalaException {
    Matcher createTable = CREATE_TABLE.matcher(sql);
    if (createTable.matches()) {
      return createTable(createTable);
    }
    Matcher dropTable = DROP_TABLE.matcher(sql);
    if (dropTable.matches()) {
      return dropTable(dropTable);
    }
    Matcher insert = INSERT.matcher(sql);
    if (insert.matches()) {
      return insert(insert);
    }
    Matcher createDatabase = CREATE_DATABASE.matcher(sql);
    if (createDatabase.matches()) {
      return createDatabase(createDatabase);
    }
    Matcher dropDatabase = DROP_DATABASE.matcher(sql);
    if (dropDatabase.matches()) {
      return dropDatabase(dropDatabase);
    }
    throw Expressions.syntaxError(sql);
  }

  private Interpreter.Answer createTable(Matcher create) throws ImpalaException {
    TableName name = TableName.of(create.group(2), session);
    Table table = new Table(columns(create.group(3)), List.of());
    if (tables(impalad.catalog.databases(), name.database()).containsKey(name.table())) {
      if (create.group(1) != null) {
        return summary("Table already exists.");
      }
      throw new ImpalaException("AnalysisException: Table already exists: " + name);
    }
    change(databases -> {
      Map<String, Table> tables = tables(databases, name.database());
      if (tables.containsKey(name.table())) {
        // Another coordinator was first, and this one has not heard of it.
        throw new ImpalaException(
            "ImpalaRuntimeException: Error making 'createTable' RPC to Hive Metastore: \n"
                + "CAUSED BY: AlreadyExistsException: Table "
                + name
                + " already exists");
      }
      tables.put(name.table(), table);
      return with(databases, name.database(), tables);
    });
    return summary("Table has been created.");
  }

  private Interpreter.Answer dropTable(Matcher drop) throws ImpalaException {
    TableName name = TableName.of(drop.group(2), session);
    if (!tables(impalad.catalog.databases(), name.database()).containsKey(name.table())) {
      if (drop.group(1) != null) {
        return summary("Table does not exist.");
      }
      throw new ImpalaException("AnalysisException: Table does not exist: " + name);
    }
    change(databases -> {
      Map<String, Table> tables = tables(databases, name.database());
      if (tables.remove(name.table()) == null) {
        throw new ImpalaException("CatalogException: Table does not exist: " + name);
      }
      return with(databases, name.database(), tables);
    });
    return summary("Table has been dropped.");
  }

  private Interpreter.Answer insert(Matcher insert) throws ImpalaException {
    TableName name = TableName.of(insert.group(1), session);
    Table target = tables(impalad.catalog.databases(), name.database()).get(name.table());
    if (target == null) {
      throw new ImpalaException("AnalysisException: Table does not exist: " + name);
    }
    List<List<Object>> added = new ArrayList<>();
    Expressions expressions = new Expressions(impalad, session, insert.group(2));
    do {
      added.add(row(name, target, expressions.tuple()));
    } while (expressions.take(","));
    expressions.requireEnd();
    change(databases -> {
      Map<String, Table> tables = tables(databases, name.database());
      Table table = tables.get(name.table());
      if (table == null) {
        throw new ImpalaException("TableLoadingException: Table does not exist: " + name);
      }
      List<List<Object>> rows = new ArrayList<>(table.rows());
      rows.addAll(added);
      tables.put(name.table(), new Table(table.columns(), rows));
      return with(databases, name.database(), tables);
    });
    return new Interpreter.Answer(null, 0, 0, added.size());
  }

  private static List<Object> row(TableName name, Table target, List<Expressions.Value> values)
      throws ImpalaException {
    List<Table.Column> columns = target.columns();
    if (values.size() != columns.size()) {
      throw new ImpalaException(
          String.format(
              "AnalysisException: Target table '%s' has %s columns (%d) than the SELECT / VALUES"
                  + " clause returns (%d)",
              name,
              columns.size() > values.size() ? "more" : "fewer",
              columns.size(),
              values.size()));
    }
    List<Object> row = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Expressions.Value value = values.get(i);
      Object converted = columns.get(i).type().convert(value.value());
      if (converted == null) {
        throw new ImpalaException(
            String.format(
                "AnalysisException: Target table '%s' is incompatible with source expressions.\n"
                    + "Expression '%s' (type: %s) is not compatible with column '%s' (type: %s)",
                name,
                value.sql(),
                Table.Type.of(value.value()),
                columns.get(i).name(),
                columns.get(i).type()));
      }
      row.add(converted);
    }
    return row;
  }

  private Interpreter.Answer createDatabase(Matcher create) throws ImpalaException {
    String name = create.group(2).toLowerCase(Locale.ROOT);
    if (impalad.catalog.databases().containsKey(name)) {
      if (create.group(1) != null) {
        return summary("Database already exists.");
      }
      throw new ImpalaException("AnalysisException: Database already exists: " + name);
    }
    change(databases -> {
      if (databases.containsKey(name)) {
        throw new ImpalaException(
            "ImpalaRuntimeException: Error making 'createDatabase' RPC to Hive Metastore: \n"
                + "CAUSED BY: AlreadyExistsException: Database "
                + name
                + " already exists");
      }
      return with(databases, name, Map.of());
    });
    return summary("Database has been created.");
  }

  private Interpreter.Answer dropDatabase(Matcher drop) throws ImpalaException {
    String name = drop.group(2).toLowerCase(Locale.ROOT);
    if (!impalad.catalog.databases().containsKey(name)) {
      if (drop.group(1) != null) {
        return summary("Database does not exist.");
      }
      throw new ImpalaException("AnalysisException: Database does not exist: " + name);
    }
    boolean cascade = drop.group(3) != null && drop.group(3).strip().equalsIgnoreCase("cascade");
    change(databases -> {
      if (!cascade && !tables(databases, name).isEmpty()) {
        throw new ImpalaException(
            "ImpalaRuntimeException: Error making 'dropDatabase' RPC to Hive Metastore: \n"
                + "CAUSED BY: InvalidOperationException: Database "
                + name
                + " is not empty. One or more tables exist.");
      }
      Map<String, Map<String, Table>> left = new TreeMap<>(databases);
      left.remove(name);
      return left;
    });
    return summary("Database has been dropped.");
  }

  private void change(Catalog.Change change) throws ImpalaException {
    Catalog.State changed = impalad.catalog.change(change);
    String sync = session.options.getOrDefault("SYNC_DDL", "0");
    if (sync.equals("1") || sync.equalsIgnoreCase("true")) {
      impalad.awaitEverywhere(changed);
    }
  }

  private static Interpreter.Answer summary(String text) {
    return new Interpreter.Answer(Table.ofStrings(List.of("summary"), List.of(List.of(text))));
  }

  /** A database's tables, to be changed. */
  private static Map<String, Table> tables(
      Map<String, Map<String, Table>> databases, String database) throws ImpalaException {
    Map<String, Table> tables = databases.get(database);
    if (tables == null) {
      throw new ImpalaException("AnalysisException: Database does not exist: " + database);
    }
    return new TreeMap<>(tables);
  }

  private static Map<String, Map<String, Table>> with(
      Map<String, Map<String, Table>> databases, String database, Map<String, Table> tables) {
    Map<String, Map<String, Table>> changed = new TreeMap<>(databases);
    changed.put(database, tables);
    return changed;
  }

  private static List<Table.Column> columns(String text) throws ImpalaException {
    List<Table.Column> columns = new ArrayList<>();
    for (String column : text.split(",(?![^(]*\\))", -1)) {
      String[] words = column.strip().replace("`", "").toLowerCase(Locale.ROOT).split("\\s+", 3);
      if (words.length < 2) {
        throw Expressions.syntaxError(text);
      }
      columns.add(new Table.Column(words[0], Table.Type.named(words[1])));
    }
    return List.copyOf(columns);
  }
}
