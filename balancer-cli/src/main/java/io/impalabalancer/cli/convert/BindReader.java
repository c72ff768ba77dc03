package io.impalabalancer.cli.convert;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code bind} lines and the addresses of an old {@code listen} line. */
final class BindReader {
  private static final int MOST_PORTS = 64;
  private static final Pattern ADDRESS = Pattern.compile("(.*):(\\d{1,5})(?:-(\\d{1,5}))?");
  private static final Pattern V4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final Pattern V6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
  private static final Keywords OPTIONS = Keywords.of("bind");

  private BindReader() {}

  /**
   * Returns the addresses that stand in a word, and judges the options behind it; none if it cannot
   * be carried over.
   */
  static List<Bind> read(Line line, int at) {
    List<Bind> binds = new ArrayList<>();
    List<String> words = line.from(at + 1);
    boolean beyond = false;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      Keywords.Answer answer = OPTIONS.find(word);
      if (answer == null) {
        line.unsupported(OPTIONS.unknown(word));
      } else {
        if (!answer.isRead() && !answer.verdict().equals("none")) {
          answer.apply(line, word);
        }
        beyond |= answer.verdict().equals("cannot");
        i += answer.arguments();
      }
    }
    if (beyond) {
      return binds;
    }
    if (line.word(at).isEmpty()) {
      line.error("found no address, expected address:port");
    }
    for (String address : line.word(at).split(",", -1)) {
      read(line, address.strip(), words, binds);
    }
    if (!binds.isEmpty()) {
      line.carried(
          "bind = "
              + String.join(", ", binds.stream().map(Bind::address).toList())
              + (binds.get(0).acceptProxy()
                  ? ", accept-proxy from anywhere: name the balancer in front instead"
                  : ""));
    }
    return binds;
  }

  private static void read(Line line, String word, List<String> options, List<Bind> binds) {
    if (word.isEmpty()) {
      return;
    }
    String address = word.replaceFirst("^(tcp|ipv|tcp4@|tcp6@)?[46]?@", "");
    if (address.startsWith("/") || address.contains("@")) {
      line.unsupported(
          "found \"" + word + "\"; listeners have TCP addresses, such as 0.0.0.0:25003");
      return;
    }
    Matcher matcher = ADDRESS.matcher(address);
    if (!matcher.matches()) {
      line.error("found \"" + word + "\", expected address:port");
      return;
    }
    int first = Integer.parseInt(matcher.group(2));
    int last = matcher.group(3) == null ? first : Integer.parseInt(matcher.group(3));
    if (first < 1 || last > 65535 || last < first || last - first >= MOST_PORTS) {
      line.error(
          "found \"%s\", expected a port from 1 to 65535 or a range of %d ports at most"
              .formatted(word, MOST_PORTS));
      return;
    }
    List<String> hosts = hosts(line, matcher.group(1), options);
    for (int port = first; port <= last; port++) {
      for (String host : hosts) {
        binds.add(new Bind(host, port, options.contains("accept-proxy"), line));
      }
    }
  }

  private static List<String> hosts(Line line, String written, List<String> options) {
    String host = written.replaceAll("^\\[|]$", "");
    if (host.isEmpty() || host.equals("*") || host.equals("0.0.0.0")) {
      return List.of("0.0.0.0");
    }
    if (host.equals("localhost")) {
      return List.of("127.0.0.1");
    }
    if (host.equals("::")) {
      return options.contains("v4v6") ? List.of("0.0.0.0", "::") : List.of("::");
    }
    if (isV4(host) || isV6(host)) {
      return List.of(host);
    }
    line.error(
        "found \"%s\", expected an address in numbers: a name may mean another one on another day"
            .formatted(written));
    return List.of();
  }

  static boolean isV4(String host) {
    if (!V4.matcher(host).matches()) {
      return false;
    }
    for (String octet : host.split("\\.", -1)) {
      if (Integer.parseInt(octet) > 255 || (octet.length() > 1 && octet.startsWith("0"))) {
        return false;
      }
    }
    return true;
  }

  static boolean isV6(String host) {
    try {
      // A text with a colon is never looked up.
      return V6.matcher(host).matches() && InetAddress.getByName(host) instanceof Inet6Address;
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
