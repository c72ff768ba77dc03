package io.impalabalancer.cli.convert;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code server} and {@code default-server} lines. */
final class ServerReader {
  private static final Keywords OPTIONS = Keywords.of("server");
  private static final Pattern PORT = Pattern.compile("(.*):([+-]?\\d{1,5})");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}");
  private static final Pattern DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.:-]+");
  private static final Duration DAY = Duration.ofDays(1);

  private static final Set<String> TIMES = Set.of("inter", "fastinter", "downinter", "slowstart");

  private ServerReader() {}

  static void readDefaults(Proxy proxy, Line line) {
    Map<String, Setting> options = options(line, 1);
    options.forEach((option, setting) -> put(proxy.serverDefaults, option, setting));
    if (!isBeyond(line, options)) {
      line.carried("for the servers below it");
    }
  }

  static void read(Proxy proxy, Line line) {
    Map<String, Setting> options = new LinkedHashMap<>(proxy.serverDefaults);
    options(line, 3).forEach((option, setting) -> put(options, option, setting));
    proxy.hasOtherServers = true;
    String name = line.word(1);
    if (!NAME.matcher(name).matches()) {
      line.error("found \"" + name + "\", expected a name of letters, digits and _ . : -");
      return;
    }
    String address = line.word(2).replaceFirst("^(tcp|ipv)?[46]?@", "");
    if (address.startsWith("/") || address.contains("@")) {
      line.unsupported("found \"" + address + "\"; coordinators have TCP addresses, host:port");
      return;
    }
    Matcher matcher = PORT.matcher(address);
    boolean bareV6 = !address.startsWith("[") && BindReader.isV6(address) && !matcher.matches();
    boolean hasPort = !bareV6 && matcher.matches();
    String host = (hasPort ? matcher.group(1) : address).replaceAll("^\\[|]$", "");
    String port = hasPort ? matcher.group(2) : "";
    if (!isHost(host)) {
      line.error("found \"" + line.word(2) + "\", expected host:port");
    } else if (port.startsWith("+") || port.startsWith("-")) {
      line.unsupported("found port " + port + " from the client's; write the port itself");
    } else if (hasPort && (Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535)) {
      line.error("found port " + port + ", expected 1 to 65535");
    } else if (!isBeyond(line, options)) {
      OptionalInt number = hasPort ? OptionalInt.of(Integer.parseInt(port)) : OptionalInt.empty();
      proxy.servers.add(new Server(name, host, number, Map.copyOf(options), line));
    }
  }

  private static boolean isHost(String host) {
    return DIGITS_AND_DOTS.matcher(host).matches()
        ? BindReader.isV4(host)
        : BindReader.isV6(host) || HOST.matcher(host).matches();
  }

  /** Tells the line if an option makes a server that cannot be served. */
  private static boolean isBeyond(Line line, Map<String, Setting> options) {
    for (Map.Entry<String, Setting> option : options.entrySet()) {
      Keywords.Answer answer = OPTIONS.find(option.getKey());
      if (answer != null && answer.verdict().equals("cannot")) {
        answer.apply(line, option.getKey());
        return true;
      }
    }
    return false;
  }

  /** {@code no-check} and the like take back what was said before. */
  private static void put(Map<String, Setting> options, String option, Setting setting) {
    if (option.startsWith("no-")) {
      options.remove(option.substring(3));
    } else if (option.equals("enabled")) {
      options.remove("disabled");
    } else {
      options.put(option, setting);
    }
  }

  private static Map<String, Setting> options(Line line, int from) {
    Map<String, Setting> options = new LinkedHashMap<>();
    List<String> words = line.from(from);
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      Keywords.Answer answer = OPTIONS.find(word);
      if (answer == null) {
        line.unsupported(OPTIONS.unknown(word));
      } else {
        String argument = answer.arguments() == 0 || i + 1 >= words.size() ? "" : words.get(i + 1);
        if (answer.arguments() > 0 && argument.isEmpty()) {
          line.error("found \"" + word + "\" at the end of the line, expected a value after it");
        } else if (answer.verdict().equals("cannot")) {
          options.put(word, new Setting(argument, line));
        } else if (answer.isRead()) {
          option(line, word, argument, options);
        } else if (!answer.verdict().equals("none")) {
          answer.apply(line, word);
        }
        i += answer.arguments();
      }
    }
    return options;
  }

  private static void option(
      Line line, String word, String argument, Map<String, Setting> options) {
    String value = argument;
    if (TIMES.contains(word)) {
      value = Values.time(line, argument, word.equals("slowstart") ? "0s" : "1ms", DAY);
    } else if (word.equals("weight")) {
      value = text(Values.number(line, argument, 0, 256));
    } else if (word.equals("maxconn")) {
      value = argument.equals("0") ? "none" : text(Values.number(line, argument, 1, 1_000_000));
    } else if (word.equals("port")) {
      value = text(Values.number(line, argument, 1, 65535));
    } else if (Set.of("rise", "fall", "error-limit").contains(word)) {
      value = text(Values.number(line, argument, 1, 1000));
    } else if (word.equals("observe") && !argument.equals("layer4")) {
      line.unsupported("observe " + argument + ": what is relayed is not looked into; layer4 is");
      return;
    } else if (word.equals("on-marked-down") && !argument.equals("shutdown-sessions")) {
      line.error("found \"" + argument + "\", expected shutdown-sessions");
      return;
    } else if (word.equals("on-error")
        && !Set.of("fastinter", "fail-check", "sudden-death", "mark-down").contains(argument)) {
      line.error(
          "found \"" + argument + "\", expected fastinter, fail-check, sudden-death or mark-down");
      return;
    }
    if (!value.isEmpty() || argument.isEmpty()) {
      options.put(word, new Setting(value, line));
    }
  }

  private static String text(OptionalInt number) {
    return number.isEmpty() ? "" : Integer.toString(number.getAsInt());
  }
}
