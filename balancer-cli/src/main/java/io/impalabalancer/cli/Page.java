package io.impalabalancer.cli;

import org.jspecify.annotations.Nullable;

/**
 * An answer of the web port.
 *
 * @param status of HTTP
 * @param contentType as in HTTP's header
 */
record Page(int status, String contentType, String text) {
  private static final String PLAIN = "text/plain; charset=utf-8";

  /** Makes a page when it is asked for. On the worker of the web port. */
  interface Maker {
    /**
     * Makes the page.
     *
     * @param accept the request's {@code Accept} header, null if it has none
     */
    Page make(@Nullable String accept);
  }

  /** Returns plain text with a line's end. */
  static Page plain(int status, String text) {
    return new Page(status, PLAIN, text + "\n");
  }
}
