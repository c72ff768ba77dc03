package io.impalabalancer.cli.convert;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code defaults}, {@code listen}, {@code frontend} and {@code backend} sections. */
final class ProxyReader {
  private static final Keywords KEYWORDS = Keywords.of("proxy");
  private static final Keywords TIMEOUTS = Keywords.of("timeout");
  private static final Keywords OPTIONS = Keywords.of("option");
  private static final Keywords STATS = Keywords.of("stats");
  private static final Duration YEAR = Duration.ofDays(365);
  private static final int MOST_CONNECTIONS = 10_000_000;
  private static final Pattern SOURCE =
      Pattern.compile("src(?:,ipmask\\((\\d{1,2})(?:,(\\d{1,3}))?\\))?");
  private static final Set<String> SAME =
      Set.of("leastconn", "source", "roundrobin", "first", "random");

  /** What a listener may say beyond its names, addresses and algorithm, in the order written. */
  static final List<String> KEYS =
      List.of(
          "maxconn",
          "backlog",
          "source-prefix.ipv4",
          "source-prefix.ipv6",
          "timeouts.connect",
          "timeouts.queue",
          "timeouts.client",
          "timeouts.server",
          "timeouts.client-fin",
          "timeouts.server-fin",
          "retries",
          "keepalive.idle",
          "keepalive.interval",
          "keepalive.count",
          "dontlognull");

  /** Of these, what is of the side of the servers. */
  static final Set<String> SERVER_KEYS =
      Set.of(
          "source-prefix.ipv4",
          "source-prefix.ipv6",
          "timeouts.connect",
          "timeouts.queue",
          "timeouts.server",
          "timeouts.server-fin",
          "retries");

  static final String NOT_JUDGED =
      "connections are relayed byte by byte, requests and answers are neither judged nor changed";

  private final Proxy proxy;

  private ProxyReader(Proxy proxy) {
    this.proxy = proxy;
  }

  /**
   * @param base the {@code defaults} that the section stands on
   */
  static Proxy read(Section section, @Nullable Proxy base) {
    Proxy proxy = new Proxy(section, base);
    ProxyReader reader = new ProxyReader(proxy);
    Line header = section.header();
    if (proxy.listens() && !header.word(2).isEmpty() && !header.word(2).equals("from")) {
      proxy.binds.addAll(BindReader.read(header, 2));
    }
    for (Line line : section.lines()) {
      if (line.errors().isEmpty() && line.fate() == null) {
        reader.line(line);
      }
    }
    return proxy;
  }

  private void line(Line line) {
    String argument = line.word(1);
    switch (line.word(0)) {
      case "mode" -> mode(line, argument);
      case "bind" -> {
        if (proxy.kind().equals("backend") || proxy.kind().equals("defaults")) {
          line.error("found an address in a " + proxy.kind() + " section, expected it in a listen");
        } else {
          proxy.binds.addAll(BindReader.read(line, 1));
        }
      }
      case "server" -> {
        if (proxy.hasServers()) {
          ServerReader.read(proxy, line);
        } else {
          line.error("found a server in a " + proxy.kind() + " section, expected it in a backend");
        }
      }
      case "default-server" -> ServerReader.readDefaults(proxy, line);
      case "server-template" -> {
        proxy.hasOtherServers = true;
        line.unsupported(
            "a coordinator is one host: write a server line for each, or have them found"
                + " (discover.dns, discover.srv)");
      }
      case "balance" -> balance(line, argument);
      case "timeout" -> timeout(line, argument, line.word(2));
      case "contimeout" -> timeout(line, "connect", argument);
      case "clitimeout" -> timeout(line, "client", argument);
      case "srvtimeout" -> timeout(line, "server", argument);
      case "maxconn" -> number(line, "maxconn", argument, 1, MOST_CONNECTIONS);
      case "backlog" -> number(line, "backlog", argument, 1, 65535);
      case "retries" -> number(line, "retries", argument, 0, 100);
      case "clitcpka-cnt", "srvtcpka-cnt" -> number(line, "keepalive.count", argument, 1, 127);
      case "clitcpka-idle", "srvtcpka-idle" -> seconds(line, "keepalive.idle", argument);
      case "clitcpka-intvl", "srvtcpka-intvl" -> seconds(line, "keepalive.interval", argument);
      case "redispatch" -> option(line, "redispatch", true);
      case "option" -> option(line, argument, true);
      case "no", "default" -> negated(line, argument);
      case "stick" -> stick(line);
      case "stick-table" -> stickTable(line);
      case "stats" -> stats(line, argument);
      case "default_backend", "use_backend" -> backend(line, argument);
      case "http-check" -> httpCheck(line);
      case "tcp-check" -> tcpCheck(line);
      case "http-request" -> httpRequest(line);
      case "acl" -> {
        if (Condition.isAsked(line)) {
          proxy.acls.add(line);
        } else {
          KEYWORDS.answer(line, "acl");
        }
      }
      case "log" -> line.meaningless("every session is logged, see log in reference.conf");
      case "disabled" -> {
        proxy.disabled = line;
        line.meaningless("the section is not carried over");
      }
      case "enabled" -> {
        proxy.disabled = null;
        line.carried("as it is");
      }
      default -> KEYWORDS.answer(line, line.word(0));
    }
  }

