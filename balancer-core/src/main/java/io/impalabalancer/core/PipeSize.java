package io.impalabalancer.core;

/**
 * The capacity of pipes. Java reaches the call that changes it only from version 22 on, where
 * another class of this name takes the place of this one.
 */
final class PipeSize {
  /** What a pipe holds unless it is changed (pipe(7)). */
  private static final int DEFAULT_BYTES = 64 * 1024;

  private PipeSize() {}

  /** Returns whether {@link #enlarge} can be called now; it may have to be waited for. */
  static boolean ready() {
    return true;
  }

  /**
   * Makes a pipe hold more, if the kernel lets it.
   *
   * @param descriptor of either end
   * @return what it holds now
   */
  static int enlarge(int descriptor, int bytes) {
    return DEFAULT_BYTES;
  }
}
