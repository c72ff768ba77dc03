package io.impalabalancer.cli.convert;

import com.typesafe.config.ConfigUtil;
import java.util.regex.Pattern;

/** Writes texts so that HOCON reads them back: bare where it can, in quotes where it must. */
final class Hocon {
  private static final Pattern BARE_KEY = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*");
  private static final Pattern BARE_TEXT = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]*");
  private static final Pattern WORD = Pattern.compile("true|false|null|include.*");

  private Hocon() {}

  static String text(String text) {
    return BARE_TEXT.matcher(text).matches() && !WORD.matcher(text).matches()
        ? text
        : ConfigUtil.quoteString(text);
  }

  static String key(String key) {
    return BARE_KEY.matcher(key).matches() && !WORD.matcher(key).matches()
        ? key
        : ConfigUtil.quoteString(key);
  }
}