  private void mode(Line line, String mode) {
    proxy.http = mode.equals("http");
    if (mode.equals("tcp")) {
      line.carried("connections are relayed byte by byte");
    } else if (mode.equals("http")) {
      line.meaningless("connections are relayed byte by byte, HTTP is not looked into");
    } else {
      line.error("found \"" + mode + "\", expected tcp or http");
    }
  }

  private void balance(Line line, String algorithm) {
    String word = algorithm.replaceFirst("\\(.*", "");
    if (SAME.contains(word)) {
      set("balance", word, line);
    } else if (word.isEmpty() || word.equals("static-rr")) {
      set("balance", "roundrobin", line);
    } else if (word.equals("hash") && line.word(2).equals("src")) {
      set("balance", "source", line);
    } else {
      proxy.settings.put("balance", new Setting("leastconn", line));
      line.unsupported(
          "balance %s looks into what is said; leastconn takes its place".formatted(algorithm));
    }
  }

  private void timeout(Line line, String name, String time) {
    Keywords.Answer answer = TIMEOUTS.find(name);
    if (answer == null || !answer.isRead()) {
      TIMEOUTS.answer(line, name);
    } else if (name.equals("check")) {
      String value = Values.time(line, time);
      if (!value.isEmpty()) {
        set("check.timeout", value, line);
      }
    } else {
      String value = Values.time(line, time, "infinite", YEAR);
      if (!value.isEmpty()) {
        set("timeouts." + name, value, line);
      }
    }
  }

  private void number(Line line, String key, String text, int least, int most) {
    if (text.equals("0") && least == 1) {
      line.meaningless("0 means as many as HAProxy likes");
      return;
    }
    OptionalInt number = Values.number(line, text, least, most);
    if (number.isPresent()) {
      set(key, Integer.toString(number.getAsInt()), line);
    }
  }

  /** A time that is in seconds if it has no unit, and goes in whole ones. */
  private void seconds(Line line, String key, String text) {
    String written = Values.whole(text).isPresent() ? text + "s" : text;
    String value = Values.time(line, written, "1s", Duration.ofHours(9));
    if (value.endsWith("ms")) {
      value = (Long.parseLong(value.replace("ms", "")) + 999) / 1000 + "s";
    }
    if (!value.isEmpty()) {
      set(key, value, line);
    }
  }

  private void set(String key, String value, Line line) {
    if (proxy.kind().equals("frontend") && SERVER_KEYS.contains(key)) {
      line.meaningless("a frontend has no servers");
    } else if (proxy.kind().equals("backend") && KEYS.contains(key) && !SERVER_KEYS.contains(key)) {
      line.meaningless("a backend has no clients");
    } else {
      proxy.set(key, value, line);
    }
  }

  private void negated(Line line, String word) {
    if (word.equals("option")) {
      option(line, line.word(2), false);
    } else if (word.equals("log")) {
      line.unsupported("every session is logged; log.sessions = off ends that for all listeners");
    } else {
      KEYWORDS.answer(line, word);
    }
  }

  private void option(Line line, String name, boolean on) {
    Keywords.Answer answer = OPTIONS.find(name);
    if (answer == null || !answer.isRead()) {
      OPTIONS.answer(line, name);
      return;
    }
    switch (name) {
      case "dontlognull" -> set("dontlognull", Boolean.toString(on), line);
      case "httplog", "httpslog" -> line.meaningless("each session has a line as of option tcplog");
      case "tcplog" -> line.carried("the session log has this format");
      case "redispatch" -> {
        if (on) {
          line.carried("retries always go to another member first");
        } else {
          line.unsupported("retries always go to another member first");
        }
      }
      case "tcpka", "clitcpka", "srvtcpka" -> line.carried("keepalive is on, see keepalive");
      case "abortonclose" -> line.carried("a client that leaves while it waits has left, always");
      case "allbackups" -> {
        proxy.allBackups = on;
        line.carried("all backups serve at once, always");
      }
      case "forwardfor" -> {
        proxy.settings.put("forwardfor", new Setting("", line));
        line.meaningless("connections are relayed byte by byte, HTTP is not looked into");
      }
      case "tcp-check" -> set("check.type", "tcp", line);
      default -> {
        set("check.type", "http", line);
        String path = line.word(3).isEmpty() ? line.word(2) : line.word(3);
        path(line, path.isEmpty() ? "/" : path);
      }
    }
  }

