package io.impalabalancer.core;

import io.netty.buffer.ByteBuf;
import io.netty.util.CharsetUtil;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a balancer in front says of its client before the client's own bytes: PROXY protocol,
 * version 1 (a line) or 2 (binary), as in HAProxy's {@code doc/proxy-protocol.txt}.
 *
 * @param length of the header, in bytes
 * @param source the client's address; null if the header names none, as for the balancer's own
 *     checks: then the connection's address counts
 */
record ProxyHeader(int length, @Nullable InetSocketAddress source) {
  /** The longest line of version 1, with its end. */
  private static final int V1_MAX_BYTES = 107;

  /** The longest header of version 2 that is taken: as much as fits HAProxy's default buffer. */
  private static final int V2_MAX_BYTES = 16 * 1024;

  private static final byte[] V1_SIGNATURE = "PROXY ".getBytes(CharsetUtil.US_ASCII);
  private static final byte[] V2_SIGNATURE = {
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A
  };
  private static final int V2_FIXED_BYTES = 16;
  private static final int V2_TCP4 = 0x11;
  private static final int V2_TCP6 = 0x21;
  private static final int V2_TCP4_BYTES = 12;
  private static final int V2_TCP6_BYTES = 36;
  private static final int TLV_FIXED_BYTES = 3;
  private static final int TLV_CRC32C = 0x03;
  private static final Pattern PORT = Pattern.compile("0|[1-9][0-9]{0,4}");

  /** Stands for bytes that are no header, whatever follows. */
  static final ProxyHeader BAD = new ProxyHeader(-1, null);

  /**
   * Reads the header that bytes begin with, and leaves them as they are.
   *
   * @return null while more bytes are needed to tell, {@link #BAD} if they are no header
   */
  static @Nullable ProxyHeader read(ByteBuf bytes) {
    if (beginsAs(bytes, V2_SIGNATURE)) {
      return readV2(bytes);
    }
    return beginsAs(bytes, V1_SIGNATURE) ? readV1(bytes) : BAD;
  }

  /** Returns whether the bytes are the signature, or a beginning of it. */
  private static boolean beginsAs(ByteBuf bytes, byte[] signature) {
    int count = Math.min(bytes.readableBytes(), signature.length);
    for (int i = 0; i < count; i++) {
      if (bytes.getByte(bytes.readerIndex() + i) != signature[i]) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable ProxyHeader readV1(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int count = Math.min(bytes.readableBytes(), V1_MAX_BYTES);
    int end = bytes.indexOf(start, start + count, (byte) '\n');
    if (end < 0) {
      return count < V1_MAX_BYTES ? null : BAD;
    }
    String line = bytes.toString(start, end - start, CharsetUtil.ISO_8859_1);
    if (!line.endsWith("\r")) {
      return BAD;
    }
    int length = end + 1 - start;
    String[] words = line.substring(0, line.length() - 1).split(" ", -1);
    if (words[1].equals("UNKNOWN")) {
      return new ProxyHeader(length, null);
    }
    boolean v4 = words[1].equals("TCP4");
    if (words.length != 6
        || !(v4 || words[1].equals("TCP6"))
        || !isAddress(v4, words[2])
        || !isAddress(v4, words[3])
        || port(words[4]) < 0
        || port(words[5]) < 0) {
      return BAD;
    }
    byte[] address = NetUtil.createByteArrayFromIpAddressString(words[2]);
    return address == null ? BAD : new ProxyHeader(length, address(address, port(words[4])));
  }

  private static boolean isAddress(boolean v4, String text) {
    return v4
        ? NetUtil.isValidIpV4Address(text)
        : NetUtil.isValidIpV6Address(text) && text.indexOf('%') < 0 && text.indexOf('[') < 0;
  }

  /** Returns a port, -1 if the text is none. */
  private static int port(String text) {
    int port = PORT.matcher(text).matches() ? Integer.parseInt(text) : -1;
    return port <= 0xffff ? port : -1;
  }

  private static @Nullable ProxyHeader readV2(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int count = bytes.readableBytes();
    if (count < V2_FIXED_BYTES) {
      return null;
    }
    int versionAndCommand = bytes.getUnsignedByte(start + 12);
    boolean local = versionAndCommand == 0x20;
    int family = bytes.getUnsignedByte(start + 13);
    int length = V2_FIXED_BYTES + bytes.getUnsignedShort(start + 14);
    int addresses =
        switch (family) {
          case V2_TCP4 -> V2_TCP4_BYTES;
          case V2_TCP6 -> V2_TCP6_BYTES;
          default -> 0;
        };
    if (!(local || versionAndCommand == 0x21)
        || length > V2_MAX_BYTES
        || (!local && length < V2_FIXED_BYTES + addresses)) {
      return BAD;
    }
    if (count < length) {
      return null;
    }
    if (local || addresses == 0) {
      // Of a balancer's own check, or of a client that has no IP address.
      return new ProxyHeader(length, null);
    }
    if (!tlvsAreGood(bytes.slice(start, length), V2_FIXED_BYTES + addresses)) {
      return BAD;
    }
    byte[] address = new byte[addresses == V2_TCP4_BYTES ? 4 : 16];
    bytes.getBytes(start + V2_FIXED_BYTES, address);
    int port = bytes.getUnsignedShort(start + V2_FIXED_BYTES + 2 * address.length);
    return new ProxyHeader(length, address(address, port));
  }

  /**
   * Returns whether each TLV ends within the header, and the checksum, if there is one, is right.
   */
  private static boolean tlvsAreGood(ByteBuf header, int first) {
    int at = first;
    while (at < header.readableBytes()) {
      if (at + TLV_FIXED_BYTES > header.readableBytes()) {
        return false;
      }
      int value = at + TLV_FIXED_BYTES;
      int end = value + header.getUnsignedShort(at + 1);
      if (end > header.readableBytes()) {
        return false;
      }
      if (header.getByte(at) == TLV_CRC32C
          && (end - value != 4 || header.getUnsignedInt(value) != checksum(header, value))) {
        return false;
      }
      at = end;
    }
    return true;
  }

  /** Returns the CRC of the header with zeros where it holds the CRC itself. */
  private static long checksum(ByteBuf header, int at) {
    byte[] bytes = new byte[header.readableBytes()];
    header.getBytes(0, bytes);
    for (int i = 0; i < 4; i++) {
      bytes[at + i] = 0;
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return crc.getValue();
  }

  private static InetSocketAddress address(byte[] address, int port) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("neither 4 nor 16 bytes", e);
    }
  }
}
