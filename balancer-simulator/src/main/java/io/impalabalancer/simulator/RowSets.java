package io.impalabalancer.simulator;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.hive.service.rpc.thrift.TBoolColumn;
import org.apache.hive.service.rpc.thrift.TColumn;
import org.apache.hive.service.rpc.thrift.TColumnDesc;
import org.apache.hive.service.rpc.thrift.TDoubleColumn;
import org.apache.hive.service.rpc.thrift.TI32Column;
import org.apache.hive.service.rpc.thrift.TI64Column;
import org.apache.hive.service.rpc.thrift.TPrimitiveTypeEntry;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.hive.service.rpc.thrift.TStringColumn;
import org.apache.hive.service.rpc.thrift.TTableSchema;
import org.apache.hive.service.rpc.thrift.TTypeDesc;
import org.apache.hive.service.rpc.thrift.TTypeEntry;
import org.apache.hive.service.rpc.thrift.TTypeId;

/**
 * How HiveServer2 writes columns and rows of a query, by column ({@code
 * be/src/service/query-result-set.cc}).
 */
final class RowSets {

  private RowSets() {}

  static TTableSchema schema(Query query) {
    TTableSchema schema = new TTableSchema(new ArrayList<>());
    List<Table.Column> columns = columns(query);
    for (int i = 0; i < columns.size(); i++) {
      Table.Column column = columns.get(i);
      TTypeEntry type = TTypeEntry.primitiveEntry(new TPrimitiveTypeEntry(typeId(column)));
      schema.addToColumns(new TColumnDesc(column.name(), new TTypeDesc(List.of(type)), i));
    }
    return schema;
  }

  static TRowSet of(Query query, Query.Rows rows) {
    List<Table.Column> columns = columns(query);
    List<TColumn> values = new ArrayList<>(columns.size());
    for (int i = 0; i < columns.size(); i++) {
      values.add(column(columns.get(i).type(), i, rows.rows()));
    }
    TRowSet set = new TRowSet(rows.offset(), List.of());
    set.setColumns(values);
    return set;
  }

  private static List<Table.Column> columns(Query query) {
    return query.table == null ? List.of() : query.table.columns();
  }

  private static TTypeId typeId(Table.Column column) {
    return switch (column.type()) {
      case BOOLEAN -> TTypeId.BOOLEAN_TYPE;
      case INT -> TTypeId.INT_TYPE;
      case BIGINT -> TTypeId.BIGINT_TYPE;
      case DOUBLE -> TTypeId.DOUBLE_TYPE;
      case STRING -> TTypeId.STRING_TYPE;
    };
  }

  private static TColumn column(Table.Type type, int index, List<List<Object>> rows) {
    // No value is ever null; one bit for each row says so.
    ByteBuffer noNulls = ByteBuffer.wrap(new byte[(rows.size() + 7) / 8]);
    return switch (type) {
      case BOOLEAN ->
          TColumn.boolVal(new TBoolColumn(values(rows, row -> (Boolean) row.get(index)), noNulls));
      case INT ->
          TColumn.i32Val(new TI32Column(values(rows, row -> (Integer) row.get(index)), noNulls));
      case BIGINT ->
          TColumn.i64Val(new TI64Column(values(rows, row -> (Long) row.get(index)), noNulls));
      case DOUBLE ->
          TColumn.doubleVal(
              new TDoubleColumn(values(rows, row -> (Double) row.get(index)), noNulls));
      case STRING ->
          TColumn.stringVal(
              new TStringColumn(values(rows, row -> (String) row.get(index)), noNulls));
    };
  }

  private static <T> List<T> values(List<List<Object>> rows, Function<List<Object>, T> value) {
    List<T> values = new ArrayList<>(rows.size());
    for (List<Object> row : rows) {
      values.add(value.apply(row));
    }
    return values;
  }
}
