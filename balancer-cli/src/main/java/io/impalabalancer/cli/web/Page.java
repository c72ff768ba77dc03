package io.impalabalancer.cli.web;

import java.util.Map;
import java.util.TreeMap;

/**
 * An answer of the web port.
 *
 * @param status of HTTP
 * @param contentType as in HTTP's header
 * @param headers further ones
 */
record Page(int status, String contentType, String text, Map<String, String> headers) {
  private static final String PLAIN = "text/plain; charset=utf-8";

  /** Stands for the endless answer that {@link EventStream} gives. */
  static final Page STREAM = of(200, "text/event-stream", "");

  /** Makes a page when it is asked for. On the worker of the web port. */
  interface Maker {
    Page make(Request request);
  }

  static Page of(int status, String contentType, String text) {
    return new Page(status, contentType, text, Map.of());
  }

  /** Returns plain text with a line's end. */
  static Page plain(int status, String text) {
    return of(status, PLAIN, text + "\n");
  }

  /** Returns the same page with one more header. */
  Page with(String name, String value) {
    Map<String, String> more = new TreeMap<>(headers);
    more.put(name, value);
    return new Page(status, contentType, text, more);
  }
}
