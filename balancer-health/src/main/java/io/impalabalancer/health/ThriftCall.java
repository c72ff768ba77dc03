package io.impalabalancer.health;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a check that logs in, in Thrift's strict binary protocol, and the little that it
 * reads of their answers. The numbers of fields are those of Impala's TCLIService.thrift and
 * ImpalaService.thrift.
 */
final class ThriftCall {
  /** More than the answer to any of these calls. */
  static final int MOST_BYTES = 1 << 20;

  private static final int VERSION = 0x8001_0000;
  private static final int VERSION_MASK = 0xffff_0000;
  private static final int CALL = 1;
  private static final int REPLY = 2;
  private static final int STOP = 0;
  private static final int BOOL = 2;
  private static final int BYTE = 3;
  private static final int DOUBLE = 4;
  private static final int I16 = 6;
  private static final int I32 = 8;
  private static final int I64 = 10;
  private static final int STRING = 11;
  private static final int STRUCT = 12;
  private static final int MAP = 13;
  private static final int SET = 14;
  private static final int LIST = 15;
  private static final int MOST_DEPTH = 16;

  /** {@code HIVE_CLI_SERVICE_PROTOCOL_V6}, which every Impala knows. */
  private static final int PROTOCOL_V6 = 5;

  /** {@code TStatusCode.ERROR_STATUS}; above it is only another error. */
  private static final int ERROR_STATUS = 3;

  /**
   * What was answered.
   *
   * @param problem why the call failed, null if it did not
   * @param session the session's handle as it came, empty if there is none
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Answer(@Nullable String problem, byte[] session) {}

  private final ByteBuf in;
  private String message = "";
  private int status;
  private byte[] session = new byte[0];

  private ThriftCall(ByteBuf in) {
    this.in = in;
  }

  /**
   * Returns the call that opens a HiveServer2 session.
   *
   * @param user whom one that has not logged in wants to be, may be empty
   */
  static ByteBuf openSession(String user) {
    ByteBuf out = begin("OpenSession");
    field(out, STRUCT, 1);
    field(out, I32, 1).writeInt(PROTOCOL_V6);
    if (!user.isEmpty()) {
      text(field(out, STRING, 2), user);
    }
    return out.writeByte(STOP).writeByte(STOP);
  }

  /** Returns the call that closes a HiveServer2 session. */
  static ByteBuf closeSession(byte[] session) {
    ByteBuf out = begin("CloseSession");
    field(out, STRUCT, 1);
    field(out, STRUCT, 1).writeBytes(session);
    return out.writeByte(STOP).writeByte(STOP);
  }

  /** Returns Impala's call that asks for nothing, over beeswax. */
  static ByteBuf ping() {
    return begin("PingImpalaService").writeByte(STOP);
  }

  private static ByteBuf begin(String name) {
    return text(Unpooled.buffer().writeInt(VERSION | CALL), name).writeInt(1);
  }

  private static ByteBuf field(ByteBuf out, int type, int id) {
    return out.writeByte(type).writeShort(id);
  }

  private static ByteBuf text(ByteBuf out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return out.writeInt(bytes.length).writeBytes(bytes);
  }

  /**
   * Reads an answer from its begin.
   *
   * @return null if it has not come as a whole
   * @throws IOException if it is none
   */
  static @Nullable Answer read(ByteBuf in) throws IOException {
    try {
      return new ThriftCall(in.slice()).read();
    } catch (IndexOutOfBoundsException notAllThere) {
      if (in.readableBytes() > MOST_BYTES) {
        throw new IOException("an answer of more than " + MOST_BYTES + " bytes");
      }
      return null;
    }
  }

  private Answer read() throws IOException {
    int first = in.readInt();
    if ((first & VERSION_MASK) != VERSION) {
      throw new IOException("an answer that is not Thrift's");
    }
    text();
    in.readInt();
    boolean returned = (first & 0xff) == REPLY;
    if (returned) {
      result();
    } else {
      exception();
    }
    boolean failed = !returned || status >= ERROR_STATUS;
    return new Answer(failed ? message.isEmpty() ? "an error" : message : null, session);
  }

  /** Reads the struct of a call's result: field 0 is what it returns, if that is a struct. */
  private void result() throws IOException {
    for (int type = in.readByte(); type != STOP; type = in.readByte()) {
      int id = in.readShort();
      if (type == STRUCT && id == 0) {
        returned();
      } else {
        skip(type, 0);
      }
    }
  }

  private void returned() throws IOException {
    for (int type = in.readByte(); type != STOP; type = in.readByte()) {
      int id = in.readShort();
      if (type == STRUCT && id == 1) {
        status();
      } else {
        int from = in.readerIndex();
        skip(type, 0);
        if (type == STRUCT && id == 3) {
          session = new byte[in.readerIndex() - from];
          in.getBytes(from, session);
        }
      }
    }
  }

  private void status() throws IOException {
    for (int type = in.readByte(); type != STOP; type = in.readByte()) {
      int id = in.readShort();
      if (type == I32 && id == 1) {
        status = in.readInt();
      } else if (type == STRING && id == 5) {
        message = text();
      } else {
        skip(type, 0);
      }
    }
  }

  private void exception() throws IOException {
    for (int type = in.readByte(); type != STOP; type = in.readByte()) {
      int id = in.readShort();
      if (type == STRING && id == 1) {
        message = text();
      } else {
        skip(type, 0);
      }
    }
  }

  private String text() throws IOException {
    return in.readCharSequence(length(), StandardCharsets.UTF_8).toString();
  }

  private int length() throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MOST_BYTES) {
      throw new IOException("an answer with a part of " + length + " bytes");
    }
    return length;
  }

  private void skip(int type, int depth) throws IOException {
    if (depth == MOST_DEPTH) {
      throw new IOException("an answer that is nested too deep");
    }
    switch (type) {
      case BOOL, BYTE -> in.skipBytes(1);
      case I16 -> in.skipBytes(2);
      case I32 -> in.skipBytes(4);
      case I64, DOUBLE -> in.skipBytes(8);
      case STRING -> in.skipBytes(length());
      case STRUCT -> {
        for (int field = in.readByte(); field != STOP; field = in.readByte()) {
          in.skipBytes(2);
          skip(field, depth + 1);
        }
      }
      case MAP -> {
        int key = in.readByte();
        int value = in.readByte();
        for (int left = length(); left > 0; left--) {
          skip(key, depth + 1);
          skip(value, depth + 1);
        }
      }
      case SET, LIST -> {
        int element = in.readByte();
        for (int left = length(); left > 0; left--) {
          skip(element, depth + 1);
        }
      }
      default -> throw new IOException("an answer with a value of type " + type);
    }
  }
}
