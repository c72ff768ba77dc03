package io.impalabalancer.config;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads hosts, and addresses to listen on; looks no name up. */
final class Addresses {
  private static final String EXPECTED_BIND =
      "\"address:port\" such as \"0.0.0.0:25003\" or \"[::]:25003\"";
  private static final Pattern BIND = Pattern.compile("(\\[[^]]*]|[^:\\[\\]]*):(\\d{1,5})");
  private static final Pattern V4_OCTET = Pattern.compile("25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d");
  private static final Pattern V4 =
      Pattern.compile("((%1$s)\\.){3}(%1$s)".formatted(V4_OCTET.pattern()));
  private static final Pattern V6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
  private static final Pattern PREFIX = Pattern.compile("\\d{1,3}");
  private static final Pattern DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");
  private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}");

  private Addresses() {}

  /** Returns an address to listen on, null after an error. */
  static @Nullable BindAddress bind(Value value) {
    String text = value.text(EXPECTED_BIND);
    if (text == null) {
      return null;
    }
    Matcher matcher = BIND.matcher(text);
    if (!matcher.matches()) {
      boolean bareV6 = text.indexOf(':') != text.lastIndexOf(':');
      value.unexpected(EXPECTED_BIND + (bareV6 ? "; an IPv6 address stands in brackets" : ""));
      return null;
    }
    String host = matcher.group(1);
    int port = Integer.parseInt(matcher.group(2));
    if (port > 65535) {
      value.unexpected("a port from 0 to 65535");
      return null;
    }
    if (host.isEmpty() || host.equals("*")) {
      return new BindAddress("0.0.0.0", port);
    }
    if (host.startsWith("[") ? isV6(host.substring(1, host.length() - 1)) : isV4(host)) {
      return new BindAddress(host.replaceAll("[\\[\\]]", ""), port);
    }
    boolean name = !host.startsWith("[") && !DIGITS_AND_DOTS.matcher(host).matches();
    value.unexpected(
        EXPECTED_BIND
            + (name
                ? "; a name may mean other addresses on another day, so write the address itself"
                : "; " + host + " is no address"));
    return null;
  }

  /** Returns a network, of which an address without a prefix is one, null after an error. */
  static @Nullable Network network(Value value) {
    String expected = "a network such as \"10.0.0.0/8\" or \"fd00::/8\", or an address";
    String text = value.text(expected);
    if (text == null) {
      return null;
    }
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    int most = isV4(host) ? 32 : isV6(host) ? 128 : -1;
    String prefix = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
    if (most < 0 || !PREFIX.matcher(prefix).matches() || Integer.parseInt(prefix) > most) {
      value.unexpected(expected);
      return null;
    }
    return new Network(host, Integer.parseInt(prefix));
  }

  /** Returns the host of a coordinator, a name or an address, null after an error. */
  static @Nullable String host(Value value) {
    String expected = "a host name or an IPv4 or IPv6 address";
    String text = value.text(expected);
    if (text == null) {
      return null;
    }
    boolean good =
        DIGITS_AND_DOTS.matcher(text).matches()
            ? isV4(text)
            : isV6(text) || HOST_NAME.matcher(text).matches();
    if (good) {
      return text;
    }
    String hint = "";
    if (text.startsWith("[")) {
      hint = "; an IPv6 address stands here without brackets";
    } else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
      hint = "; a port stands in ports { ... }";
    }
    value.unexpected(expected + hint);
    return null;
  }

  private static boolean isV4(String host) {
    return V4.matcher(host).matches();
  }

  private static boolean isV6(String host) {
    try {
      // A text with a colon is never looked up.
      return V6.matcher(host).matches() && InetAddress.getByName(host) instanceof Inet6Address;
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
