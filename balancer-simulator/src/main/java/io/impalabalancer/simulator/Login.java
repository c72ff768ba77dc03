package io.impalabalancer.simulator;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose login is complete: who it is, and the streams that carry its calls. The
 * client's first byte tells NOSASL (0x80, a Thrift call) from SASL (0x01, START).
 *
 * @param user the user that SASL PLAIN named or GSSAPI proved; empty for NOSASL
 */
record Login(String user, InputStream in, OutputStream out) {
  private static final int THRIFT_CALL = 0x80;
  private static final int START = 1;
  private static final int OK = 2;
  private static final int BAD = 3;
  private static final int COMPLETE = 5;

  /** A login message is a name or a password; more is no login. */
  private static final int MAX_MESSAGE_BYTES = 1 << 16;

  /** What one SASL frame carries at most (Impala's {@code DEFAULT_BUFFER_SIZE_BYTES}). */
  private static final int FRAME_BYTES = 128 * 1024;

  /** Request frames above this are refused. */
  private static final int MAX_FRAME_BYTES = 1 << 27;

  private static final int BUFFER_BYTES = 16 * 1024;

  /** The client was refused: it was told so, or speaks something else. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    RefusedException(String message) {
      super(message);
    }
  }

  /**
   * Blocks until the client is logged in.
   *
   * @param gssapi knows tickets, or null if none is taken
   */
  static Login of(Socket socket, Authentication authentication, @Nullable GssapiLogin gssapi)
      throws IOException {
    BufferedInputStream in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
    OutputStream out = socket.getOutputStream();
    if (authentication == Authentication.NOSASL) {
      return new Login("", in, new BufferedOutputStream(out, BUFFER_BYTES));
    }
    in.mark(1);
    int first = in.read();
    in.reset();
    switch (first) {
      case -1 -> throw new EOFException("No more data to read.");
      case THRIFT_CALL -> {
        if (authentication != Authentication.ANY) {
          throw new RefusedException("invalid sasl status");
        }
        return new Login("", in, new BufferedOutputStream(out, BUFFER_BYTES));
      }
      case START -> {
        String user = negotiate(new DataInputStream(in), out, authentication, gssapi);
        return new Login(user, new FrameInput(in), new FrameOutput(out));
      }
      default -> throw new RefusedException("first byte " + first + " is neither SASL nor Thrift");
    }
  }

  private static String negotiate(
      DataInputStream in,
      OutputStream out,
      Authentication authentication,
      @Nullable GssapiLogin gssapi)
      throws IOException {
    String mechanism = text(in, START, START);
    if (mechanism.equals("GSSAPI") && gssapi != null) {
      String user = gssapi.user(new GssapiTalk(in, out));
      send(out, COMPLETE, new byte[0]);
      return user;
    }
    if (!mechanism.equals("PLAIN") || authentication == Authentication.GSSAPI) {
      throw refuse(out, "Unsupported mechanism type " + mechanism);
    }
    // RFC 4616: authorization id NUL user NUL password
    // Java's client knows that this is all there is to say, and says COMPLETE; others say OK.
    String[] parts = text(in, OK, COMPLETE).split("\0", -1);
    if (parts.length != 3 || parts[1].isEmpty() || parts[2].isEmpty()) {
      throw refuse(out, "Error validating the login: a user and a password are needed");
    }
    send(out, COMPLETE, new byte[0]);
    return parts[1];
  }

  /** The messages of GSSAPI after the first. */
  private record GssapiTalk(DataInputStream in, OutputStream out) implements GssapiLogin.Talk {
    @Override
    public byte[] receive() throws IOException {
      return payload(in, OK, COMPLETE);
    }

    @Override
    public void send(byte[] challenge) throws IOException {
      Login.send(out, OK, challenge);
    }
  }

  private static String text(DataInputStream in, int expected, int orElse) throws IOException {
    return new String(payload(in, expected, orElse), StandardCharsets.UTF_8);
  }

  private static byte[] payload(DataInputStream in, int expected, int orElse) throws IOException {
    int status = in.readUnsignedByte();
    int length = in.readInt();
    if ((status != expected && status != orElse) || length < 0 || length > MAX_MESSAGE_BYTES) {
      throw new RefusedException("SASL status " + status + " with " + length + " bytes");
    }
    byte[] payload = new byte[length];
    in.readFully(payload);
    return payload;
  }

  private static RefusedException refuse(OutputStream out, String reason) throws IOException {
    send(out, BAD, reason.getBytes(StandardCharsets.UTF_8));
    return new RefusedException(reason);
  }

  private static void send(OutputStream out, int status, byte[] payload) throws IOException {
    ByteBuffer message = ByteBuffer.allocate(1 + Integer.BYTES + payload.length);
    out.write(message.put((byte) status).putInt(payload.length).put(payload).array());
  }

  /** Reads frames of a length and as many bytes as one stream. */
  private static final class FrameInput extends InputStream {
    private final DataInputStream in;
    private int left;

    FrameInput(InputStream in) {
      this.in = new DataInputStream(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      while (left == 0) {
        try {
          left = in.readInt();
        } catch (EOFException e) {
          return -1;
        }
        if (left < 0 || left > MAX_FRAME_BYTES) {
          throw new IOException("a SASL frame of " + left + " bytes");
        }
      }
      int count = in.read(bytes, offset, Math.min(length, left));
      left -= Math.max(count, 0);
      return count;
    }
  }

  /** Writes frames; one ends at a flush or when it is full, so frames are not messages. */
  private static final class FrameOutput extends OutputStream {
    private final OutputStream out;
    private final byte[] frame = new byte[Integer.BYTES + FRAME_BYTES];
    private int end = Integer.BYTES;

    FrameOutput(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int from = offset;
      while (from < offset + length) {
        int count = Math.min(offset + length - from, frame.length - end);
        System.arraycopy(bytes, from, frame, end, count);
        end += count;
        from += count;
        if (end == frame.length) {
          flush();
        }
      }
    }

    @Override
    public void flush() throws IOException {
      if (end > Integer.BYTES) {
        ByteBuffer.wrap(frame).putInt(end - Integer.BYTES);
        out.write(frame, 0, end);
        end = Integer.BYTES;
      }
    }
  }
}
