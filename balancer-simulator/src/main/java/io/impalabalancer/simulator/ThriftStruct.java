package io.impalabalancer.simulator;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TBase;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.jspecify.annotations.Nullable;

/**
 * A Thrift struct as its numbered fields, for the calls that no published Java class knows: beeswax
 * and Impala's additions to HiveServer2. A value's class says its type on the wire; text and binary
 * are the same there and are read as a ByteBuffer.
 */
final class ThriftStruct {
  private static final TStruct NO_NAME = new TStruct("");

  private final Map<Short, Object> fields = new TreeMap<>();

  /**
   * Adds a field: Boolean, Integer, Long, String, ByteBuffer, a List or Map of these, or a struct.
   */
  ThriftStruct with(int id, Object value) {
    fields.put((short) id, value);
    return this;
  }

  /** A struct's field; an empty struct if it is missing. */
  ThriftStruct struct(int id) {
    return fields.get((short) id) instanceof ThriftStruct struct ? struct : new ThriftStruct();
  }

  /** A number's field; 0 if it is missing. */
  long number(int id) {
    return fields.get((short) id) instanceof Number number ? number.longValue() : 0;
  }

  /** A binary field; empty if it is missing. */
  ByteBuffer binary(int id) {
    return fields.get((short) id) instanceof ByteBuffer bytes ? bytes : ByteBuffer.allocate(0);
  }

  /** A text field; empty if it is missing. */
  String text(int id) {
    return decode(binary(id));
  }

  /** A list of texts; empty if it is missing. */
  List<String> texts(int id) {
    List<String> texts = new ArrayList<>();
    if (fields.get((short) id) instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof ByteBuffer bytes) {
          texts.add(decode(bytes));
        }
      }
    }
    return texts;
  }

  private static String decode(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
  }

  /** Reads the rest of a message whose beginning is read. */
  static ThriftStruct read(TProtocol in) throws TException {
    ThriftStruct body = readStruct(in);
    in.readMessageEnd();
    return body;
  }

  /** Answers a call. Field 0 is its result, others are declared errors. */
  void reply(TMessage call, TProtocol out) throws TException {
    send(new TMessage(call.name, TMessageType.REPLY, call.seqid), out);
  }

  /** Sends it as the body of a message. */
  void send(TMessage begin, TProtocol out) throws TException {
    out.writeMessageBegin(begin);
    write(out);
    out.writeMessageEnd();
    out.getTransport().flush();
  }

  /** Answers a call that is not known, as Thrift's own servers do. */
  static void replyUnknown(TMessage call, TProtocol protocol) throws TException {
    read(protocol);
    replyError(
        call,
        protocol,
        new TApplicationException(
            TApplicationException.UNKNOWN_METHOD, "Invalid method name: '" + call.name + "'"));
  }

  /** Answers a call with an error that it does not declare. */
  static void replyError(TMessage call, TProtocol protocol, TApplicationException error)
      throws TException {
    protocol.writeMessageBegin(new TMessage(call.name, TMessageType.EXCEPTION, call.seqid));
    error.write(protocol);
    protocol.writeMessageEnd();
    protocol.getTransport().flush();
  }

  private static ThriftStruct readStruct(TProtocol in) throws TException {
    ThriftStruct struct = new ThriftStruct();
    in.readStructBegin();
    for (TField field = in.readFieldBegin();
        field.type != TType.STOP;
        field = in.readFieldBegin()) {
      Object value = readValue(in, field.type);
      if (value != null) {
        struct.fields.put(field.id, value);
      }
      in.readFieldEnd();
    }
    in.readStructEnd();
    return struct;
  }

  private static @Nullable Object readValue(TProtocol in, byte type) throws TException {
    return switch (type) {
      case TType.BOOL -> in.readBool();
      case TType.I32 -> in.readI32();
      case TType.I64 -> in.readI64();
      case TType.STRING -> in.readBinary();
      case TType.STRUCT -> readStruct(in);
      case TType.LIST -> readList(in);
      default -> {
        TProtocolUtil.skip(in, type);
        yield null;
      }
    };
  }

  private static List<Object> readList(TProtocol in) throws TException {
    TList list = in.readListBegin();
    List<Object> items = new ArrayList<>();
    for (int i = 0; i < list.size; i++) {
      Object item = readValue(in, list.elemType);
      if (item != null) {
        items.add(item);
      }
    }
    in.readListEnd();
    return items;
  }

  private void write(TProtocol out) throws TException {
    out.writeStructBegin(NO_NAME);
    for (Map.Entry<Short, Object> field : fields.entrySet()) {
      out.writeFieldBegin(new TField("", type(field.getValue()), field.getKey()));
      writeValue(out, field.getValue());
      out.writeFieldEnd();
    }
    out.writeFieldStop();
    out.writeStructEnd();
  }

  private static byte type(Object value) {
    if (value instanceof Boolean) {
      return TType.BOOL;
    } else if (value instanceof Integer) {
      return TType.I32;
    } else if (value instanceof Long) {
      return TType.I64;
    } else if (value instanceof String || value instanceof ByteBuffer) {
      return TType.STRING;
    } else if (value instanceof List) {
      return TType.LIST;
    } else if (value instanceof Map) {
      return TType.MAP;
    }
    return TType.STRUCT;
  }

  private static void writeValue(TProtocol out, Object value) throws TException {
    if (value instanceof Boolean flag) {
      out.writeBool(flag);
    } else if (value instanceof Integer number) {
      out.writeI32(number);
    } else if (value instanceof Long number) {
      out.writeI64(number);
    } else if (value instanceof String text) {
      out.writeString(text);
    } else if (value instanceof ByteBuffer bytes) {
      out.writeBinary(bytes);
    } else if (value instanceof List<?> list) {
      out.writeListBegin(new TList(list.isEmpty() ? TType.STRING : type(list.get(0)), list.size()));
      for (Object item : list) {
        writeValue(out, item);
      }
      out.writeListEnd();
    } else if (value instanceof Map<?, ?> map) {
      byte type = map.isEmpty() ? TType.STRING : type(map.values().iterator().next());
      out.writeMapBegin(new TMap(TType.STRING, type, map.size()));
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        writeValue(out, entry.getKey());
        writeValue(out, entry.getValue());
      }
      out.writeMapEnd();
    } else if (value instanceof ThriftStruct struct) {
      struct.write(out);
    } else if (value instanceof TBase<?, ?> generated) {
      generated.write(out);
    } else {
      throw new IllegalArgumentException("no Thrift type for " + value.getClass());
    }
  }
}
