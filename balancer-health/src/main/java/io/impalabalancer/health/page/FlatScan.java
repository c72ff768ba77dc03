package io.impalabalancer.health.page;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The quick way through a page of hundreds of members of which a few are wanted: one pass over its
 * bytes, in which only what is wanted becomes text. It knows JSON as Impala writes it; of anything
 * else, such as escapes in a name, it says nothing, and {@link PageReader} reads or refuses the
 * page.
 */
final class FlatScan {
  /** Deeper than any page of Impala's, and no matter for the stack. */
  private static final int MOST_DEPTH = 32;

  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHEST = ONES << 7;
  private static final long QUOTES = '"' * ONES;
  private static final long ESCAPES = '\\' * ONES;

  /** What is thrown, without a trace, where a page is not as expected. */
  private static final class Unexpected extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unexpected() {
      super(null, null, false, false);
    }
  }

  /** Says whether a member is wanted. */
  interface Wanted {
    /**
     * Returns whether that part of the page is the name of a member that is wanted.
     *
     * @param to exclusive
     */
    boolean is(byte[] page, int from, int to);
  }

  /** Takes a member that is wanted. */
  interface Found {
    /**
     * Takes it.
     *
     * @param text a text, number or flag; empty for anything else
     */
    void found(String name, String text);
  }

  private final byte[] page;
  private final Wanted wanted;
  private final Found found;
  private int at;

  private FlatScan(byte[] page, Wanted wanted, Found found) {
    this.page = page;
    this.wanted = wanted;
    this.found = found;
  }

  /**
   * Reads the members of the one object that a page is.
   *
   * @return whether it could; if not, what was found is worth nothing
   */
  static boolean read(byte[] page, Wanted wanted, Found found) {
    FlatScan scan = new FlatScan(page, wanted, found);
    try {
      if (scan.afterSpace() != '{') {
        return false;
      }
      scan.at++;
      scan.object(0);
      return true;
    } catch (Unexpected | ArrayIndexOutOfBoundsException notAsExpected) {
      return false;
    }
  }

  /** Goes to the next byte that is no space, and returns it. */
  private byte afterSpace() {
    byte next = page[at];
    while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
      next = page[++at];
    }
    return next;
  }

  private void expect(char what) {
    if (afterSpace() != what) {
      throw new Unexpected();
    }
    at++;
  }

  /** Reads an object after its brace. */
  private void object(int depth) {
    if (afterSpace() == '}') {
      at++;
      return;
    }
    while (true) {
      expect('"');
      int name = at;
      string(false);
      int nameEnd = at - 1;
      expect(':');
      if (depth == 0 && wanted.is(page, name, nameEnd)) {
        String text = value(depth, true);
        found.found(text(name, nameEnd), text == null ? "" : text);
      } else {
        value(depth, false);
      }
      if (afterSpace() == '}') {
        at++;
        return;
      }
      expect(',');
    }
  }

  private void array(int depth) {
    if (afterSpace() == ']') {
      at++;
      return;
    }
    while (true) {
      value(depth, false);
      if (afterSpace() == ']') {
        at++;
        return;
      }
      expect(',');
    }
  }

  /** Reads a value; returns its text, null if it has none or it is not wanted. */
  private @Nullable String value(int depth, boolean isWanted) {
    byte first = afterSpace();
    int from = at;
    switch (first) {
      case '"' -> {
        at++;
        string(!isWanted);
        return isWanted ? text(from + 1, at - 1) : null;
      }
      case '{', '[' -> {
        if (depth == MOST_DEPTH) {
          throw new Unexpected();
        }
        at++;
        if (first == '{') {
          object(depth + 1);
        } else {
          array(depth + 1);
        }
        return null;
      }
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> {
        word("null");
        return null;
      }
      default -> number();
    }
    return isWanted ? text(from, at) : null;
  }

  /**
   * Reads a string after its first quote.
   *
   * @param escapes whether it may have any
   */
  private void string(boolean escapes) {
    int i = quoteOrEscape(at);
    while (page[i] != '"') {
      if (!escapes) {
        throw new Unexpected();
      }
      i = quoteOrEscape(i + 2);
    }
    at = i + 1;
  }

  /** Returns where the next quote or backslash is, looking at eight bytes at a time. */
  private int quoteOrEscape(int from) {
    byte[] bytes = page;
    int i = from;
    for (; i <= bytes.length - Long.BYTES; i += Long.BYTES) {
      long eight = (long) EIGHT.get(bytes, i);
      long found = zeros(eight ^ QUOTES) | zeros(eight ^ ESCAPES);
      if (found != 0) {
        return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
    }
    while (bytes[i] != '"' && bytes[i] != '\\') {
      i++;
    }
    return i;
  }

  /**
   * Returns the highest bit of each byte that is zero, the lowest of which is right in any case.
   */
  private static long zeros(long eight) {
    return (eight - ONES) & ~eight & HIGHEST;
  }

  private void word(String word) {
    for (int i = 0; i < word.length(); i++) {
      if (page[at++] != word.charAt(i)) {
        throw new Unexpected();
      }
    }
  }

  private void number() {
    int from = at;
    byte next = page[at];
    while ((next >= '0' && next <= '9')
        || next == '.'
        || next == '-'
        || next == '+'
        || next == 'e'
        || next == 'E') {
      next = page[++at];
    }
    if (at == from) {
      throw new Unexpected();
    }
  }

  private String text(int from, int to) {
    return new String(page, from, to - from, StandardCharsets.UTF_8);
  }
}
