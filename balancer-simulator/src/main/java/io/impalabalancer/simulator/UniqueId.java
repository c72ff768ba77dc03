package io.impalabalancer.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Sixteen bytes that name a session or a query, or a session's secret. On the wire both halves are
 * little-endian; in print they are two hexadecimal numbers ({@code be/src/util/uid-util.h}).
 */
record UniqueId(long hi, long lo) {
  static final int BYTES = 16;

  static UniqueId random() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return new UniqueId(random.nextLong(), random.nextLong());
  }

  /** Reads 16 bytes from the buffer's position, which stays where it is. */
  static UniqueId of(ByteBuffer bytes) {
    ByteBuffer view = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    return new UniqueId(view.getLong(), view.getLong());
  }

  /** Reads the printed form; an id that no one has when the text is no id. */
  static UniqueId parse(String text) {
    int colon = text.indexOf(':');
    try {
      return new UniqueId(
          Long.parseUnsignedLong(text, 0, Math.max(colon, 0), 16),
          Long.parseUnsignedLong(text, colon + 1, text.length(), 16));
    } catch (NumberFormatException e) {
      return new UniqueId(0, 0);
    }
  }

  ByteBuffer bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putLong(hi).putLong(lo).flip();
  }

  @Override
  public String toString() {
    return String.format("%016x:%016x", hi, lo);
  }
}