  private void path(Line line, String path) {
    if (path.startsWith("/")) {
      set("check.path", Hocon.text(path), line);
    } else {
      line.error("found \"" + path + "\", expected a path that begins with a slash");
    }
  }

  private void httpCheck(Line line) {
    List<String> words = line.words();
    int uri = words.indexOf("uri");
    int port = words.indexOf("port");
    if (line.word(1).equals("send") && uri > 0) {
      path(line, line.word(uri + 1));
      if (words.contains("hdr") || words.contains("body")) {
        line.unsupported("a check has no headers or body of its own");
      }
    } else if (line.word(1).equals("connect") && port > 0) {
      number(line, "check.port", line.word(port + 1), 1, 65535);
    } else if (line.word(1).equals("expect")
        && line.word(2).equals("status")
        && line.word(3).matches("[1-5]\\d\\d")) {
      set("check.status", line.word(3), line);
    } else if (Set.of("comment", "send-state", "set-var", "unset-var").contains(line.word(1))) {
      line.meaningless("a check has nothing to say to the coordinator");
    } else {
      line.unsupported("a check judges the status alone, which is check.status");
    }
  }

  private static void tcpCheck(Line line) {
    if (line.word(1).equals("connect") && line.words().size() == 2) {
      line.carried("the check connects");
    } else if (line.word(1).equals("comment")) {
      line.meaningless("it says nothing to the coordinator");
    } else {
      line.unsupported("the check connects, or asks over HTTP; it has no script");
    }
  }

  private void stick(Line line) {
    Matcher source = SOURCE.matcher(line.word(2));
    boolean onSource = Set.of("on", "match", "store-request").contains(line.word(1));
    if (!onSource
        || !source.matches()
        || line.words().contains("if")
        || line.words().contains("unless")) {
      line.unsupported("clients are known by their address alone: stick on src, balance = source");
      return;
    }
    proxy.stickOnSource = new Setting("source", line);
    line.carried("balance = source");
    for (int version = 1; version <= 2; version++) {
      if (source.group(version) != null) {
        String key = version == 1 ? "source-prefix.ipv4" : "source-prefix.ipv6";
        number(line, key, source.group(version), 0, version == 1 ? 32 : 128);
      }
    }
  }

  private static void stickTable(Line line) {
    if (line.word(1).equals("type")
        && Set.of("ip", "ipv6").contains(line.word(2))
        && !line.words().contains("store")) {
      line.meaningless("the source hash needs no table: nothing fills up, expires or is shared");
    } else {
      line.unsupported("clients are known by their address alone, and nothing is counted of them");
    }
  }

  private void stats(Line line, String word) {
    Keywords.Answer answer = STATS.find(word);
    if (answer == null || !answer.isRead()) {
      STATS.answer(line, word);
    }
    proxy.stats.add(line);
  }

  private void httpRequest(Line line) {
    if (line.word(1).equals("use-service") && line.word(2).equals("prometheus-exporter")) {
      line.carried("/metrics is always there at stats.bind");
      proxy.stats.add(line);
    } else if (line.word(1).equals("auth")) {
      proxy.stats.add(line);
    } else {
      line.unsupported(NOT_JUDGED);
    }
  }

  private void backend(Line line, String name) {
    boolean use = line.word(0).equals("use_backend");
    boolean always =
        line.words().size() == 2 || (line.word(2).equals("if") && line.word(3).equals("TRUE"));
    if (name.isEmpty()) {
      line.error("found no name, expected that of a backend");
    } else if (use && !always) {
      line.unsupported(
          "all sessions of a listener go to one pool; give those clients a listener of their own");
    } else if (proxy.backend != null
        && proxy.backend.line().word(0).equals("use_backend")
        && proxy.section.lines().contains(proxy.backend.line())) {
      line.meaningless(proxy.backend.line().asReference(line) + " holds for all sessions");
    } else {
      if (proxy.backend != null && proxy.section.lines().contains(proxy.backend.line())) {
        proxy
            .backend
            .line()
            .instead(Line.Fate.MEANINGLESS, line.asReference(proxy.backend.line()) + " holds");
      }
      proxy.backend = new Setting(name, line);
      line.carried("its servers are the listener's");
    }
  }
}
