package io.impalabalancer.simulator;

import java.util.Locale;

/** What a web page is answered with instead of the truth. */
public enum Lie {
  /** A page for people, with status 200. */
  HTML,
  /** The first half of the page. */
  MALFORMED,
  /** Nothing, with status 200. */
  EMPTY,
  /** A body without an end. */
  ENDLESS,
  /** The page, a byte a second. */
  SLOW,
  /** 64 MiB of spaces, packed. */
  GZIP_BOMB,
  /** Status 307, to the same page. */
  REDIRECT,
  /** Status 404. */
  NOT_FOUND,
  /** Status 500. */
  ERROR;

  /** The name that orders by HTTP use, such as {@code gzip-bomb}. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
